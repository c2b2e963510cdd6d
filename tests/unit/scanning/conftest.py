"""A printed form to write on."""

import pytest

from tests.unit.scanning.returned_page import ReturnedPage, layout_of, print_page


@pytest.fixture(scope="session")
def printed_form():
    layout = layout_of()
    return ReturnedPage(layout, print_page(layout))


@pytest.fixture
def sheet(printed_form):
    """A fresh print of a blood sciences request."""
    return ReturnedPage(printed_form.layout, printed_form.picture.copy())
