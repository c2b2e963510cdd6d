"""What may be recorded, by whom and of whom: rules that hold whichever way an event comes in."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from downtime.clinical.identifiers import clean_nhs_number
from downtime.clinical.model import Encounter, Patient
from downtime.clock import from_text
from downtime.errors import ConflictError, ForbiddenError, InputError, parse_choice
from downtime.outage.events.kinds import EVENT_ROWS, NEWBORN, UNKNOWN
from downtime.outage.events.model import Event, EventKind, EventThread, is_event_id
from downtime.outage.events.phoned_results import find_read_back, fold_value
from downtime.outage.events.row_types import (
    TIMES,
    AboutKind,
    EventField,
    EventRow,
    FieldKind,
    SubjectRule,
)
from downtime.outage.model import Outage
from downtime.settings import Settings
from downtime.vault.model import Actor

FUTURE_SLACK = timedelta(minutes=5)
"""How far an event may lie ahead of this machine's clock."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class UnconfirmedError(ConflictError):
    """Something that a person has to see before it is saved; saved when they confirm it."""

    def __init__(self, warnings: tuple[str, ...]) -> None:
        super().__init__(
            "event.unconfirmed",
            " ".join(warnings),
            "Look again; save it if it is right all the same.",
        )
        self.warnings = warnings


class AlreadySavedError(ConflictError):
    """The page was saved before and says something else by now, or what it recorded was corrected or
    withdrawn since; `root` is what it recorded."""

    def __init__(self, root: str, since: str = "") -> None:
        super().__init__(
            "event.saved",
            f"This page was saved already, and what it recorded was {since} since."
            if since
            else "This page was saved already with other answers, and these are not recorded.",
            "Correct what it recorded; for something more, open the form anew.",
        )
        self.root = root


def parse_kind(word: str) -> EventRow:
    """The row of a kind; InputError when there is none."""
    return EVENT_ROWS[parse_choice(EventKind, word, "event.kind", "There is no such event.")]


def has_same_answers(row: EventRow, recorded: Event, answers: Mapping[str, str]) -> bool:
    """Whether somebody typed again what an event recorded; what the program filled in aside."""
    if row.kind == EventKind.SWAP:
        return recorded.answers.get("swapped") == answers.get("partner")
    names = {field.name for field in row.typed_fields}
    known = {name: text for name, text in recorded.answers.items() if name in names}
    typed = {name: text for name, text in answers.items() if name in names}
    if known.get("identity") == NEWBORN and not typed.get("family"):
        typed["family"] = known.get("family", "")
    try:
        return check_answers(row, typed, from_text(recorded.entered).date()) == known
    except InputError:
        return False


def is_at_entry(event: Event) -> bool:
    """Whether an event says that it happened when it was recorded, as where no time is typed."""
    return abs(from_text(event.entered) - from_text(event.happened)) < timedelta(minutes=2)


def check_outage(outage: Outage | None) -> Outage:
    """ConflictError unless an outage or drill is open, or its books are."""
    if outage is None:
        raise ConflictError(
            "event.no-outage",
            "No outage is declared, so the hospital's own systems are the record.",
            "Declare what is down first (page Outages); this takes a minute.",
        )
    return outage


def check_happened(happened: str, outage: Outage, now: datetime, settings: Settings) -> None:
    """InputError for a time in the future, or long before the outage."""
    at = from_text(happened)
    if at > now + FUTURE_SLACK:
        raise InputError(
            "event.future", "This time lies in the future.", "Check date and time, and save again."
        )
    hours = settings.events.earliest_hours_before_outage
    if at < from_text(outage.opened) - timedelta(hours=hours):
        raise InputError(
            "event.early",
            f"This was more than {hours} hours before the outage began.",
            "Check the date; what was before the outage is in the hospital's own systems.",
        )


def check_answers(row: EventRow, answers: Mapping[str, str], today: date) -> dict[str, str]:
    """The answers as they are kept, without empty ones; InputError names the first at fault."""
    for name in answers:
        if row.find_field(name) is None:
            raise InputError(
                "event.field", f"'{row.title}' has no field '{name[:40]}'.", "Leave it out."
            )
    checked: dict[str, str] = {}
    for field in row.fields:
        text = answers.get(field.name, "").replace("\r\n", "\n").strip()
        if text:
            checked[field.name] = _check_answer(field, text, today)
        elif field.is_required:
            raise _wrong(field, "is needed", "Fill it in and save again.")
    if row.subject == SubjectRule.NEW:
        _check_identity(checked)
    return checked


def _check_answer(field: EventField, text: str, today: date) -> str:
    if _CONTROL.search(text) or ("\n" in text and field.kind != FieldKind.LONG_TEXT):
        raise _wrong(field, "holds a character that cannot be printed", "Type it again.")
    if len(text) > field.max_length:
        raise _wrong(field, f"is longer than {field.max_length} characters", "Make it shorter.")
    if field.kind == FieldKind.CHOICE and text not in {choice.code for choice in field.choices}:
        raise _wrong(field, "is none of the answers there are", "Choose one of the list.")
    if field.kind == FieldKind.NHS_NUMBER:
        if not (number := clean_nhs_number(text)):
            raise _wrong(
                field, "is not a valid NHS number", "Check all ten digits, or leave it empty."
            )
        return number
    if field.kind == FieldKind.DATE and not _is_past_day(text, today):
        raise _wrong(field, "is no day that has been", "Write it as 02-Jan-1960.")
    if field.kind == FieldKind.COMING_DATE and not _is_coming_day(text, today):
        raise _wrong(field, "is no day, or it has passed", "Write it as 31-Jan-2027.")
    if field.kind == FieldKind.COUNT and not text.isdecimal():
        raise _wrong(field, "is no whole number", "Count them, and write the number alone.")
    if field.kind in TIMES and not _is_instant(text):
        raise _wrong(field, "is no time", "Write it as 14:30, or with the date.")
    return text


