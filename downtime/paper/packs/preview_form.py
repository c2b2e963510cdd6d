"""A form filled with invented values, to be looked at: SPECIMEN on every page, in no ledger."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from math import atan2, degrees, hypot
from typing import BinaryIO

import pikepdf

from downtime.config import Home
from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.medicine_charts import list_signed_rows
from downtime.paper.forms.model import FieldType, FormDefinition, FormItem
from downtime.paper.layout.lay_out_form import lay_out_form
from downtime.paper.layout.model import FormLayout, FormSheet, Imprint
from downtime.paper.layout.stamp_pages import DocumentPrinter
from downtime.pdf.fit_text import text_width
from downtime.pdf.templates import render_pdf
from downtime.pdf.writer import PdfWriter
from downtime.settings import Settings

SPECIMEN = "SPECIMEN"
SERIAL = "SPECIMEN0"
"""In place of a serial: no reader takes it for one."""
_OPTION = re.compile("=[^:]*")
_IDENTITY = {
    "patient.name": "SPECIMEN, Samuel (Mr)",
    "patient.born": "02-Jan-1960 (66y)",
    "patient.gender": "Male",
    "patient.nhs": "999 000 0018",
    "patient.mrn": "X00000",
    "patient.location": "A1, bay B, bed 4",
    "patient.allergies": "Known allergies: Invented substance (rash)",
    "patient.downtime-number": "",
    "author.name": "Alex Example",
    "author.role": "Staff nurse",
    "author.signature": "A. Example",
}
"""Nobody: the NHS number lies in the range that is never given (999 000 0000 upwards)."""


def preview_form(
    form: FormDefinition, home: Home | None, settings: Settings, now: datetime, out: BinaryIO
) -> int:
    """Write the form with every field filled as PDF; returns its pages."""
    imprint = Imprint(
        site=settings.site.name,
        outage=f"{SPECIMEN}: not for use",
        drill=False,
        as_at="Invented values; nobody is described here.",
        printed="Preview of the form; not issued.",
        mrn_name=settings.site.mrn_name,
    )
    printer = DocumentPrinter(PdfWriter(out, f"{form.title}: {SPECIMEN.lower()}", now), imprint)
    labels = {item.link_id: item.text for item in form.fields()}
    layout = _add_watermark(lay_out_form(form, home, settings))
    shown = specimen_values(form)
    if form.background:
        placed = {_OPTION.sub("", place.key) for page in layout.pages for place in page}
        shown = {key: value for key, value in shown.items() if key in placed}
    pages = printer.print(FormSheet(layout, SERIAL, shown, labels, list_signed_rows(form)))
    printer.finish()
    return pages


def _add_watermark(layout: FormLayout) -> FormLayout:
    """The layout with the word across each page, under everything that is to be read."""
    wide, high = layout.size
    angle = round(degrees(atan2(high, wide)))
    points = round(hypot(wide, high) * 0.66 / text_width(SPECIMEN, True))
    word = render_pdf("watermark.html", word=SPECIMEN, size=layout.size, points=points, angle=angle)
    marked = BytesIO()
    with pikepdf.open(BytesIO(layout.pdf)) as document, pikepdf.open(BytesIO(word)) as mark:
        for page in document.pages:
            page.add_underlay(mark.pages[0], pikepdf.Rectangle(0, 0, wide, high))
        document.save(marked)
    return replace(layout, pdf=marked.getvalue(), digest=f"{layout.digest} {SPECIMEN}")


def specimen_values(form: FormDefinition) -> dict[str, str]:
    """An invented value for every key of the form."""
    identity = {key: value for key, value in _IDENTITY.items() if value}
    filled = dict(_fill(form))
    return filled | {
        key: value
        for key, value in identity.items()
        if key in filled or (form.identity and key.startswith("patient."))
    }


def _fill(form: FormDefinition) -> Iterator[tuple[str, str]]:
    for item in form.fields():
        for row, key in enumerate(item.answer_keys()):
            yield key, _make_value(item, row)


def _make_value(item: FormItem, row: int) -> str:
    if item.options:
        return item.options[row % len(item.options)].code
    row_of_type = FIELD_TYPES[item.type]
    if row_of_type.is_number:
        low = item.min if item.min is not None else 0
        high = item.max if item.max is not None else low + 10
        middle = low + (high - low) / 2
        return f"{middle:.1f}" if item.type == FieldType.DECIMAL else f"{middle:.0f}"
    text = row_of_type.specimen
    return text[: item.max_length] if item.max_length else text
