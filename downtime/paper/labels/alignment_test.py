"""A page of outlines to hold against a sheet of labels: does the printer meet them?"""

from datetime import datetime
from typing import BinaryIO

from downtime.paper.labels.label_design import LINE_ABOVE, MM, page_wide_line, short_line
from downtime.paper.labels.model import A4, LabelSheet, find_label_sheet
from downtime.paper.labels.print_labels import label_corner
from downtime.paper.layout.model import Imprint
from downtime.paper.layout.stamp_pages import DocumentPrinter
from downtime.pdf.writer import PdfWriter
from downtime.settings import Settings

RULER = 100
"""Millimetres of the printed ruler: a shorter one on paper means that the printer scales pages."""
_PAGE = (A4[0] * MM, A4[1] * MM)


def print_alignment_test(settings: Settings, name: str, created: datetime, out: BinaryIO) -> None:
    """Outline every label of a sheet on plain paper, with the printer's offset; NotFoundError.

    It holds nothing of anybody, so it has no serial.
    """
    sheet = find_label_sheet(name or settings.paper.label_sheet)
    paper = settings.paper
    printer = DocumentPrinter(PdfWriter(out, f"Alignment test {sheet.name}", created), _NOBODY)
    lines, operators = [], ["0.4 w 0 G\n"]
    for number in range(1, sheet.label_count + 1):
        x, y = label_corner(settings, sheet, number)
        operators.append(_outline(sheet, x, y))
        lines += short_line(str(number), x + 1.2 * MM, y - sheet.height * MM + 1.2 * MM, 6.5)
    head = (
        f"{sheet.name}: print on plain paper at 100%, hold it with a sheet of labels against the"
        f" light. Offset {paper.label_offset_x_mm:g} mm right, {paper.label_offset_y_mm:g} mm down"
        " (paper.label_offset_x_mm, paper.label_offset_y_mm)."
    )
    _, corner_y = label_corner(settings, sheet, (sheet.rows // 2) * sheet.columns + 1)
    ruler_x, ruler_y = 20 * MM, corner_y - sheet.height / 2 * MM
    operators.append(_ruler(ruler_x, ruler_y))
    lines += short_line(f"{RULER} mm", ruler_x + RULER * MM + 6, ruler_y - 3, 8)
    below = 3.5 if sheet.first_y >= LINE_ABOVE else sheet.first_y + 6
    printer.print_plain_page(_PAGE, [*lines, *page_wide_line(head, below)], "".join(operators))
    printer.finish()


_NOBODY = Imprint(site="", outage="", drill=False, as_at="", printed="", mrn_name="")


def _outline(sheet: LabelSheet, x: float, y: float) -> str:
    width, height = sheet.width * MM, sheet.height * MM
    arm = min(width, height) / 8
    middle_x, middle_y = x + width / 2, y - height / 2
    return (
        f"{x:.2f} {y - height:.2f} {width:.2f} {height:.2f} re S\n"
        f"{middle_x - arm:.2f} {middle_y:.2f} m {middle_x + arm:.2f} {middle_y:.2f} l S\n"
        f"{middle_x:.2f} {middle_y - arm:.2f} m {middle_x:.2f} {middle_y + arm:.2f} l S\n"
    )


def _ruler(x: float, y: float) -> str:
    """A line of 100 mm with a tick at each centimetre."""
    ticks = "".join(
        f"{x + mm * MM:.2f} {y - 4:.2f} m {x + mm * MM:.2f} {y + 4:.2f} l S\n"
        for mm in range(0, RULER + 1, 10)
    )
    return f"1.4 w {x:.2f} {y:.2f} m {x + RULER * MM:.2f} {y:.2f} l S\n{ticks}"
