"""The re-key worklist for departments: its lines as text, as CSV and as XLSX, in keying order. Pure."""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, NamedStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from downtime.clinical import display
from downtime.clinical.identifiers import is_nhs_number
from downtime.entry.facts import Fact, Person
from downtime.paper import tables
from downtime.paper.serials import shown
from downtime.returns.worklists import words

COLUMNS = (
    ("System", 12),
    ("Department", 18),
    ("What to do", 34),
    ("Type", 16),
    ("What", 28),
    ("Details", 44),
    ("Happened", 18),
    ("Surname", 18),
    ("Given names", 18),
    ("Born", 13),
    ("NHS No.", 14),
    ("Hospital No.", 14),
    ("Downtime No.", 13),
    ("Ward", 10),
    ("Author", 20),
    ("Form", 14),
    ("Decided by", 18),
    ("Reason", 28),
    ("Done (initials, time)", 20),
)
"""Heading and width of each column."""

_HEAD, _CELL = "Worklist head", "Worklist cell"
"""The styles of a workbook's cells."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to key into one system, or to check there when it was sent as a message."""

    fact: Fact
    person: Person
    todo: str
    decided_by: str
    reason: str
    done: str = ""

    @property
    def order(self) -> tuple[str | int, ...]:
        """Its place: system, department, and then as records teams key (`words.rank`)."""
        fact, who = self.fact, self.person
        moved = fact.event if fact.type == "Encounter" else ""
        ward = fact.fields.get("ward") or fact.ward
        return (fact.system, words.department(fact), words.rank(fact), moved, ward,
                who.family, who.given, fact.event, fact.key)  # fmt: skip


def rows(lines: Iterable[Line], zone: ZoneInfo) -> list[list[str]]:
    """The worklist as text, one row a line, in the order in which departments work."""
    return [_row(line, zone) for line in sorted(lines, key=lambda line: line.order)]


def to_csv(table: Sequence[Sequence[str]]) -> bytes:
    """CSV for people, under the headings of the worklist."""
    return tables.to_csv([name for name, _ in COLUMNS], table)


def to_xlsx(table: Sequence[Sequence[str]]) -> bytes:
    """A workbook with one sheet a system; every cell is text."""
    book = Workbook()
    if book.active:
        book.remove(book.active)
    for name, bold in ((_HEAD, True), (_CELL, False)):
        book.add_named_style(_style(name, bold))
    for system in dict.fromkeys(row[0] for row in table) or ["Nothing to key"]:
        sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", system)[:31])
        _fill(sheet, [row for row in table if row[0] == system])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _style(name: str, bold: bool) -> NamedStyle:
    """Named once in the book: a style built for each cell takes longer than all the rest."""
    alignment = Alignment(vertical="top", wrap_text=True)
    return NamedStyle(name, font=Font(bold=bold), alignment=alignment, number_format="@")


def _fill(sheet: Worksheet, table: Sequence[Sequence[str]]) -> None:
    sheet.append([name for name, _ in COLUMNS])
    for row in table:
        sheet.append([tables.neutral(cell) for cell in row])
    for cells in sheet.iter_rows():
        for cell in cells:
            cell.data_type = "s"
            cell.style = _HEAD if cell.row == 1 else _CELL
    for number, (_, width) in enumerate(COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _row(line: Line, zone: ZoneInfo) -> list[str]:
    fact, person = line.fact, line.person
    nhs = person.nhs_number
    return [
        fact.system,
        words.department(fact),
        line.todo,
        words.kind(fact),
        words.what(fact),
        words.details(fact, zone),
        display.moment(fact.event, zone),
        person.family,
        person.given,
        display.day(person.birth_date),
        display.nhs_number(nhs) if is_nhs_number(nhs) else "",
        person.mrn,
        person.downtime_number,
        fact.fields.get("ward") or fact.ward,
        f"{fact.author} ({fact.author_role})" if fact.author_role else fact.author,
        shown(fact.serial),
        line.decided_by,
        line.reason,
        line.done,
    ]
