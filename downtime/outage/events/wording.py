"""Events as sentences, worded when they are read. Pure."""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.outage.events.kinds import EVENT_ROWS
from downtime.outage.events.model import Event
from downtime.outage.events.row_types import DAYS, TIMES, EventField, FieldKind

_STORED_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_PLACE = ("ward", "bay", "bed")


def describe_event(event: Event, zone: ZoneInfo) -> str:
    """`Move: A1, bay 2, bed 4; consultant from now on Dr Cole`: what it is and what it says."""
    details = "; ".join(_list_details(event, zone))
    title = EVENT_ROWS[event.kind].title
    return f"{title}: {details}" if details else title


def describe_place(event: Event) -> str:
    """`A1, bay 2, bed 4`, as far as the event says."""
    return display.format_place(*(event.answers.get(name, "") for name in _PLACE))


def _list_details(event: Event, zone: ZoneInfo) -> Iterator[str]:
    if place := describe_place(event):
        yield place
    for field, text in list_answers(event, zone):
        if not _is_said_elsewhere(field, event):
            choice_or_free = field.kind == FieldKind.CHOICE or field.is_required
            yield text if choice_or_free else f"{field.text.lower()} {text}"


def _is_said_elsewhere(field: EventField, event: Event) -> bool:
    """Whether the place, the name beside it or the ward that stays says it already."""
    is_same_ward = field.name == "prior_ward" and event.answers[field.name] == event.answers.get(
        "ward"
    )
    is_of_person = field.maps.startswith("Patient.") or field.kind == FieldKind.PATIENT
    return field.name in _PLACE or is_of_person or is_same_ward


def list_answers(event: Event, zone: ZoneInfo) -> list[tuple[EventField, str]]:
    """Every field that says something, with its answer as people read it."""
    answers = (
        (field, event.answers.get(field.name, "")) for field in EVENT_ROWS[event.kind].fields
    )
    return [(field, word_answer(field, text, zone)) for field, text in answers if text]


def word_answer(field: EventField, text: str, zone: ZoneInfo) -> str:
    """An answer as people read it."""
    if field.kind == FieldKind.CHOICE:
        return next((choice.text for choice in field.choices if choice.code == text), text)
    if field.kind in TIMES or _STORED_TIME.fullmatch(text):  # also one that was taken from a record
        return display.format_moment(text, zone)
    if field.kind in DAYS:
        return display.format_day(text)
    return display.format_nhs_number(text) if field.kind == FieldKind.NHS_NUMBER else text
