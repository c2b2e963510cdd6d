"""Ink over what was printed for this patient is seen: a medicine struck out, a name written over."""

from itertools import groupby

import cv2
import pytest
from PIL import Image

from downtime.paper.layout.issued_page import IssuedContent
from downtime.scanning.read_issued_pages import KeptPage, read_issued_pages
from downtime.settings import Settings
from tests.integration.returns.pictures import as_file
from tests.unit.scanning.returned_page import MM as PAGE_MM
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


def words_of(chart, key):
    """Where what is printed in a field stands: millimetres from the upper left."""
    x, y, width, height = (round(length * PAGE_MM) for length in chart.place(key))
    dots = cv2.findNonZero((chart.picture[y + 6 : y + height - 6, x + 6 : x + width - 6] < 128).astype("uint8"))  # fmt: skip
    left, top, wide, high = cv2.boundingRect(dots)
    return (x + 6 + left) / PAGE_MM, (y + 6 + top) / PAGE_MM, wide / PAGE_MM, high / PAGE_MM


@pytest.mark.parametrize("key", ["dose:1", "drug:2", "patient.mrn"])
def test_a_steep_slash_through_a_printed_value_is_shown(chart, key):
    x, y, width, height = words_of(chart, key)
    chart.stroke((x + width / 2 - 0.6, y + height + 0.6), (x + width / 2 + 0.6, y - 0.6))
    assert touched(chart, read(chart, angle=0.7)) == {key}


def test_a_point_set_into_a_printed_dose_is_shown(chart):
    """In the white between its number and its unit; between two figures a point hides in their edges."""
    x, y, width, height = words_of(chart, "dose:1")
    rows = slice(round(y * PAGE_MM), round((y + height) * PAGE_MM))
    columns = slice(round(x * PAGE_MM), round((x + width) * PAGE_MM))
    is_white = (chart.picture[rows, columns] > 128).all(axis=0)
    runs = [list(run) for white, run in groupby(range(is_white.size), is_white.item) if white]
    gap = max(runs, key=len)
    middle = x + (gap[0] + gap[-1]) / 2 / PAGE_MM
    chart.stroke((middle, y + height - 1), (middle, y + height - 0.95), width=0.5)
    assert touched(chart, read(chart, angle=0.7)) == {"dose:1"}


@pytest.mark.parametrize("tone", [235, 250])
def test_a_printed_dose_under_correction_fluid_is_shown(chart, tone):
    x, y, width, height = (round(length * PAGE_MM) for length in words_of(chart, "dose:1"))
    chart.picture[y - 4 : y + height + 4, x - 4 : x + width // 2] = tone
    assert touched(chart, read(chart, angle=0.7)) == {"dose:1"}


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
