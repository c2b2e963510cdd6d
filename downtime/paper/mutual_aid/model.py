"""What one hospital tells another on paper: a patient's summary, or what it can take; and whom it believes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from downtime.pdf.flow_blocks import Block, Heading, Paragraph, Table


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    AID_SIGN = "aid.sign"
    AID_RECEIVE = "aid.receive"
    AID_LINK = "aid.link"
    PARTNER_ADD = "partner.add"
    PARTNER_WITHDRAW = "partner.withdraw"


class AidKind(StrEnum):
    """What is sent."""

    TRANSFER = "transfer"
    CAPACITY = "capacity"


class AidPatient(NamedTuple):
    """Whom a summary is about, as the other hospital's record has it."""

    family: str = ""
    given: str = ""
    prefix: str = ""
    birth_date: str = ""
    gender: str = ""
    nhs_number: str = ""
    number: str = ""
    """The other hospital's own number, or its downtime number."""


class AidLine(NamedTuple):
    """A heading, a paragraph, or a table of what is sent, as words."""

    kind: str
    text: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


HEADING, PARAGRAPH, TABLE = "h", "p", "t"


@dataclass(frozen=True, slots=True, kw_only=True)
class AidDocument:
    """What is signed. `created` is UTC as stored."""

    kind: AidKind
    hospital_code: str
    hospital_name: str
    device: str
    created: str
    is_drill: bool
    destination: str
    """To whom it is sent; empty for anybody."""
    contact: str
    """Who can be asked about it: name, role, telephone."""
    patient: AidPatient | None
    lines: tuple[AidLine, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is signed and kept: short names, for it has to fit into codes."""
        return {
            "k": self.kind,
            "h": [self.hospital_code, self.hospital_name, self.device],
            "m": self.created,
            "d": self.is_drill,
            "t": [self.destination, self.contact],
            "p": list(self.patient) if self.patient else None,
            "l": [_line_json(line) for line in self.lines],
        }


def _line_json(line: AidLine) -> list[Any]:
    if line.kind == TABLE:
        return [TABLE, list(line.columns), [list(row) for row in line.rows]]
    return [line.kind, line.text]


_MOST_TEXT, _MOST_LINES, _MOST_ROWS, _MOST_COLUMNS = 2000, 200, 1000, 12


def parse_document(data: Mapping[str, Any]) -> AidDocument:
    """A document from what was signed; ValueError, KeyError, TypeError when it is none.

    Who signed it may still have written anything: every text is one, of a length that a page can show.
    """
    code, name, machine = map(_text, data["h"])
    destination, contact = map(_text, data["t"])
    kind, patient = AidKind(data["k"]), data["p"]
    if (patient is None) == (kind is AidKind.TRANSFER) or len(data["l"]) > _MOST_LINES:
        raise ValueError("no document")
    return AidDocument(
        kind=kind,
        hospital_code=code,
        hospital_name=name,
        device=machine,
        created=_text(data["m"]),
        is_drill=data["d"] is True,
        destination=destination,
        contact=contact,
        patient=AidPatient(*map(_text, patient)) if patient is not None else None,
        lines=tuple(_parse_line(line) for line in data["l"]),
    )


def _parse_line(line: Sequence[Any]) -> AidLine:
    if line[0] in (HEADING, PARAGRAPH):
        return AidLine(str(line[0]), _text(line[1]))
    mark, columns, rows = line
    if mark != TABLE or not 1 <= len(columns) <= _MOST_COLUMNS or len(rows) > _MOST_ROWS:
        raise ValueError("no table")
    cells = tuple(tuple(map(_text, row)) for row in rows)
    if any(len(row) != len(columns) for row in cells):
        raise ValueError("uneven")
    return AidLine(TABLE, "", tuple(map(_text, columns)), cells)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise TypeError("text")
    return "".join(c for c in value if c.isprintable() or c == "\n")


def make_lines(blocks: Sequence[Block]) -> tuple[AidLine, ...]:
    """Blocks of a page as they are sent."""
    return tuple(_make_line(block) for block in blocks)


def _make_line(block: Block) -> AidLine:
    if isinstance(block, Heading):
        return AidLine(HEADING, block.text)
    if isinstance(block, Paragraph):
        return AidLine(PARAGRAPH, block.printed_text)
    return AidLine(TABLE, "", tuple(title for title, _ in block.columns), block.rows)


def make_blocks(lines: Sequence[AidLine]) -> list[Block]:
    """The same as blocks of a page."""
    return [_make_block(line) for line in lines]


def _make_block(line: AidLine) -> Block:
    if line.kind == HEADING:
        return Heading(line.text)
    if line.kind == PARAGRAPH:
        return Paragraph(line.text)
    return Table([(title, 1.0) for title in line.columns], line.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """The keys of another hospital's machines, compared by telephone; the newest row of a code counts."""

    id: str
    code: str
    name: str
    keys: Mapping[str, str]
    """Code of each machine to its signing key as base64."""
    fingerprint: str
    position: int
    added: str
    added_by: str
    added_name: str
    reason: str
    is_withdrawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedDocument:
    """A document of another hospital whose signature held, who took it in, and whom it became here."""

    id: str
    document: AidDocument
    partner: str
    """The row of keys with which it was verified."""
    received: str
    received_by: str
    received_name: str
    arrival: str
    """The id of the person who was registered from it; empty until then."""
