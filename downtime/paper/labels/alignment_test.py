"""A page of outlines to hold against a sheet of labels: does the printer meet them?"""

from datetime import datetime
from typing import BinaryIO

from downtime.paper.labels.label_design import LINE_ABOVE, MM, page_wide_line, short_line
from downtime.paper.labels.label_sheets import A4, LabelSheet, find_label_sheet
from downtime.paper.labels.print_labels import label_corner
from downtime.paper.layout.model import Imprint
from downtime.paper.layout.stamp_pages import DocumentPrinter
from downtime.pdf.writer import PdfWriter
from downtime.settings import Settings

RULER = 100
"""Millimetres of the printed ruler: a shorter one on paper means that the printer scales pages."""
_PAGE = (A4[0] * MM, A4[1] * MM)


def print_alignment_test(settings: Settings, name: str, made: datetime, out: BinaryIO) -> None:
    """Outline every label of a sheet on plain paper, with the printer's offset; NotFoundError.

    It holds nothing of anybody, so it has no serial.
    """
    sheet = find_label_sheet(name or settings.paper.label_sheet)
    paper = settings.paper
    printer = DocumentPrinter(PdfWriter(out, f"Alignment test {sheet.name}", made), _NOBODY)
    lines, marks = [], ["0.4 w 0 G\n"]
    for number in range(1, sheet.label_count + 1):
        x, y = label_corner(settings, sheet, number)
        marks.append(_outline(sheet, x, y))
        lines += short_line(str(number), x + 1.2 * MM, y - sheet.height * MM + 1.2 * MM, 6.5)
    head = (
        f"{sheet.name}: print on plain paper at 100%, hold it with a sheet of labels against the"
        f" light. Offset {paper.label_offset_x_mm:g} mm right, {paper.label_offset_y_mm:g} mm down"
        " (paper.label_offset_x_mm, paper.label_offset_y_mm)."
    )
    middle = label_corner(settings, sheet, (sheet.rows // 2) * sheet.columns + 1)
    marks.append(_ruler(20 * MM, middle[1] - sheet.height / 2 * MM))
    lines += short_line(
        f"{RULER} mm", 20 * MM + RULER * MM + 6, middle[1] - sheet.height / 2 * MM - 3, 8
    )
    below = 3.5 if sheet.top >= LINE_ABOVE else sheet.top + 6
    printer.print_plain_page(_PAGE, [*lines, *page_wide_line(head, below)], "".join(marks))
    printer.finish()


_NOBODY = Imprint(site="", outage="", drill=False, as_at="", printed="", mrn_name="")


def _outline(sheet: LabelSheet, x: float, y: float) -> str:
    wide, high = sheet.width * MM, sheet.height * MM
    cross = min(wide, high) / 8
    across, down = x + wide / 2, y - high / 2
    return (
        f"{x:.2f} {y - high:.2f} {wide:.2f} {high:.2f} re S\n"
        f"{across - cross:.2f} {down:.2f} m {across + cross:.2f} {down:.2f} l S\n"
        f"{across:.2f} {down - cross:.2f} m {across:.2f} {down + cross:.2f} l S\n"
    )


def _ruler(x: float, y: float) -> str:
    """A line of 100 mm with a tick at each centimetre."""
    ticks = "".join(
        f"{x + mm * MM:.2f} {y - 4:.2f} m {x + mm * MM:.2f} {y + 4:.2f} l S\n"
        for mm in range(0, RULER + 1, 10)
    )
    return f"1.4 w {x:.2f} {y:.2f} m {x + RULER * MM:.2f} {y:.2f} l S\n{ticks}"
