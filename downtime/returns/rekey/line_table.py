"""The lines of a re-key worklist as text and CSV, in the words and order of those who key. Pure."""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.entry import facts
from downtime.paper import csv_file
from downtime.paper.serials import format_serial
from downtime.returns.rekey.line_text import (
    describe_details,
    describe_item,
    name_type,
)
from downtime.returns.rekey.model import RekeyLine

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
