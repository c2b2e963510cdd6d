"""Check typed answers against the form's definition: one clear sentence for each field at fault.

What a type of field allows stands in `paper.forms.field_types`; dates and times are read here,
because they need the event's day and the site's zone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from downtime.clinical.identifiers import clean_nhs_number
from downtime.clock import from_text
from downtime.entry import typed_times
from downtime.entry.facts import PaperPerson, find_person, parse_reason
from downtime.entry.keyed_form import KeyedForm, printed_person
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

FUTURE_SLACK = timedelta(minutes=5)
"""How far a keyed event may lie ahead of the latest known time before it is refused."""
_MAX_LENGTH = 4000
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_SIGN_OFF = frozenset(item.link_id for item in SIGN_OFF)
_EVENT = ("event.date", "event.time")
_GENDERS = {"m": "male", "f": "female", "o": "other", "u": "unknown"}
_SKIPPED_HOUR = "the clocks went forward, so this time did not exist that day"
_IDENTITY = {
    "nhs_number": ("patient.nhs", "NHS number"),
    "mrn": ("patient.mrn", "hospital number"),
    "birth_date": ("patient.born", "date of birth"),
    "downtime_number": ("patient.downtime-number", "downtime number"),
}
"""Identifying fields of a person: the key on the form, and what a sentence calls it."""


@dataclass(frozen=True, slots=True)
class AnswerProblem:
    """What is wrong with one field; the sentence never repeats what was typed."""

    key: str
    sentence: str


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
    """As `validate_answers`, and that the identity is the one which the form was printed with."""
    zone = ZoneInfo(settings.site.time_zone)
    now = read_latest(vault, settings)
    validated = validate_answers(form.definition, answers, zone, now)
    mismatches = _find_identity_problems(form, validated.answers)
    return ValidatedAnswers(validated.answers, (*validated.problems, *mismatches))


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
        and _plain_number(getattr(printed, field)) != _plain_number(getattr(written, field))
    ]


def _plain_number(number: str) -> str:
    return number.replace(" ", "").replace("-", "").upper()


def validate_answers(
    definition: FormDefinition, answers: Mapping[str, str], zone: ZoneInfo, now: datetime
) -> ValidatedAnswers:
    """Bring every answer into its stored form; an answer with a problem stays as typed."""
    fields = keyed_fields(definition)
    problems: dict[str, str] = {}
    stored: dict[str, str] = {}
    # The event comes first: times without a date are read beside it.
    for key in sorted(answers, key=lambda key: not key.startswith("event.")):
        text = answers[key].replace("\r\n", "\n").replace("\t", " ").strip()
        if not text:
            continue
        stored[key] = text
        if key not in fields:
            problems[key] = f"This form has no field '{key[:40]}' to key."
            continue
        try:
            answer = _parse_absent(key, text) or _parse(fields[key], text, stored, zone, now)
        except ValueError as error:
            problems[key] = f"{field_label(fields[key], key)}: {error}."
            continue
        if answer:
            stored[key] = answer
        else:
            del stored[key]
    for key in _find_missing(definition, stored):
        problems.setdefault(
            key, f"{field_label(fields[key], key)}: fill it in; the form requires it."
        )
    if not problems.keys() & set(_EVENT):
        problems |= _find_event_problem(stored, zone, now)
    order = {key: place for place, key in enumerate(fields)}
    ranked = sorted(problems.items(), key=lambda entry: order.get(entry[0], len(order)))
    return ValidatedAnswers(stored, tuple(AnswerProblem(key, sentence) for key, sentence in ranked))


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
        if not item.required or not item.keyed or (scan_only and item.link_id not in _SIGN_OFF):
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


def _find_event_problem(stored: Mapping[str, str], zone: ZoneInfo, now: datetime) -> dict[str, str]:
    if not (stored.get("event.date") and stored.get("event.time")):
        return {}
    try:
        event = from_text(typed_times.to_utc(stored["event.date"], stored["event.time"], zone))
    except ValueError:
        return {"event.time": f"Time: {_SKIPPED_HOUR}."}
    if event > now + FUTURE_SLACK:
        return {"event.date": "Date: the event lies in the future; check date and time."}
    return {}


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
            is_past = item.link_id in ("event.date", "patient.born")
            is_past = is_past or item.maps == "Patient.birth_date"
            return typed_times.parse_date(text, now.date(), past=is_past)
        event = (stored.get(key, "") for key in _EVENT)
        moment = typed_times.parse_moment_near(text, now.date(), *event)
    except ValueError:
        raise ValueError(FIELD_TYPES[item.type].refusal) from None
    try:
        typed_times.moment_to_utc(moment, zone)
    except ValueError:
        raise ValueError(_SKIPPED_HOUR) from None
    return moment
