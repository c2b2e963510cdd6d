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
from downtime.paper.forms.questionnaire import TRUE, FormDefinition, Item
from downtime.paper.layout.layout import Layout
from downtime.paper.layout.layouts import layout_of
from downtime.paper.layout.sheet import Imprint
from downtime.paper.layout.stamp import Printer
from downtime.pdf.fit import width
from downtime.pdf.templates import render
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
_WORDS = {
    "string": "Example",
    "text": "An example of what is written here by hand.",
    "boolean": TRUE,
    "date": "02-Nov-2026",
    "time": "14:30",
    "dateTime": "02-Nov-2026 14:30",
}


def preview(
    form: FormDefinition, home: Home | None, settings: Settings, made: datetime, out: BinaryIO
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
    printer = Printer(PdfWriter(out, f"{form.title}: {SPECIMEN.lower()}", made), imprint)
    labels = {item.link_id: item.text for item in form.fields()}
    layout = _marked(layout_of(form, home, settings))
    shown = values(form)
    if form.background:
        placed = {_OPTION.sub("", place.key) for page in layout.pages for place in page}
        shown = {key: value for key, value in shown.items() if key in placed}
    pages = printer.form(layout, SERIAL, shown, labels)
    printer.finish()
    return pages


def _marked(layout: Layout) -> Layout:
    """The layout with the word across each page, under everything that is to be read."""
    wide, high = layout.size
    angle = round(degrees(atan2(high, wide)))
    points = round(hypot(wide, high) * 0.66 / width(SPECIMEN, True))
    word = render("watermark.html", word=SPECIMEN, size=layout.size, points=points, angle=angle)
    marked = BytesIO()
    with pikepdf.open(BytesIO(layout.pdf)) as document, pikepdf.open(BytesIO(word)) as mark:
        for page in document.pages:
            page.add_underlay(mark.pages[0], pikepdf.Rectangle(0, 0, wide, high))
        document.save(marked)
    return replace(layout, pdf=marked.getvalue(), digest=f"{layout.digest} {SPECIMEN}")


def values(form: FormDefinition) -> dict[str, str]:
    """An invented value for every key of the form."""
    identity = {key: value for key, value in _IDENTITY.items() if value}
    filled = dict(_filled(form))
    return filled | {
        key: value
        for key, value in identity.items()
        if key in filled or (form.identity and key.startswith("patient."))
    }


def _filled(form: FormDefinition) -> Iterator[tuple[str, str]]:
    for item in form.fields():
        for row, key in enumerate(item.answer_keys()):
            yield key, _value(item, row)


def _value(item: Item, row: int) -> str:
    if item.options:
        return item.options[row % len(item.options)].code
    if item.type in ("integer", "decimal", "quantity"):
        low = item.min if item.min is not None else 0
        high = item.max if item.max is not None else low + 10
        middle = low + (high - low) / 2
        return f"{middle:.1f}" if item.type == "decimal" else f"{middle:.0f}"
    text = _WORDS[item.type]
    return text[: item.max_length] if item.max_length else text
