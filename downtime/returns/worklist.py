"""The re-key worklist for departments: CSV and XLSX, in the order of system, department and ward. Pure."""

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
_LABELS = {
    "value": "Result",
    "units": "Units",
    "reference_range": "Range",
    "priority": "Priority",
    "requester": "Requested by",
    "reason": "Reason",
    "specimen": "Specimen",
    "ward": "Ward",
    "bay": "Bay",
    "bed": "Bed",
    "kind": "Stay",
    "consultant": "Consultant",
    "specialty": "Specialty",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to key into one system, or to check there when it was sent as a message."""

    fact: Fact
    person: Person
    todo: str
    decided_by: str
    reason: str


def rows(lines: Iterable[Line], zone: ZoneInfo) -> list[list[str]]:
    """The worklist as text, one row a line, in the order in which departments work."""
    made = [_row(line, zone) for line in lines]
    return sorted(made, key=lambda row: (row[0], row[1], row[13], row[7], row[8], row[6], row[15]))


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
        _department(fact),
        line.todo,
        _TYPES[fact.type],
        fact.title if fact.type != "Encounter" else "Admission",
        _details(fact, zone),
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
        "",
    ]


def _department(fact: Fact) -> str:
    """The department that a form names, in whatever words it asks for it."""
    named = (answer for label, answer in fact.notes if label.casefold().startswith("department"))
    return fact.fields.get("department") or next(named, "")


_TYPES = {"Encounter": "Admission", "ServiceRequest": "Request", "Observation": "Result"}
_TIMES = {"collected": "Sample taken", "effective": "Taken", "started": "Admitted"}


def _details(fact: Fact, zone: ZoneInfo) -> str:
    parts = [
        f"{label}: {fact.fields[name]}" for name, label in _LABELS.items() if fact.fields.get(name)
    ]
    parts += [
        f"{label}: {display.moment(fact.fields[name], zone)}"
        for name, label in _TIMES.items()
        if fact.fields.get(name)
    ]
    return "; ".join([*parts, *(f"{label}: {answer}" for label, answer in fact.notes)])
