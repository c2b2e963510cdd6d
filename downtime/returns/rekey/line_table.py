"""The re-key worklist for departments: its lines as text and as CSV, in keying order. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.entry import person_table
from downtime.entry.facts import Fact, PaperPerson
from downtime.paper import csv_file
from downtime.paper.serials import format_serial
from downtime.returns.model import Message
from downtime.returns.rekey import line_text

COLUMNS = (
    ("System", 12),
    ("Department", 18),
    ("What to do", 34),
    ("Type", 16),
    ("What", 28),
    ("Details", 44),
    ("Happened", 18),
    *zip(person_table.PERSON_COLUMNS, (18, 18, 13, 14, 14, 13), strict=True),
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
class PrintedLine:
    """One thing to key into one system, or to check there when it was sent as a message."""

    fact: Fact
    person: PaperPerson
    state: LineState
    decided_by: str
    reason: str
    done: str = ""
    message: Message | None = None
    """What carries it, where the state names it."""

    @property
    def order(self) -> tuple[str | int, ...]:
        """Its place: system, department, and then as records teams key (`line_text.keying_rank`)."""
        fact, person = self.fact, self.person
        return (
            fact.system,
            line_text.find_department(fact),
            line_text.keying_rank(fact),
            fact.event if fact.type == "Encounter" else "",
            fact.fields.get("ward") or fact.ward,
            person.family,
            person.given,
            fact.event,
            fact.key,
        )


def build_rows(lines: Iterable[PrintedLine], zone: ZoneInfo) -> list[list[str]]:
    """The worklist as text, one row a line, in the order in which departments work."""
    return [_build_row(line, zone) for line in sorted(lines, key=lambda line: line.order)]


def to_csv(table: Sequence[Sequence[str]]) -> bytes:
    """CSV for people, under the headings of the worklist."""
    return csv_file.to_csv([name for name, _ in COLUMNS], table)


def _build_row(line: PrintedLine, zone: ZoneInfo) -> list[str]:
    fact = line.fact
    return [
        fact.system,
        line_text.find_department(fact),
        _instruction(line, zone),
        line_text.name_type(fact),
        line_text.describe_item(fact),
        line_text.describe_details(fact, zone),
        display.format_moment(fact.event, zone),
        *person_table.person_cells(line.person),
        fact.fields.get("ward") or fact.ward,
        f"{fact.author} ({fact.author_role})" if fact.author_role else fact.author,
        format_serial(fact.serial),
        line.decided_by,
        line.reason,
        line.done,
    ]


def _instruction(line: PrintedLine, zone: ZoneInfo) -> str:
    if line.message is None:
        return line.state
    return line.state.format(
        listed=display.format_moment(line.message.queued, zone),
        kind=line.message.kind,
        control_id=line.message.control_id,
    )
