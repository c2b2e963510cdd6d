"""A screen sent to a printer: every column on the sheet, no addresses, the patient on each page."""

import subprocess

import pytest

from tests.functional.conftest import press_through

pytestmark = pytest.mark.browser


def printed(page, path, tmp_path):
    """The text of each sheet that the browser would print, and its width in points."""
    page.goto(path)
    file = tmp_path / "screen.pdf"
    page.pdf(path=file, prefer_css_page_size=True)
    text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, check=True)
    size = subprocess.run(["pdfinfo", file], capture_output=True, check=True).stdout.decode()
    wide = float(size.split("Page size:")[1].split("x")[0])
    return text.stdout.decode().split("\f")[:-1], wide


def test_a_bed_list_has_every_column_and_no_address_of_a_page(visit, tmp_path):
    sheets, wide = printed(visit("ward"), "/beds/ward?ward=A1", tmp_path)
    assert wide == pytest.approx(842, abs=1)
    assert all(name in sheets[0] for name in ("Bay", "NHS No.", "Consultant", "Reason"))
    assert not any("/patients/" in sheet or "Link:" in sheet for sheet in sheets)


def test_each_table_of_a_patient_says_whose_it_is(visit, tmp_path):
    page = visit("ward")
    page.fill("#text", "9990000018")
    press_through(page)
    page.wait_for_selector(".banner")
    name = page.inner_text(".banner .name")
    assert page.locator("tr.print-only").first.is_hidden()
    tables = page.locator("main table").count()
    sheets, _ = printed(page, page.url, tmp_path)
    assert tables >= 1
    assert sum(sheet.count(name) for sheet in sheets) >= tables + 1
