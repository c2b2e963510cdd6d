"""The lines of a re-key worklist as text and CSV, in the words and order of those who key. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.record_types import NAME_FIELDS, get_singular_title, list_in_return_order
from downtime.config import read_data_file
from downtime.entry import facts
from downtime.entry.facts import Fact
from downtime.paper import csv_file
from downtime.paper.serials import format_serial
from downtime.reconcile.model import StoredItem
from downtime.returns.model import Message, Tick

COLUMNS = (
    ("System", 12),
    ("Department", 18),
    ("What to do", 34),
    ("Type", 16),
    ("What", 28),
    ("Details", 44),
    ("Happened", 18),
    *zip(facts.PERSON_COLUMNS, (18, 18, 13, 14, 14, 13), strict=True),
    ("Ward", 10),
    ("Author", 20),
    ("Form", 14),
    ("Decided by", 18),
    ("Reason", 28),
    ("Done (initials, time)", 20),
)
"""Heading and width of each column."""


class LineState(StrEnum):
    """What people are to do with a line: the words above it on paper."""

    TO_KEY = "Key this"
    LISTED = "Key this, unless done: already on the list of {listed}"
    SENT = "Do not key: sent as {kind}, message {control_id}. Check that it arrived."
    DONE = "Done"


@dataclass(frozen=True, slots=True)
class RekeyLine:
    """One thing to key into one system, or to check there when it was sent: the item, its message.

    `tick` says who has keyed it, if anybody has.
    """

    row: StoredItem
    message: Message
    tick: Tick | None
    state: LineState

    @property
    def fact(self) -> Fact:
        """What is to be keyed."""
        return self.row.item.fact

    @property
    def worklist(self) -> tuple[str, str]:
        """The list it stands on: system and department."""
        return self.fact.system, find_department(self.fact)

    @property
    def order(self) -> tuple[str | int, ...]:
        """Its place: system, department, and then as records teams key (`keying_rank`)."""
        fact, person = self.fact, self.row.item.person
        return (
            *self.worklist, keying_rank(fact), fact.event if fact.type == "Encounter" else "",
            fact.fields.get("ward") or fact.ward, person.family, person.given, fact.event, fact.key,
        )  # fmt: skip

    def matches_search(self, text: str) -> bool:
        """Whether every word of a search is in it: name, number, serial, what it is, ward."""
        fact, person = self.fact, self.row.item.person
        parts = (
            person.family, person.given, person.mrn, person.nhs_number, person.downtime_number,
            fact.serial, describe_item(fact), name_type(fact), fact.ward,
            self.tick.number if self.tick else "",
        )  # fmt: skip
        searched = " ".join(parts).casefold()
        return all(word in searched for word in text.casefold().split())


def build_table(lines: Iterable[RekeyLine], zone: ZoneInfo) -> list[list[str]]:
    """The worklist as text, one row a line, in the order in which departments work."""
    return [_build_row(line, zone) for line in sorted(lines, key=lambda line: line.order)]


def to_csv(table: Sequence[Sequence[str]]) -> bytes:
    """CSV for people, under the headings of the worklist."""
    return csv_file.to_csv([name for name, _ in COLUMNS], table)


def _build_row(line: RekeyLine, zone: ZoneInfo) -> list[str]:
    fact, decided = line.fact, line.row.decided
    return [
        *line.worklist,
        line.state.format(
            listed=display.format_moment(line.message.queued, zone),
            kind=line.message.kind,
            control_id=line.message.control_id,
        ),
        name_type(fact),
        describe_item(fact),
        describe_details(fact, zone),
        display.format_moment(fact.event, zone),
        *facts.person_cells(line.row.item.person),
        fact.fields.get("ward") or fact.ward,
        f"{fact.author} ({fact.author_role})" if fact.author_role else fact.author,
        format_serial(fact.serial),
        decided.decided_by_name,
        decided.reason,
        describe_tick(line, zone),
    ]


def describe_tick(line: RekeyLine, zone: ZoneInfo) -> str:
    """Who ticked a line and when, with its number; empty while it is open."""
    if line.tick is None:
        return ""
    number = f", No. {line.tick.number}" if line.tick.number else ""
    return f"{line.tick.ticked_by_name}, {display.format_moment(line.tick.ticked, zone)}{number}"


SEPARATION = "Separation"
TYPE_TITLES = {
    SEPARATION: "Patients to separate",
    **{name: get_singular_title(name) for name in list_in_return_order()},
}
"""Types in the order in which records teams key them: wrongly joined patients first."""
_RANK_BY_TYPE = {name: rank for rank, name in enumerate(TYPE_TITLES)}
_MOVES = {"transfer": "Transfer", "discharge": "Discharge"}
_TITLES = (*NAME_FIELDS, "number")


_LABELS: Mapping[str, str] = read_data_file("downtime.returns", "titles.toml")["details"]
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
        f"{_LABELS.get(name) or name.replace('_', ' ').capitalize()}: {_text(value, zone)}"
        for name, value in fact.fields.items()
        if value and name not in shown
    ]
    return "; ".join([*parts, *(f"{label}: {answer}" for label, answer in fact.notes)])


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
