"""How templates show a name, number, date or age: always by the rules of `clinical.display`."""

import re
from collections.abc import Callable, Collection
from datetime import timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from markupsafe import Markup

from downtime.clinical import display
from downtime.clinical.departments import department_name
from downtime.clinical.identifiers import find_downtime_number
from downtime.clinical.model import Encounter, Location, Patient, Record
from downtime.clinical.sections import Column, FieldFormat
from downtime.clock import Clock, from_text
from downtime.entry import facts
from downtime.outage.events.model import is_event_id
from downtime.outage.events.wording import describe_event, list_answers
from downtime.paper import serials
from downtime.paper.forms.model import TRUE, FormItem
from downtime.reconcile.model import ItemState
from downtime.reconcile.wording import STATE_TITLES
from downtime.returns.statement.model import OpenKind
from downtime.returns.statement.thing_names import name_thing, name_things
from downtime.settings import Settings
from downtime.snapshot.bed_board import word_counts, word_elsewhere

_LOCAL_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d.*))?")
_SERIAL = re.compile(r"\b([0-9A-Z]{2})-(\d{6}|[0-9A-Z]{6}-\d{3})-([0-9A-Z])(?![\w-])")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def _format_age(since: str, now: str) -> str:
    """How long ago something was, of two stored times."""
    return display.format_duration(max(from_text(now) - from_text(since), timedelta()))


def init_filters(app: Flask, settings: Settings, clock: Clock) -> None:
    """Add the filters; times are shown in the site's zone."""
    zone = ZoneInfo(settings.site.time_zone)
    filters: dict[str, Callable[..., Any]] = {
        "name": display.format_name,
        "nhs_number": display.format_nhs_number,
        "day": display.format_day,
        "department": department_name,
        "gender": display.format_gender,
        "duration": display.format_duration,
        "age_until": _format_age,
        "board_counts": word_counts,
        "elsewhere": word_elsewhere,
        "units": display.format_units,
        "born": lambda patient: display.format_birth(patient, clock().astimezone(zone).date()),
        "moment": lambda text: display.format_moment(text, zone),
        "in_parts": split_moment,
        "clock_time": lambda text: display.format_clock_time(text, zone),
        "or_not_recorded": lambda text: text or display.NOT_RECORDED,
        "own_number": format_own_number,
        "location": format_location,
        "bed_place": format_bed,
        "sentence_case": capitalise_code,
        "item_state": lambda state: STATE_TITLES[ItemState(state)],
        "number": lambda count: f"{count:,}",
        "serials_in": find_serials,
        "serial": format_serial,
        "open_name": lambda thing: name_thing(thing.kind, thing.name),
        "open_names": lambda line: name_things(OpenKind(line["kind"]), line["names"]),
        "nhs_status": format_nhs_status,
        "allergy_harm": display.describe_allergy_harm,
        "allergy_note": display.describe_allergy_note,
        "field_id": field_id,
        "asked_rows": find_asked_rows,
        "has_keyed": has_keyed,
        "is_moment": is_moment,
        "local_time": format_answer,
        "is_event": is_event_id,
        "event_text": lambda event: describe_event(event, zone),
        "event_answers": lambda event: list_answers(event, zone),
        "answer": describe_answer,
        "field_value": lambda record, column: format_field(record, column, zone),
    }
    app.jinja_env.filters.update(filters)


@lru_cache(maxsize=16_384)
def split_moment(text: str) -> Markup:
    """Day and time, or day and age, of which each stays in one line: they may stand under each other.

    Empty without a text, so that what stands for it can be said.
    """
    if not text:
        return Markup("")
    parts = (Markup('<span class="nowrap">{}</span>').format(part) for part in text.split(" "))
    return Markup(" ").join(parts)


def format_field(record: Record, column: Column, zone: ZoneInfo) -> str:
    """The value of a record in a column of its table."""
    text = str(getattr(record, column.field))
    if column.format == FieldFormat.TIME:
        return display.format_moment(text, zone)
    return capitalise_code(text) if column.format == FieldFormat.CODE else text


def format_location(encounter: Encounter | None) -> str:
    """`A1, bay 2, bed 4`, as much of it as is known; empty without a stay."""
    if encounter is None:
        return ""
    return display.format_place(encounter.ward, encounter.bay, encounter.bed)


def format_bed(bed: Location) -> str:
    """`bay 2, bed 4`."""
    return display.format_place("", bed.bay, bed.bed)


def capitalise_code(code: str) -> str:
    """`in-progress` as `In progress`."""
    text = code.replace("-", " ").replace("_", " ")
    return text[:1].upper() + text[1:]


def format_serial(serial: str) -> str:
    """A form's serial as it is printed: `K7-000042-X`."""
    return serials.format_serial(serial) if len(serial) in serials.LENGTHS else serial


def find_serials(text: str) -> list[str]:
    """The serials of forms that a sentence names."""
    return ["".join(parts).replace("-", "") for parts in _SERIAL.findall(text)]


def format_nhs_status(patient: Patient) -> str:
    """The NHS number, with its status when nobody verified it, or that there is none."""
    if not patient.nhs_number:
        return display.NOT_RECORDED
    number = display.format_nhs_number(patient.nhs_number)
    return f"{number} (not verified)" if patient.nhs_number_status == "unverified" else number


def format_own_number(patient: Patient) -> str:
    """The hospital number, or the downtime number of somebody registered on the screen."""
    number = patient.mrn or find_downtime_number(patient.identifiers)
    return number or display.NOT_RECORDED


def field_id(key: str) -> str:
    """The id of a form's field in the page."""
    return "f-" + key.replace(":", "-row-").replace(".", "-")


def find_asked_rows(group: FormItem, asked: Collection[str] | None) -> list[int]:
    """The rows of a repeating group in which any of these keys stands; all of them without keys."""
    return [
        row
        for row in range(1, group.rows + 1)
        if asked is None or any(f"{item.link_id}:{row}" in asked for item in group.items)
    ]


def has_keyed(group: FormItem) -> bool:
    """Whether any item of a group is keyed."""
    return any(
        has_keyed(item) if item.type == "group" else item.keyed and item.type != "display"
        for item in group.items
    )


def is_moment(text: str) -> bool:
    """Whether a text is a stored time."""
    return bool(_MOMENT.fullmatch(text))


def format_answer(answer: str) -> str:
    """A kept local date or moment as people read it, `02-Nov-2026 14:25`; it can be keyed so too.

    A field whose paper says nothing that can be read shows the words for that.
    """
    if answer in facts.REASON_TEXTS:
        return facts.REASON_TEXTS[answer]
    local_time = _LOCAL_TIME.fullmatch(answer)
    return (
        " ".join(filter(None, (display.format_day(local_time[1]), local_time[2])))
        if local_time
        else answer
    )


def describe_answer(item: FormItem, answer: str) -> str:
    """An answer in the words of its form; an empty one says so."""
    if not answer:
        return "nothing" if item.type != "boolean" else "not ticked"
    if answer == TRUE and item.type == "boolean":
        return "ticked"
    return next((o.display for o in item.options if o.code == answer), format_answer(answer))
