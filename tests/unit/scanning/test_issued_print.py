"""Ink over what was printed for this patient is seen: a medicine struck out, a name written over."""

import pytest
from PIL import Image

from downtime.paper.layout.issued_page import IssuedContent
from downtime.scanning.read_issued_pages import KeptPage, read_issued_pages
from downtime.settings import Settings
from tests.integration.returns.pictures import as_file
from tests.unit.scanning.returned_page import PENCIL, VALUES, ReturnedPage, layout_of, print_page

FORM = "drug-chart-regular"
PRINTED = VALUES | {
    "patient.mrn": "RX000123",
    "drug:1": "Amoxicillin capsules",
    "dose:1": "500 mg",
    "drug:2": "Bisoprolol tablets",
    "dose:2": "2.5 mg",
}
MM = 25.4 / 72


@pytest.fixture(scope="module")
def printed_chart():
    layout = layout_of(FORM)
    return ReturnedPage(layout, print_page(layout, values=PRINTED))


@pytest.fixture
def chart(printed_chart):
    """A fresh print of a drug chart with two medicines on it."""
    return ReturnedPage(printed_chart.layout, printed_chart.picture.copy())


def read(chart, values=PRINTED, **how):
    """The page as the child reads it that opens scans."""
    picture = as_file(Image.fromarray(chart.scanned(**how)))
    content = IssuedContent(values, (), 3)
    page = KeptPage("", 1, chart.layout.digest, False, picture, content=content)
    (reading,) = read_issued_pages(Settings(), {chart.layout.digest: chart.layout}, [page])
    assert reading.gate is None
    return reading


def touched(chart, reading):
    """The printed fields over which ink was seen."""
    fields = [
        chart.field(key) for key in PRINTED if any(f.key == key for f in chart.layout.pages[0])
    ]
    return {
        field.key
        for ink in reading.outside
        for field in fields
        if ink.x < field.x + field.width and field.x < ink.x + ink.width
        and ink.y < field.y + field.height and field.y < ink.y + ink.height
    }  # fmt: skip


@pytest.mark.parametrize("how", [{}, {"angle": 1.5, "scale": 0.96}, {"dpi": 300, "angle": 180}])
def test_a_page_as_it_was_printed_shows_no_ink(chart, how):
    assert read(chart, **how).outside == ()


@pytest.mark.parametrize(
    ("key", "length", "pen"),
    [
        ("drug:1", 20, {}),
        ("drug:2", 12, {"tone": PENCIL}),
        ("dose:2", 6, {"width": 0.35}),
        ("patient.name", 18, {}),
        ("patient.mrn", 10, {}),
    ],
)
def test_a_printed_value_that_is_struck_out_is_shown(chart, key, length, pen):
    chart.strike(key, length, **pen)
    assert touched(chart, read(chart, angle=0.7)) == {key}


def test_a_word_beside_a_printed_dose_is_shown_and_its_own_field_stays_a_field(chart):
    x, y, width, height = chart.place("dose:1")
    chart.stroke((x + width - 7, y + 2), (x + width - 5, y + height - 1), (x + width - 3, y + 2))
    chart.write("renal")
    reading = read(chart)
    assert touched(chart, reading) == {"dose:1"}
    assert reading.find_marks()["renal"] == "marked"


def test_print_that_cannot_be_drawn_here_is_for_a_person(chart):
    """A script that has to be shaped: nobody knows which dots of it are ink."""
    reading = read(chart, PRINTED | {"drug:1": "\u0634\u0631\u0628"})
    assert touched(chart, reading) == {"drug:1"}
