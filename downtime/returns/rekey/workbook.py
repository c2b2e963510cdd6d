"""The re-key worklist as a workbook, which people sort and fill in. Pure."""

import io
import re
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, NamedStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from downtime.paper import csv_file
from downtime.returns.rekey.line_table import COLUMNS

_HEAD, _CELL = "Worklist head", "Worklist cell"
"""The styles of a workbook's cells."""


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
        sheet.append([csv_file.escape_formula(cell) for cell in row])
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
