"""Check typed answers against the form's definition: one clear sentence for each field at fault.

What a type of field allows stands in `paper.forms.field_types`; dates and times are read here,
because they need the event's day and the site's zone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from downtime.clinical.identifiers import clean_nhs_number, fold_number
from downtime.entry import typed_times
from downtime.entry.facts import (
    PERSON_CHECK,
    PaperPerson,
    PersonCheck,
    find_person,
    parse_reason,
)
from downtime.entry.keyed_form import KeyedForm, printed_person
from downtime.entry.plausibility.number_rules import ask_about_unit
from downtime.entry.typed_times import (
    RepeatedHourError,
    ShortYearError,
    TimeChoice,
    word_repeated_hour,
)
from downtime.errors import InputError
from downtime.fleet.known_time import find_known_time
from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.model import (
    SIGN_OFF,
    FieldType,
    FormDefinition,
    FormItem,
    KeyingPolicy,
)
from downtime.settings import Settings
from downtime.vault.vault import Vault

_MAX_LENGTH = 4000
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
SIGN_OFF_KEYS = frozenset(item.link_id for item in SIGN_OFF)
"""Who did it and when."""
_EVENT = ("event.date", "event.time")
_GENDERS = {"m": "male", "f": "female", "o": "other", "u": "unknown"}
_EVENT_TIME = next(item for item in SIGN_OFF if item.link_id == "event.time")
_SHORT_YEAR = "a year of two digits may be of either century; type all four, like 02111960"
_SKIPPED_HOUR = "the clocks went forward, so this time did not exist that day"
_IDENTITY = {
    "nhs_number": ("patient.nhs", "NHS number"),
    "mrn": ("patient.mrn", "hospital number"),
    "birth_date": ("patient.born", "date of birth"),
    "downtime_number": ("patient.downtime-number", "downtime number"),
}
"""Identifying fields of a person: the key on the form, and what a sentence calls it."""


class ProblemKind(StrEnum):
    """What has to be done about a field."""

    REFUSED = "refused"
    """Another answer is needed."""
    ASKED = "asked"
    """It is confirmed with a reason, or corrected."""
    TWO_TIMES = "two-times"
    """It is said which of the two times of an hour that happens twice is meant."""


@dataclass(frozen=True, slots=True)
class AnswerProblem:
    """What is wrong with one field; the sentence never repeats what was typed."""

    key: str
    sentence: str
    kind: ProblemKind = ProblemKind.REFUSED
    token: str = ""
    """Of what is asked: the very thing that is confirmed (`plausibility.model.Finding.token`)."""
    choices: tuple[TimeChoice, ...] = ()
    """The two times, the earlier one first."""


class InvalidAnswersError(InputError):
    """Answers that the definition does not allow; `problems` has one sentence a field."""

    def __init__(self, problems: list[AnswerProblem]) -> None:
        count = len(problems)
        super().__init__(
            "entry.answers",
            f"{count} field{'s need' if count > 1 else ' needs'} attention: "
            + " ".join(problem.sentence for problem in problems),
            "Compare with the paper, correct the fields and submit again.",
        )
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class ValidatedAnswers:
    """Answers as they are kept (ISO dates, plain numbers, option codes) and what is wrong."""

    answers: dict[str, str]
    problems: tuple[AnswerProblem, ...]


def read_latest(vault: Vault, settings: Settings) -> datetime:
    """The time by which dates are judged: on a clock that is known to be behind nothing that happened
    lies in the future.
    """
    known = find_known_time(vault, settings)
    return max(vault.clock(), known.latest) if known else vault.clock()


def validate_form(
    form: KeyedForm, settings: Settings, answers: Mapping[str, str], vault: Vault
) -> ValidatedAnswers:
    """As `validate_answers`, and that the identity is the one which the form was printed with, unless
    the paper is said to name somebody else.
    """
    zone = ZoneInfo(settings.site.time_zone)
    now = read_latest(vault, settings)
    fields = {key: text for key, text in answers.items() if key != PERSON_CHECK}
    validated = validate_answers(form.definition, fields, zone, now)
    problems = _find_person_problems(form, answers.get(PERSON_CHECK, ""), validated.answers)
    checked = validated.answers
    if PERSON_CHECK in answers:
        checked = {PERSON_CHECK: answers[PERSON_CHECK], **checked}
    return ValidatedAnswers(checked, (*problems, *validated.problems))


def _find_person_problems(
    form: KeyedForm, check: str, answers: Mapping[str, str]
) -> list[AnswerProblem]:
    """What is wrong with who the form is said to be about."""
    written = find_person(form.definition, answers, PaperPerson())
    if check == PersonCheck.DIFFERS and form.identity_known:
        if written.family or written.any_number:
            return []
        sentence = "The paper names somebody else: key the name or a number that stands on it."
        return [AnswerProblem(PERSON_CHECK, sentence)]
    if check == PersonCheck.SAME and not form.identity_known and not written.family:
        sentence = "Nobody is found by the number on the paper: key who it says it is about."
        return [AnswerProblem(PERSON_CHECK, sentence)]
    if check not in ("", *PersonCheck):
        sentence = "Say whether the person is the one on the paper: same or differs."
        return [AnswerProblem(PERSON_CHECK, sentence)]
    return _find_identity_problems(form, answers)


def _find_identity_problems(form: KeyedForm, answers: Mapping[str, str]) -> list[AnswerProblem]:
    """A number or date of birth on paper that is not the one the form was printed with."""
    printed = printed_person(form.issued)
    written = find_person(form.definition, answers, PaperPerson())
    return [
        AnswerProblem(
            key,
            f"The {name} differs from the one this form was printed with: "
            "the paper may be about somebody else.",
        )
        for field, (key, name) in _IDENTITY.items()
        if getattr(printed, field)
        and getattr(written, field)
        and fold_number(getattr(printed, field)) != fold_number(getattr(written, field))
    ]


def validate_answers(
    definition: FormDefinition, answers: Mapping[str, str], zone: ZoneInfo, now: datetime
) -> ValidatedAnswers:
    """Bring every answer into its stored form; an answer with a problem stays as typed."""
    fields = keyed_fields(definition)
    problems: dict[str, AnswerProblem] = {}
    stored: dict[str, str] = {}
    # The event comes first: times without a date are read beside it.
    for key in sorted(answers, key=lambda key: not key.startswith("event.")):
        text = answers[key].replace("\r\n", "\n").replace("\t", " ").strip()
        if not text:
            continue
        stored[key] = text
        if key not in fields:
            problems[key] = AnswerProblem(key, f"This form has no field '{key[:40]}' to key.")
            continue
        try:
            answer = _parse_absent(key, text) or _parse(fields[key], text, stored, zone, now)
        except RepeatedHourError as error:
            problems[key] = _ask_which_time(fields[key], key, error)
            continue
        except ValueError as error:
            hint = ask_about_unit(fields[key], text)
            problems[key] = AnswerProblem(key, f"{field_label(fields[key], key)}: {error}.{hint}")
            continue
        if answer:
            stored[key] = answer
        else:
            del stored[key]
    for key in _find_missing(definition, stored):
        label = field_label(fields[key], key)
        missing = AnswerProblem(key, f"{label}: fill it in; the form requires it.")
        problems.setdefault(key, missing)
    if not problems.keys() & set(_EVENT) and (problem := _settle_event(stored, zone)):
        problems[problem.key] = problem
    order = {key: place for place, key in enumerate(fields)}
    ranked = sorted(problems.values(), key=lambda problem: order.get(problem.key, len(order)))
    return ValidatedAnswers(stored, tuple(ranked))


def _ask_which_time(item: FormItem, key: str, error: RepeatedHourError) -> AnswerProblem:
    """The question which of the two times of the hour that happens twice is meant."""
    sentence = f"{field_label(item, key)}: {word_repeated_hour(error)} Which is it?"
    return AnswerProblem(key, sentence, ProblemKind.TWO_TIMES, choices=error.choices)


def keyed_fields(definition: FormDefinition) -> dict[str, FormItem]:
    """Every key that may be keyed, identity block first: what stays on the paper is left out."""
    items = (*definition.identity, *definition.fields())
    return {key: item for item in items if item.keyed for key in item.answer_keys()}


def field_label(item: FormItem, key: str) -> str:
    """What a field is called in a sentence: its words on paper, and its row."""
    row = key.partition(":")[2]
    return f"{item.text or item.link_id}{f' (row {row})' if row else ''}"


def _find_missing(definition: FormDefinition, stored: Mapping[str, str]) -> list[str]:
    scan_only = definition.policy == KeyingPolicy.SCAN
    missing = []
    for item in definition.fields():
        if not item.required or not item.keyed or (scan_only and item.link_id not in SIGN_OFF_KEYS):
            continue
        rows = _find_used_rows(definition, item.group, stored) if item.repeated else None
        missing += [
            key
            for key in item.answer_keys()
            if key not in stored and (rows is None or key.partition(":")[2] in rows)
        ]
    return missing


def _find_used_rows(definition: FormDefinition, group: str, stored: Mapping[str, str]) -> set[str]:
    inside = {item.link_id for item in definition.fields() if item.group == group}
    keys = (key.partition(":") for key in stored)
    return {row for link_id, _, row in keys if link_id in inside}


def _settle_event(stored: dict[str, str], zone: ZoneInfo) -> AnswerProblem | None:
    """Bring the time of the event into its stored form, which needs the day; or what is wrong with it."""
    day, hour = (stored.get(key, "") for key in _EVENT)
    if not (day and hour):
        return None
    try:
        stored["event.time"] = typed_times.settle_time(day, hour, zone)
    except RepeatedHourError as error:
        return _ask_which_time(_EVENT_TIME, "event.time", error)
    except ValueError:
        return AnswerProblem("event.time", f"Time: {_SKIPPED_HOUR}.")
    return None


def _parse_absent(key: str, text: str) -> str:
    """The answer of a field that cannot be read; without date and time an event has no order."""
    reason = parse_reason(text)
    if reason and key in _EVENT:
        raise ValueError("it has to be known; ask the ward, and keep the form as a draft meanwhile")
    return reason or ""


def _parse(
    item: FormItem, text: str, stored: Mapping[str, str], zone: ZoneInfo, now: datetime
) -> str:
    """The stored form of a typed answer; ValueError with the sentence for the person who keys."""
    if _CONTROL.search(text):
        raise ValueError("it holds a character that cannot be printed; type it again")
    if len(text) > (item.max_length or _MAX_LENGTH):
        raise ValueError(f"it is longer than {item.max_length or _MAX_LENGTH} characters")
    if item.link_id == "patient.nhs" or item.maps == "Patient.nhs_number":
        return _parse_nhs_number(text)
    if item.link_id == "patient.gender":
        return _parse_gender(text)
    if FIELD_TYPES[item.type].is_moment:
        return _parse_time(item, text, stored, zone, now.astimezone(zone))
    return FIELD_TYPES[item.type].parse(item, text)


def _parse_nhs_number(text: str) -> str:
    if number := clean_nhs_number(text):
        return number
    raise ValueError(
        "it is not a valid NHS number; check all ten digits, or leave it empty if in doubt"
    )


def _parse_gender(text: str) -> str:
    if gender := _GENDERS.get(text[:1].lower()):
        return gender
    raise ValueError("write male, female, other or unknown")


def _parse_time(
    item: FormItem, text: str, stored: Mapping[str, str], zone: ZoneInfo, now: datetime
) -> str:
    try:
        if item.type == FieldType.TIME:
            return typed_times.parse_time(text)
        if item.type == FieldType.DATE:
            is_birth = item.link_id == "patient.born" or item.maps == "Patient.birth_date"
            return typed_times.parse_date(text, now.date(), is_birth=is_birth)
        event = (stored.get(key, "") for key in _EVENT)
        moment = typed_times.parse_moment_near(text, now.date(), *event)
    except ShortYearError:
        raise ValueError(_SHORT_YEAR) from None
    except ValueError:
        raise ValueError(FIELD_TYPES[item.type].refusal) from None
    try:
        return typed_times.settle_moment(moment, zone)
    except RepeatedHourError:
        raise
    except ValueError:
        raise ValueError(_SKIPPED_HOUR) from None
