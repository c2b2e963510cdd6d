"""The text and boxes of every form's every page, held against what was last looked at.

After a wanted change, look at the pages as pictures and run with `GOLDEN=write` to keep them.
"""

import io
import json
import os
import re
import subprocess
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pytest

from downtime.paper.forms.load_form import load_forms
from downtime.paper.layout.model import Imprint
from downtime.paper.layout.stamp_pages import DocumentPrinter
from downtime.paper.layout.template_layout import form_layout
from downtime.paper.serials import make_serial
from downtime.pdf.writer import PdfWriter

OPTION = re.compile("=[^:]*")
"""The option in the key of its box: `outcome=seen:3` is a box of the field `outcome:3`."""
SIGN_OFF = ("author.", "event.")
KEPT = Path(__file__).parent / "forms"
NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
IMPRINT = Imprint(
    site="Demonstration Hospital",
    outage="DRILL 2026-11-02-1",
    drill=True,
    as_at="Data as at: PAS 02-Nov-2026 13:58 · EPR 02-Nov-2026 13:40",
    printed="Printed 02-Nov-2026 14:30 by Amina Ward on laptop-1. Pack K7-P00001.",
    mrn_name="Hospital No.",
)
PATIENT = {
    "patient.name": "O'CALLAGHAN-SMYTHE, Aoife (Mrs)",
    "patient.born": "02-Jan-1960 (66y)",
    "patient.gender": "Female",
    "patient.nhs": "999 000 0018",
    "patient.mrn": "RX00001",
    "patient.location": "A1, bay B, bed 1",
    "patient.allergies": "Known allergies: Penicillin (anaphylaxis); Latex (rash)",
}


@lru_cache(maxsize=4)
def printed(name):
    form = load_forms()[name]
    layout = form_layout(form, "Hospital No.")
    out = io.BytesIO()
    printer = DocumentPrinter(PdfWriter(out, form.title, NOW), IMPRINT)
    printer.print_form(layout, make_serial("K7", 42), PATIENT if form.identity else {}, {})
    printer.finish()
    return layout, out.getvalue()


def text_of(pdf):
    command = ["pdftotext", "-layout", "-", "-"]
    text = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()
    return [[" ".join(line.split()) for line in page.splitlines() if line.strip()]
            for page in text.split("\f")[:-1]]  # fmt: skip


def boxes_of(layout):
    """Each field's rectangle to a tenth of a point: left, bottom, width, height."""
    return [
        {p.key: [round(v, 1) for v in (p.x, p.y, p.width, p.height)] for p in page}
        for page in layout.pages
    ]


@pytest.mark.parametrize("name", sorted(load_forms()))
def test_a_form_looks_as_it_was_last_looked_at(name):
    layout, pdf = printed(name)
    found = {"text": text_of(pdf), "boxes": boxes_of(layout)}
    file = KEPT / f"{name}.json"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    kept = json.loads(file.read_text())
    assert found["text"] == kept["text"]
    assert found["boxes"] == kept["boxes"]


@pytest.mark.parametrize("name", sorted(load_forms()))
def test_every_field_has_a_box_on_paper_and_none_overlaps_another(name):
    layout, _ = printed(name)
    form = load_forms()[name]
    keys = {OPTION.sub("", place.key) for page in layout.pages for place in page}
    assert set(form.keys()) <= keys
    for page in layout.pages:
        for place in page:
            assert 0 < place.x < place.x + place.width < layout.size[0]
            assert 0 < place.y < place.y + place.height < layout.size[1]
        fields = [place for place in page if not place.key.startswith("page.")]
        for one in fields:
            for other in fields:
                assert one is other or apart(one, other), (one.key, other.key)


MM = 72 / 25.4
BINDING = 20 * MM
"""A four-hole punch cuts into the left margin of a front and the right one of a back; a page that lies
on its side is punched along its top, and its back along its bottom."""


@pytest.mark.parametrize("name", sorted(load_forms()))
def test_nothing_lies_where_a_page_is_punched(name):
    layout, _ = printed(name)
    width, height = layout.size
    for number, page in enumerate(layout.pages, 1):
        assert len([box for box in page if box.key.startswith("page.code-")]) == 2
        for box in page:
            if width < height:
                free = min(box.x, width - box.x - box.width)
            else:
                free = height - box.y - box.height if number % 2 else box.y
            assert free >= BINDING - 0.5, box.key


def apart(one, other):
    slack = 0.5
    return (
        one.x + one.width <= other.x + slack
        or other.x + other.width <= one.x + slack
        or one.y + one.height <= other.y + slack
        or other.y + other.height <= one.y + slack
    )


@pytest.mark.parametrize("name", sorted(load_forms()))
def test_there_is_room_for_handwriting_and_tick_boxes_are_of_one_size(name):
    layout, _ = printed(name)
    millimetre = 72 / 25.4
    ticks = set()
    for page in layout.pages:
        for place in page:
            if place.kind == "tick":
                ticks.add((round(place.width, 1), round(place.height, 1)))
            elif not place.key.startswith(("page.", "patient.")):
                assert place.height >= 7.7 * millimetre, place.key
    assert len(ticks) <= 1
    assert all(wide == high for wide, high in ticks)


@pytest.mark.parametrize("name", sorted(load_forms()))
def test_the_title_stands_on_one_line(name):
    _, pdf = printed(name)
    assert all(any(load_forms()[name].title in line for line in page) for page in text_of(pdf))


@pytest.mark.parametrize("name", sorted(load_forms()))
def test_no_page_of_a_form_is_nearly_empty(name):
    layout, _ = printed(name)
    for page in layout.pages:
        fields = [p for p in page if not p.key.startswith(("page.", "patient.", *SIGN_OFF))]
        assert fields
