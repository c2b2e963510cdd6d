"""Check typed answers against the form's definition: one clear sentence for each field at fault."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from downtime.clinical.identifiers import clean_nhs_number
from downtime.clock import from_text
from downtime.entry import absent_values, typed_times
from downtime.errors import InputError
from downtime.paper.forms.model import SIGN_OFF, TRUE, FormDefinition, Item

FUTURE_SLACK = timedelta(minutes=5)
"""How far a keyed event may lie ahead of this machine's clock before it is refused."""
_MAX_LENGTH = 4000
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_NUMBER = re.compile(r"[+-]?\d{1,12}([.,]\d{1,6})?")
_SIGN_OFF = frozenset(item.link_id for item in SIGN_OFF)
_BOOLEANS = {
    "true": TRUE,
    "yes": TRUE,
    "y": TRUE,
    "x": TRUE,
    "1": TRUE,
    "false": "",
    "no": "",
    "0": "",
}
_GENDERS = {"m": "male", "f": "female", "o": "other", "u": "unknown"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field; the sentence never repeats what was typed."""

    key: str
    sentence: str


class InvalidAnswersError(InputError):
    """Answers that the definition does not allow; `problems` has one sentence a field."""

    def __init__(self, problems: list[Problem]) -> None:
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
    problems: tuple[Problem, ...]


def validate_answers(
    definition: FormDefinition, answers: Mapping[str, str], zone: ZoneInfo, now: datetime
) -> ValidatedAnswers:
    """Bring every answer into its stored form; an answer with a problem stays as typed."""
    fields = keyed_fields(definition)
    problems: dict[str, str] = {}
    kept: dict[str, str] = {}
    # The event comes first: times without a date are read beside it.
    for key in sorted(answers, key=lambda key: not key.startswith("event.")):
        text = answers[key].replace("\r\n", "\n").replace("\t", " ").strip()
        if not text:
            continue
        kept[key] = text
        if key not in fields:
            problems[key] = f"This form has no field '{key[:40]}' to key."
            continue
        try:
            kept[key] = _absent(key, text) or _value(fields[key], key, text, kept, zone, now)
        except ValueError as error:
            problems[key] = f"{field_label(fields[key], key)}: {error}."
        if not kept[key]:
            del kept[key]
    for key in _missing(definition, kept):
        problems.setdefault(
            key, f"{field_label(fields[key], key)}: fill it in; the form requires it."
        )
    if "event.date" not in problems and "event.time" not in problems:
        problems |= _event_problem(kept, zone, now)
    order = {key: place for place, key in enumerate(fields)}
    ranked = sorted(problems.items(), key=lambda entry: order.get(entry[0], len(order)))
    return ValidatedAnswers(kept, tuple(Problem(key, sentence) for key, sentence in ranked))


def keyed_fields(definition: FormDefinition) -> dict[str, Item]:
    """Every key that may be keyed, identity block first: what stays on the paper is left out."""
    items = (*definition.identity, *definition.fields())
    return {key: item for item in items if item.keyed for key in item.answer_keys()}


def field_label(item: Item, key: str) -> str:
    """What a field is called in a sentence: its words on paper, and its row."""
    row = key.partition(":")[2]
    return f"{item.text or item.link_id}{f' (row {row})' if row else ''}"


def _missing(definition: FormDefinition, kept: Mapping[str, str]) -> list[str]:
    scan_only = definition.policy == "scan"
    missing = []
    for item in definition.fields():
        if not item.required or not item.keyed or (scan_only and item.link_id not in _SIGN_OFF):
            continue
        rows = _rows_used(definition, item.group, kept) if item.repeated else None
        missing += [
            key
            for key in item.answer_keys()
            if key not in kept and (rows is None or key.partition(":")[2] in rows)
        ]
    return missing


def _rows_used(definition: FormDefinition, group: str, kept: Mapping[str, str]) -> set[str]:
    inside = {item.link_id for item in definition.fields() if item.group == group}
    keys = (key.partition(":") for key in kept)
    return {row for link_id, _, row in keys if link_id in inside}


def _event_problem(kept: Mapping[str, str], zone: ZoneInfo, now: datetime) -> dict[str, str]:
    if not (kept.get("event.date") and kept.get("event.time")):
        return {}
    try:
        event = from_text(typed_times.to_utc(kept["event.date"], kept["event.time"], zone))
    except ValueError:
        return {"event.time": "Time: the clocks went forward, so this time did not exist that day."}
    if event > now + FUTURE_SLACK:
        return {"event.date": "Date: the event lies in the future; check date and time."}
    return {}


def _absent(key: str, text: str) -> str:
    """`?not-written` or `?illegible`; without date and time an event has no place in the order."""
    answer = absent_values.parse_reason(text)
    if answer and key in ("event.date", "event.time"):
        raise ValueError("it has to be known; ask the ward, and keep the form as a draft meanwhile")
    return answer


def _value(
    item: Item, key: str, text: str, kept: Mapping[str, str], zone: ZoneInfo, now: datetime
) -> str:
    if _CONTROL.search(text):
        raise ValueError("it holds a character that cannot be printed; type it again")
    if len(text) > (item.max_length or _MAX_LENGTH):
        raise ValueError(f"it is longer than {item.max_length or _MAX_LENGTH} characters")
    if item.link_id == "patient.nhs" or item.maps == "Patient.nhs_number":
        return _nhs_number(text)
    if item.link_id == "patient.gender":
        return _GENDERS.get(text[:1].lower(), "") or _fail("write male, female, other or unknown")
    if item.type in ("date", "time", "dateTime"):
        return _time_value(item, text, kept, now.astimezone(zone), zone)
    check_type = _CHECKS.get(item.type)
    return check_type(item, text) if check_type else text


def _time_value(
    item: Item, text: str, kept: Mapping[str, str], now: datetime, zone: ZoneInfo
) -> str:
    try:
        if item.type == "time":
            return typed_times.parse_time(text)
        if item.type == "date":
            return typed_times.parse_date(text, now.date(), past=_is_past(item))
        moment = _moment(text, kept, now)
    except ValueError:
        raise ValueError(_EXAMPLES[item.type]) from None
    try:
        typed_times.moment_to_utc(moment, zone)
    except ValueError:
        raise ValueError("the clocks went forward, so this time did not exist that day") from None
    return moment


_EXAMPLES = {
    "date": "it is not a date; type it like 02/11/26 or 021126",
    "time": "it is not a time; type it like 14:30 or 1430",
    "dateTime": "it is not a date and time; type it like 02/11/26 14:30 or 021126 1430",
}


def _moment(text: str, kept: Mapping[str, str], now: datetime) -> str:
    try:
        return typed_times.parse_moment(text, now.date())
    except ValueError:
        hour = typed_times.parse_time(text)
        return typed_times.moment_near_event(
            hour, kept.get("event.date", ""), kept.get("event.time", "")
        )


def _is_past(item: Item) -> bool:
    return item.link_id in ("event.date", "patient.born") or item.maps == "Patient.birth_date"


def _nhs_number(text: str) -> str:
    return clean_nhs_number(text) or _fail(
        "it is not a valid NHS number; check all ten digits, or leave it empty if in doubt"
    )


def _boolean(_: Item, text: str) -> str:
    if text.lower() not in _BOOLEANS:
        raise ValueError("it is ticked or not: type yes or no")
    return _BOOLEANS[text.lower()]


def _choice(item: Item, text: str) -> str:
    """The option of that code or those words, or the only one whose words begin so."""
    typed_text = text.lower()
    for option in item.options:
        if typed_text in (option.code.lower(), option.display.lower()):
            return option.code
    begun = [o.code for o in item.options if o.display.lower().startswith(typed_text)]
    if len(begun) == 1:
        return begun[0]
    words = ", ".join(option.display for option in item.options[:12])
    raise ValueError(f"it is not one of the answers on the form ({words})")


def _decimal(item: Item, text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError("it is not a number")
    number = text.replace(",", ".")
    if item.min is not None and float(number) < item.min:
        raise ValueError(f"it is below {item.min:g}; check the paper")
    if item.max is not None and float(number) > item.max:
        raise ValueError(f"it is above {item.max:g}; check the paper")
    return number


def _integer(item: Item, text: str) -> str:
    if not re.fullmatch(r"[+-]?\d{1,12}", text):
        raise ValueError("it is not a whole number")
    return _decimal(item, text)


def _fail(sentence: str) -> str:
    raise ValueError(sentence)


_CHECKS: dict[str, Callable[[Item, str], str]] = {
    "boolean": _boolean,
    "choice": _choice,
    "integer": _integer,
    "decimal": _decimal,
    "quantity": _decimal,
}
