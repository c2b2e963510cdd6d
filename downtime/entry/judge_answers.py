"""Check and judge the answers of a form before they are kept: what is refused, asked about and confirmed.

Every door comes through here: the screen asks at once; what is imported or merged is kept, and waits
until somebody confirms it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from downtime.entry import confirm_policies, policies
from downtime.entry.fact_reader import find_facts
from downtime.entry.facts import PERSON_CHECK, Fact, PersonCheck
from downtime.entry.keyed_form import KeyedForm, printed_person
from downtime.entry.model import AuditAction, Entry
from downtime.entry.plausibility.judge_response import judge_response
from downtime.entry.plausibility.model import (
    Confirmation,
    ConfirmRequest,
    Finding,
    Rule,
    Situation,
)
from downtime.entry.plausibility.wording import word_finding
from downtime.entry.read_situation import read_situation
from downtime.entry.typed_times import to_utc
from downtime.entry.validation import (
    AnswerProblem,
    ProblemKind,
    ValidatedAnswers,
    keyed_fields,
    validate_form,
)
from downtime.paper.forms.model import FormDefinition
from downtime.paper.model import Subject
from downtime.settings import Settings
from downtime.vault.audit import append_entry
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

ConfirmRequests = Mapping[str, ConfirmRequest]
"""What a person says of fields that are asked about, by key."""
NOTHING_CONFIRMED: ConfirmRequests = {}


class JudgedAnswers(NamedTuple):
    """Answers as they are kept, what is wrong with them, and what was confirmed of them."""

    answers: dict[str, str]
    problems: tuple[AnswerProblem, ...]
    """What is refused, and what is asked and not answered yet."""
    confirmations: tuple[Confirmation, ...]
    newly_confirmed: tuple[Confirmation, ...] = ()
    """Those that were not there before."""

    @property
    def refusals(self) -> list[AnswerProblem]:
        """What nobody can confirm."""
        return [problem for problem in self.problems if problem.kind != ProblemKind.ASKED]


def judge_answers(
    vault: Vault,
    settings: Settings,
    form: KeyedForm,
    answers: Mapping[str, str],
    requests: ConfirmRequests,
    actor: Actor,
    also_confirmed: tuple[Confirmation, ...] = (),
) -> JudgedAnswers:
    """A whole form: its fields by their definition, then all of it by what is plausible.

    What was confirmed of it before holds for the same values.
    """
    validated = validate_form(form, settings, answers, vault)
    findings = find_implausible(vault, settings, form, validated)
    earlier = (*(form.entry.confirmations if form.entry else ()), *also_confirmed)
    return _judge(vault, settings, form.definition, validated, findings, requests, earlier, actor)


def judge_part(
    vault: Vault,
    settings: Settings,
    form: KeyedForm,
    validated: ValidatedAnswers,
    requests: ConfirmRequests,
    actor: Actor,
) -> JudgedAnswers:
    """What a second person keyed of a form, by itself: nothing of it says what the first one keyed.

    A field that this person was not asked for is not missed either.
    """
    situation = read_situation(vault, settings, _for_whom_it_is(form, form.answers))
    asked = {*form.second_keys, *validated.answers}
    fields = {key: item for key, item in keyed_fields(form.definition).items() if key in asked}
    findings = judge_response(form.definition, fields, _without_faulty(validated), [], situation)
    return _judge(vault, settings, form.definition, validated, findings, requests, (), actor)


def find_implausible(
    vault: Vault, settings: Settings, form: KeyedForm, validated: ValidatedAnswers
) -> list[Finding]:
    """Everything implausible about the answers that have no other problem; first whose paper it is."""
    unchecked = [] if policies.is_person_checked(form, validated.answers) else [_UNCHECKED]
    form = _for_whom_it_is(form, validated.answers)
    situation = read_situation(vault, settings, form)
    return unchecked + _find(form, validated, situation)


_UNCHECKED = Finding(PERSON_CHECK, Rule.PERSON_UNCHECKED, "")


def _for_whom_it_is(form: KeyedForm, answers: Mapping[str, str]) -> KeyedForm:
    """The form, without the person it was printed for where the paper names somebody else."""
    if answers.get(PERSON_CHECK) != PersonCheck.DIFFERS:
        return form
    return replace(form, issued=replace(form.issued, subject=Subject()))


def find_unconfirmed(
    vault: Vault, settings: Settings, form: KeyedForm, entry: Entry
) -> list[Finding]:
    """What is implausible about a kept entry and was never confirmed; the impossible with it."""
    findings = find_implausible(vault, settings, form, ValidatedAnswers(dict(entry.answers), ()))
    return confirm_policies.list_unconfirmed(findings, entry.confirmations)


def _find(form: KeyedForm, validated: ValidatedAnswers, situation: Situation) -> list[Finding]:
    definition, answers = form.definition, _without_faulty(validated)
    facts = _read_own_facts(form, answers, situation)
    return judge_response(definition, keyed_fields(definition), answers, facts, situation)


def _without_faulty(validated: ValidatedAnswers) -> dict[str, str]:
    faulty = {problem.key for problem in validated.problems}
    return {key: text for key, text in validated.answers.items() if key not in faulty}


def _read_own_facts(
    form: KeyedForm, answers: Mapping[str, str], situation: Situation
) -> list[Fact]:
    """What the answers say happened; nothing while the time of the event is not known."""
    day, hour = answers.get("event.date", ""), answers.get("event.time", "")
    if not (day and hour):
        return []
    issued = form.issued
    base = Fact(
        key=issued.serial, type="", system="", form=issued.form, serial=issued.serial,
        ward=issued.ward, person=printed_person(issued), event=to_utc(day, hour, situation.zone),
    )  # fmt: skip
    return find_facts(form.definition, answers, base, situation.zone)


def _judge(
    vault: Vault,
    settings: Settings,
    definition: FormDefinition,
    validated: ValidatedAnswers,
    findings: list[Finding],
    requests: ConfirmRequests,
    earlier: tuple[Confirmation, ...],
    actor: Actor,
) -> JudgedAnswers:
    confirmations = confirm_policies.make_confirmations(
        findings, requests, earlier, actor, vault.now()
    )
    unconfirmed = confirm_policies.list_unconfirmed(findings, confirmations)
    problems = (*validated.problems, *word_problems(settings, definition, unconfirmed))
    newly_confirmed = tuple(item for item in confirmations if item not in earlier)
    return JudgedAnswers(validated.answers, problems, confirmations, newly_confirmed)


def trace_confirmations(
    db: Database, serial: str, judged: JudgedAnswers, actor: Actor, now: str
) -> None:
    """An audit entry for what somebody confirmed, in the transaction that keeps it; it names no value."""
    if judged.newly_confirmed:
        reason = word_reasons(judged.newly_confirmed)
        append_entry(db, now, actor, AuditAction.ENTRY_CONFIRM, serial, reason)


def word_reasons(confirmations: tuple[Confirmation, ...]) -> str:
    """Which fields, by which rule, and for which reason: `pulse:1 unusual (on-paper)`."""
    return ", ".join(f"{item.key} {item.rule} ({item.reason})" for item in confirmations)


def word_problems(
    settings: Settings, definition: FormDefinition, findings: list[Finding]
) -> list[AnswerProblem]:
    """What is refused and what is asked about findings that nobody confirmed."""
    fields, zone = keyed_fields(definition), ZoneInfo(settings.site.time_zone)
    return [
        AnswerProblem(
            finding.key,
            word_finding(finding, fields, zone),
            ProblemKind.REFUSED if finding.is_hard else ProblemKind.ASKED,
            finding.token,
        )
        for finding in findings
    ]
