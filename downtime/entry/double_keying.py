"""Blind double keying: another person keys the critical fields, and those of the sample; where the two
differ, a third person decides.

Nobody sees what the first keyed before the second has finished, and who keyed first or second does
not decide between the two.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from downtime.entry import confirm_policies, policies
from downtime.entry.claims import check_not_claimed
from downtime.entry.compare_keyings import find_differing_keys
from downtime.entry.count_checks import count_rekeyed
from downtime.entry.field_sample import is_whole
from downtime.entry.judge_answers import (
    NOTHING_CONFIRMED,
    ConfirmRequests,
    JudgedAnswers,
    judge_answers,
    judge_part,
    trace_confirmations,
)
from downtime.entry.keyed_form import KeyedForm
from downtime.entry.keying_time import record_keying_time
from downtime.entry.model import (
    LIFECYCLE,
    AuditAction,
    Entry,
    EntryState,
    PastReason,
    SecondKeying,
    Task,
    VerificationBasis,
)
from downtime.entry.open_form import open_form
from downtime.entry.page_saves import LateSaveError, PageSave, record_save
from downtime.entry.queries.list_queries import list_queries_of_form
from downtime.entry.queries.policies import has_open
from downtime.entry.second_reading import count_reading
from downtime.entry.store import claims, entries, second_keyings
from downtime.entry.validation import (
    AnswerProblem,
    InvalidAnswersError,
    field_label,
    read_latest,
    validate_answers,
)
from downtime.entry.verify_entry import accept_entry
from downtime.paper import serials
from downtime.paper.forms.model import FieldType, FormDefinition, FormItem
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_EVENT = ("event.date", "event.time")


@dataclass(frozen=True, slots=True)
class DisputedField:
    """One field that two people keyed differently."""

    key: str
    item: FormItem
    label: str
    first: str
    second: str
    is_read: bool = False
    """Whether the second is what the scanner read."""


def open_second_keying(vault: Vault, settings: Settings, serial: str, actor: Actor) -> KeyedForm:
    """The form to be keyed again, reduced to what a second person keys of it.

    Its `answers` are what this second person keyed so far, and none of the first's.

    ForbiddenError for who keyed it first; ConflictError unless it waits for a second keying.
    """
    form = open_form(vault, serial, settings)
    entry = policies.check_waits_for(form.entry, form.issued.serial, Task.KEY_AGAIN)
    policies.check_is_other_person(entry, entries.find_typists(vault.db, entry.serial), actor)
    confirm_policies.check_is_blind(entry, actor)
    begun = second_keyings.fetch(vault.db, entry.serial)
    own_answers = begun.answers if begun and begun.person == actor.id else {}
    return replace(
        form,
        definition=keep_fields(form.definition, form.second_keys),
        entry=replace(entry, answers=own_answers, confirmations=()),
    )


def keep_fields(form: FormDefinition, keys: Collection[str]) -> FormDefinition:
    """The definition with nothing to key but these fields, of a group with rows each in all of them."""
    link_ids = frozenset(key.partition(":")[0] for key in keys)
    return replace(
        form,
        items=tuple(_keep(item, link_ids) for item in form.items),
        digest=f"{form.digest}:{','.join(sorted(link_ids))}",
    )


def _keep(item: FormItem, link_ids: Collection[str]) -> FormItem:
    if item.type == FieldType.GROUP:
        return replace(item, items=tuple(_keep(inside, link_ids) for inside in item.items))
    return replace(item, keyed=item.keyed and item.link_id in link_ids)


def save_second_draft(
    vault: Vault,
    serial: str,
    answers: Mapping[str, str],
    actor: Actor,
    page: PageSave | None = None,
) -> None:
    """Keep what the second person typed, unchecked; what another had begun is replaced.

    Answers of a page that has kept newer ones are ignored; ConflictError when the form was kept
    from elsewhere after the page was opened.
    """
    number = serials.parse_serial(serial)
    with (
        suppress(LateSaveError),
        vault.change(actor, AuditAction.ENTRY_SECOND_DRAFT, target=number) as db,
    ):
        now = vault.now()
        _open_waiting_entry(db, number, Task.KEY_AGAIN, actor, now, page)
        filled = {key: text for key, text in answers.items() if text}
        _save_second_keying(db, number, JudgedAnswers(filled, (), ()), actor, now)


def submit_second_keying(
    vault: Vault,
    settings: Settings,
    serial: str,
    answers: Mapping[str, str],
    actor: Actor,
    page: PageSave | None = None,
    confirmed: ConfirmRequests = NOTHING_CONFIRMED,
) -> Entry:
    """Finish the second keying: equal fields are accepted, any other goes to a third person.

    InvalidAnswersError for fields that their definition does not allow; ForbiddenError for who
    keyed it first; ConflictError unless it waits for a second keying, or somebody else has it.
    """
    form = open_form(vault, serial, settings)
    number = form.issued.serial
    judged = _judge_second(vault, settings, form, answers, confirmed, actor)
    answers = judged.answers
    if form.entry and page and _is_resubmission(vault.db, form, answers, page, actor):
        return form.entry
    with vault.change(actor, AuditAction.ENTRY_SECOND, target=number) as db:
        now = vault.now()
        entry = _open_waiting_entry(db, number, Task.KEY_AGAIN, actor, now, page)
        confirm_policies.check_is_blind(entry, actor)
        record_keying_time(db, form.issued, Task.KEY_AGAIN, actor, now)
        _save_second_keying(db, number, judged, actor, now, finished=now)
        trace_confirmations(db, number, judged, actor, now)
        if not find_differing_keys(form, entry.answers, {**answers, **entry.second_reading}):
            count_rekeyed(db, form, entry, (entry.answers, answers, entry.answers), now)
            count_reading(db, form, entry, entry.answers, now)
            needs_look = has_open(list_queries_of_form(vault, number))
            needs_look = needs_look or _has_unseen_confirmation(form, entry)
            basis = VerificationBasis.AGREED
            return _finish(db, entry, actor, basis, now, needs_look=needs_look)
        LIFECYCLE.check(entry.state, EntryState.ADJUDICATING)
        entry = replace(entry, state=EntryState.ADJUDICATING, waits=Task.ADJUDICATE, changed=now)
        entries.save_entry(db, entry)
        claims.delete(db, number)
    return entry


def find_disputed_fields(
    vault: Vault, settings: Settings, serial: str, actor: Actor
) -> list[DisputedField]:
    """The fields that a third person decides, with both answers.

    ForbiddenError for who keyed either; ConflictError unless the form waits for a decision.
    """
    form = open_form(vault, serial, settings)
    entry = policies.check_waits_for(form.entry, form.issued.serial, Task.ADJUDICATE)
    return _list_disputed(form, entry, _get_second_keying(vault.db, entry, actor))


def _get_second_keying(db: Database, entry: Entry, actor: Actor) -> SecondKeying:
    """The second keying, the scanner's part of it too, for somebody who keyed neither; ForbiddenError."""
    typists = entries.find_typists(db, entry.serial)
    second = second_keyings.fetch(db, entry.serial)
    if second is None and entry.second_reading:
        second = SecondKeying(
            serial=entry.serial, answers={}, person="", name="", changed=entry.changed
        )
    second = policies.check_is_third_person(entry, typists, second, actor)
    return replace(second, answers={**second.answers, **entry.second_reading})