def _is_past_day(text: str, today: date) -> bool:
    try:
        return date(1880, 1, 1) <= date.fromisoformat(text) <= today
    except ValueError:
        return False


def _is_coming_day(text: str, today: date) -> bool:
    try:
        return date.fromisoformat(text) >= today
    except ValueError:
        return False


def _is_instant(text: str) -> bool:
    try:
        return from_text(text).tzinfo is not None
    except ValueError:
        return False


def _check_identity(answers: Mapping[str, str]) -> None:
    """Who arrives has a surname, or is said to be unknown; a newborn has a mother."""
    identity = answers["identity"]
    if identity == NEWBORN and not answers.get("mother"):
        raise InputError(
            "event.mother",
            "A newborn is registered with the mother.",
            "Open her page and begin there.",
        )
    if identity not in (NEWBORN, UNKNOWN) and not answers.get("family"):
        raise InputError(
            "event.name",
            "The surname is needed.",
            "Write it, or choose Unknown if nobody knows it.",
        )


def _wrong(field: EventField, what: str, next_step: str) -> InputError:
    return InputError("event.answer", f"{field.text} {what}.", next_step)


def check_id(event_id: str) -> None:
    """InputError for an id that no page gave; empty for none."""
    if event_id and not is_event_id(event_id):
        raise InputError("event.id", "This page is damaged.", "Open it anew.")


def check_subject(row: EventRow, patient: str) -> None:
    """InputError when a patient is missing, or named where none belongs."""
    if row.subject == SubjectRule.PATIENT and not patient:
        raise InputError(
            "event.patient",
            f"'{row.title}' is about a patient.",
            "Find the patient and begin there.",
        )
    if row.subject == SubjectRule.NOBODY and patient:
        raise InputError("event.patient", f"'{row.title}' is about no patient.", "Leave it out.")


def check_about(row: EventRow, topic: str) -> None:
    """InputError when what it is about is missing, or named where nothing belongs."""
    if bool(topic) != (row.topic != AboutKind.NOTHING):
        raise InputError(
            "event.topic",
            f"It is not said what '{row.title}' is about.",
            "Begin at the list where it stands.",
        )


def check_is_of_patient(owner: Patient | None, patient: str) -> None:
    """ConflictError unless the request or appointment is there, and this patient's."""
    if owner is None or owner.id != patient:
        raise ConflictError(
            "event.topic",
            "This is not there, or is another patient's.",
            "Begin at the list where it stands.",
        )


def check_follows(row: EventRow, thread: EventThread | None, patient: str) -> None:
    """ConflictError unless what it follows is there, stands and is about the same person."""
    if row.follows is None:
        return
    if thread is None or not thread.stands or thread.latest.kind != row.follows:
        raise ConflictError(
            "event.follows",
            "What this is about was withdrawn or is not there.",
            "See the list of events.",
        )
    if thread.latest.subject.patient != patient:
        raise ConflictError(
            "event.follows", "That is about another patient.", "Begin at the list where it stands."
        )
    is_done = (
        find_read_back(thread) is not None
        if row.kind == EventKind.READ_BACK
        else any(event.kind == row.kind for event in thread.follow_ups)
    )
    if is_done:
        raise ConflictError(
            "event.already", f"'{row.title}' is recorded already.", "Correct it if it is wrong."
        )


def check_can_read_back(actor: Actor, result: Event, value: str) -> None:
    """ForbiddenError for whoever took it down; ConflictError unless the second heard the same."""
    if actor.id == result.author:
        raise ForbiddenError(
            "event.own-result",
            "You took this result down, so somebody else reads it back.",
            "Ask a colleague to read it back with the laboratory.",
        )
    if fold_value(value) != fold_value(result.answers["value"]):
        raise ConflictError(
            "event.read-back",
            "This is not what was taken down.",
            "Ask the laboratory once more; correct the result if it was taken down wrongly.",
        )


def check_can_correct(thread: EventThread | None) -> EventThread:
    """The event; ConflictError when it was withdrawn, or when there is none."""
    if thread is None:
        raise ConflictError("event.unknown", "There is no such event.", "See the list of events.")
    if not thread.stands:
        raise ConflictError(
            "event.withdrawn", "This event was withdrawn.", "Record it anew if it did happen."
        )
    return thread


def can_correct(thread: EventThread) -> bool:
    """The yes/no twin of `check_can_correct`."""
    return thread.stands


def check_swap(
    patient: str, partner: str, stay: Encounter | None, other_stay: Encounter | None
) -> dict[str, str]:
    """What the move of one of two who change places says; ConflictError unless both have a bed."""
    if patient == partner:
        raise InputError(
            "event.swap", "Nobody changes places with themself.", "Choose another patient."
        )
    if stay is None or other_stay is None or not (stay.bed and other_stay.bed):
        raise ConflictError(
            "event.swap",
            "Only two patients who both have a bed change places.",
            "Record a move instead.",
        )
    answers = {"ward": other_stay.ward, "bay": other_stay.bay, "bed": other_stay.bed}
    filled = {"prior_ward": stay.ward, "swapped": partner}
    return {name: text for name, text in (answers | filled).items() if text}


def check_is_alone(thread: EventThread, others: Iterable[EventThread]) -> None:
    """ConflictError while something else about a person stands, whose arrival would be withdrawn."""
    if any(other.stands and other.root != thread.root for other in others):
        raise ConflictError(
            "event.person",
            "Other events about this person stand.",
            "Withdraw those first, or correct the arrival instead.",
        )
