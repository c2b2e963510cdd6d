"""A page without a code is likest to its own print, however it was fed."""

import cv2
import pytest

from downtime.scanning.layout_likeness import rank_prints
from downtime.scanning.printed_page import render_printed_page
from tests.unit.scanning.returned_page import FORM, ReturnedPage, layout_of, print_page

FORMS = (FORM, "sepsis-checklist", "stool-chart")


@pytest.fixture(scope="module")
def prints():
    return [render_printed_page(layout_of(form), 1) for form in FORMS]


@pytest.mark.parametrize("angle", [1.5, 90, 182])
def test_a_page_is_likest_to_its_own_print_however_it_was_fed(prints, angle):
    layout = layout_of(FORMS[1])
    page = ReturnedPage(layout, print_page(layout))
    page.write("author.name")
    picture = cv2.resize(page.scanned(angle=angle), None, fx=0.5, fy=0.5)
    likeness = rank_prints(picture, prints)
    assert max(likeness) == likeness[1]
    assert likeness[1] > 1.25 * sorted(likeness)[-2]