def _list_disputed(form: KeyedForm, entry: Entry, second: SecondKeying) -> list[DisputedField]:
    items = {key: item for item in form.keyed_items for key in item.answer_keys()}
    return [
        DisputedField(
            key,
            items[key],
            field_label(items[key], key),
            entry.answers.get(key, ""),
            second.answers.get(key, ""),
            is_read=key in entry.second_reading,
        )
        for key in find_differing_keys(form, entry.answers, second.answers)
    ]


def adjudicate_entry(
    vault: Vault,
    settings: Settings,
    serial: str,
    decisions: Mapping[str, str],
    actor: Actor,
    reason: str = "",
    confirmed: ConfirmRequests = NOTHING_CONFIRMED,
) -> Entry:
    """Decide what the paper says in each disputed field: the first's, the second's or another answer.

    An empty decision says that the paper is empty there. InvalidAnswersError for a field without
    a decision or with an answer that its definition does not allow; ForbiddenError for who keyed
    either; ConflictError unless the form waits for a decision.
    """
    form = open_form(vault, serial, settings)
    number = form.issued.serial
    with vault.change(actor, AuditAction.ENTRY_ADJUDICATE, target=number, reason=reason) as db:
        now = vault.now()
        entry = _open_waiting_entry(db, number, Task.ADJUDICATE, actor, now)
        second = _get_second_keying(db, entry, actor)
        disputed = _list_disputed(form, entry, second)
        judged = _check_decisions(
            vault, settings, form, second, disputed, decisions, confirmed, actor
        )
        decided = judged.answers
        versions = (entry.answers, second.answers, decided)
        needs_look = bool(count_rekeyed(db, form, entry, versions, now))
        count_reading(db, form, entry, decided, now)
        if any(decided.get(d.key, "") != entry.answers.get(d.key, "") for d in disputed):
            entries.save_past(db, entry, now, actor.id, reason or PastReason.ADJUDICATED)
        needs_look = needs_look and not is_whole(form, entry)
        needs_look = needs_look or has_open(list_queries_of_form(vault, number))
        needs_look = needs_look or _has_unseen_confirmation(form, entry)
        entry = replace(entry, answers=decided, confirmations=judged.confirmations)
        trace_confirmations(db, number, judged, actor, now)
        basis = VerificationBasis.ADJUDICATED
        return _finish(db, entry, actor, basis, now, needs_look=needs_look)


