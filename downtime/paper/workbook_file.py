"""A table as a workbook for people: one sheet, every cell is text, and none of them is run."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, NamedStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from downtime.paper.csv_file import escape_formula

_HEAD, _CELL = "Table head", "Table cell"
"""The styles of a workbook's cells."""
_WIDEST, _NARROWEST = 60, 10


def to_xlsx(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A workbook with one sheet, as wide as its longest words need."""
    table = [list(row) for row in rows]
    lengths = [max((len(row[n]) for row in (head, *table)), default=0) for n in range(len(head))]
    widths = [min(max(length + 2, _NARROWEST), _WIDEST) for length in lengths]
    return write_workbook(head, widths, {"List": table})


def write_workbook(
    head: Sequence[str], widths: Sequence[int], sheets: Mapping[str, Sequence[Sequence[str]]]
) -> bytes:
    """A workbook with these sheets under one head."""
    book = Workbook()
    if book.active:
        book.remove(book.active)
    for name, bold in ((_HEAD, True), (_CELL, False)):
        book.add_named_style(_style(name, bold))
    for name, rows in sheets.items():
        _fill(book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", name)[:31]), head, widths, rows)
    return save_workbook(book)


def save_workbook(book: Workbook) -> bytes:
    """The file of a workbook, made in memory alone."""
    content = io.BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        _MemoryWriter(book, archive).write_data()
    return content.getvalue()


class _MemoryWriter(ExcelWriter):
    """Writes sheets as they are filled: openpyxl itself puts each aside in a clear temporary file first."""

    def __init__(self, book: Workbook, archive: ZipFile) -> None:
        super().__init__(book, archive)
        self._zip_file = archive

    def write_worksheet(self, ws: Any) -> None:
        """One sheet, which has neither pictures nor charts."""
        ws._drawing = None
        stream = io.BytesIO()
        writer: Any = WorksheetWriter(ws, stream)
        writer.write()
        ws._rels = writer._rels
        self._zip_file.writestr(ws.path[1:], stream.getvalue())
        self.manifest.append(ws)


def _style(name: str, bold: bool) -> NamedStyle:
    """Named once in the book: a style built for each cell takes longer than all the rest."""
    alignment = Alignment(vertical="top", wrap_text=True)
    return NamedStyle(name, font=Font(bold=bold), alignment=alignment, number_format="@")


def _fill(
    sheet: Worksheet, head: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[str]]
) -> None:
    sheet.append(list(head))
    for row in rows:
        sheet.append([escape_formula(cell) for cell in row])
    for cells in sheet.iter_rows():
        for cell in cells:
            cell.data_type = "s"
            cell.style = _HEAD if cell.row == 1 else _CELL
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"
