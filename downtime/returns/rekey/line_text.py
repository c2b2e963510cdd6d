"""What a line of a re-key worklist says, in the words of those who key. Pure."""

import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.record_types import NAME_FIELDS, get_singular_title, list_in_return_order
from downtime.config import read_data_file
from downtime.entry.facts import Fact

SEPARATION = "Separation"


TYPE_TITLES = {
    SEPARATION: "Patients to separate",
    **{name: get_singular_title(name) for name in list_in_return_order()},
}
"""Types in the order in which records teams key them: wrongly joined patients first."""


_RANK_BY_TYPE = {name: rank for rank, name in enumerate(TYPE_TITLES)}


_MOVES = {"transfer": "Transfer", "discharge": "Discharge"}


_TITLES = (*NAME_FIELDS, "number")


_LABELS = read_data_file("downtime.returns", "titles.toml")["details"]
"""What fields are called; a table of a type's own goes before."""


_SILENT = ("event", "none_known", "department")


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def name_type(fact: Fact) -> str:
    """What sort of thing it is; KeyError for a type that has no name here."""
    if fact.type == "Encounter":
        return _MOVES.get(fact.fields.get("event", ""), TYPE_TITLES[fact.type])
    return TYPE_TITLES[fact.type]


def keying_rank(fact: Fact) -> int:
    """Where its type stands in the keying order."""
    return _RANK_BY_TYPE[fact.type]


def describe_item(fact: Fact) -> str:
    """What it is, in the words of the form."""
    if fact.fields.get("none_known"):
        return "No known allergies"
    return fact.fields.get(_title(fact), "") or name_type(fact)


def describe_details(fact: Fact, zone: ZoneInfo) -> str:
    """All else that was written, each with its label; times in the site's zone."""
    shown = (_title(fact), *_SILENT)
    parts = [
        f"{name_field(fact.type, name)}: {_text(value, zone)}"
        for name, value in fact.fields.items()
        if value and name not in shown
    ]
    return "; ".join([*parts, *(f"{label}: {answer}" for label, answer in fact.notes)])


def name_field(record_type: str, name: str) -> str:
    """What a field of a record is called on a worklist."""
    labels: Mapping[str, str] = _LABELS.get(record_type, {})
    return labels.get(name) or _LABELS.get(name) or name.replace("_", " ").capitalize()


def find_department(fact: Fact) -> str:
    """The department that a form names, in whatever words it asks for it."""
    named = (answer for label, answer in fact.notes if label.casefold().startswith("department"))
    return fact.fields.get("department") or next(named, "")


def _title(fact: Fact) -> str:
    return next((name for name in _TITLES if fact.fields.get(name)), "")


def _text(value: str, zone: ZoneInfo) -> str:
    if _INSTANT.fullmatch(value):
        return display.format_moment(value, zone)
    return display.format_day(value) if _DAY.fullmatch(value) else value