def _has_unseen_confirmation(form: KeyedForm, entry: Entry) -> bool:
    """Whether an unusual value was confirmed that the second person did not key: somebody looks at it."""
    return any(item.key not in form.second_keys for item in entry.confirmations)


def _check_decisions(
    vault: Vault,
    settings: Settings,
    form: KeyedForm,
    second: SecondKeying,
    disputed: Collection[DisputedField],
    decisions: Mapping[str, str],
    confirmed: ConfirmRequests,
    actor: Actor,
) -> JudgedAnswers:
    """All answers with the disputed fields as decided, in their stored form; InvalidAnswersError.

    What either of the two confirmed need not be confirmed anew.
    """
    if missing := [
        AnswerProblem(field.key, f"{field.label}: choose one.")
        for field in disputed
        if field.key not in decisions
    ]:
        raise InvalidAnswersError(missing)
    chosen = {field.key: decisions[field.key] for field in disputed}
    judged = judge_answers(
        vault, settings, form, {**form.answers, **chosen}, confirmed, actor, second.confirmations
    )
    if problems := [problem for problem in judged.problems if problem.key in chosen]:
        raise InvalidAnswersError(problems)
    return judged


def _judge_second(
    vault: Vault,
    settings: Settings,
    form: KeyedForm,
    answers: Mapping[str, str],
    confirmed: ConfirmRequests,
    actor: Actor,
) -> JudgedAnswers:
    """The second person's answers in their stored form; times are read beside the event first keyed.

    They are judged by themselves: whether something was asked of the first one is not to be seen.
    """
    keys = set(form.second_keys)
    typed = {key: text for key, text in answers.items() if key in keys}
    event = {key: form.answers[key] for key in _EVENT if key in form.answers}
    zone = ZoneInfo(settings.site.time_zone)
    now = read_latest(vault, settings)
    validated = validate_answers(form.definition, {**event, **typed}, zone, now)
    judged = judge_part(vault, settings, form, validated, confirmed, actor)
    if problems := [problem for problem in judged.problems if problem.key in keys]:
        raise InvalidAnswersError(problems)
    own_answers = {key: text for key, text in judged.answers.items() if key in keys}
    return judged._replace(answers=own_answers)


def _finish(
    db: Database, entry: Entry, actor: Actor, basis: VerificationBasis, now: str, *,
    needs_look: bool = False,
) -> Entry:  # fmt: skip
    """What was keyed twice is certain: verified, or compared as a whole where the sample was wrong, and
    once no question on it is open.
    """
    if needs_look:
        LIFECYCLE.check(entry.state, EntryState.CRITICAL_AGREED)
        state = EntryState.CRITICAL_AGREED
        entry = replace(entry, state=state, waits=Task.COMPARE, changed=now)
    else:
        entry = accept_entry(db, entry, actor, now, basis)
    entries.save_entry(db, entry)
    claims.delete(db, entry.serial)
    return entry


def _save_second_keying(
    db: Database,
    serial: str,
    judged: JudgedAnswers,
    actor: Actor,
    now: str,
    finished: str = "",
) -> None:
    keying = SecondKeying(
        serial=serial, answers=judged.answers, person=actor.id, name=actor.name, changed=now,
        keyed=finished, confirmations=judged.confirmations,
    )  # fmt: skip
    second_keyings.save(db, keying)


def _is_resubmission(
    db: Database, form: KeyedForm, answers: Mapping[str, str], page: PageSave, actor: Actor
) -> bool:
    """Whether this page has finished this second keying before: the key was pressed twice."""
    done = second_keyings.fetch(db, form.issued.serial)
    if done is None or not done.keyed or done.person != actor.id or done.answers != answers:
        return False
    return form.was_saved_last_by(page.id)


def _open_waiting_entry(
    db: Database, serial: str, task: Task, actor: Actor, now: str, page: PageSave | None = None
) -> Entry:
    """The entry inside the transaction that changes it, if it waits for this and is not theirs."""
    entry = entries.fetch_entry(db, serial)
    if page:
        is_open = entry is not None and entry.waits == task
        record_save(db, serial, page, is_open=is_open)
    check_not_claimed(db, serial, actor, now)
    entry = policies.check_waits_for(entry, serial, task)
    policies.check_is_other_person(entry, entries.find_typists(db, entry.serial), actor)
    return entry
