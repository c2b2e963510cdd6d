"""A box of paper in a real browser: sent, read, and a page of the tray brought to its form."""

import pytest

from downtime.paper.serials import format_serial
from downtime.scanning import store
from tests.functional.conftest import click_through, wait_until
from tests.functional.test_pages import cut_off, violations
from tests.integration.returns.pictures import as_pdf, blank_page, coded_page, inked_page

pytestmark = pytest.mark.browser


@pytest.mark.usefixtures("outage")
def test_a_box_is_sent_and_a_page_without_a_code_is_brought_to_its_form(visit_own, vault, issue):
    first, second = issue("observations"), issue("observations")
    box = as_pdf(coded_page(first), blank_page(), inked_page())
    page = visit_own("records-clerk")
    page.goto("/scans")
    page.fill("#name", "Ward A1, box 1")
    page.set_input_files(
        "#files", [{"name": "box.pdf", "mimeType": "application/pdf", "buffer": box}]
    )
    click_through(page.locator("text=Read the pages"))
    wait_until(lambda: store.fetch_tray(vault.db))
    wait_until(lambda: store.fetch_batches(vault.db)[0].ended)
    (batch,), (unread,) = store.fetch_batches(vault.db), store.fetch_tray(vault.db)
    found = {}
    for address in (
        "/scans", f"/scans/batch/{batch.id}?outcome=filed", "/scans/tray", "/scans/telephone",
        f"/scans/page/{unread.id}/candidates", f"/scans/page/{unread.id}",
    ):  # fmt: skip
        assert page.goto(address).status == 200
        found |= {address: bad} if (bad := violations(page) + cut_off(page)) else {}
    page.fill("#serial", format_serial(second))
    click_through(page.locator("text=Show the form"))
    found |= {"compare": bad} if (bad := violations(page)) else {}
    assert "HILL, Ann" in page.inner_text("main")
    click_through(page.locator("text=Yes, file the page there"))
    assert "The tray is empty." in page.inner_text("main")
    assert found == {}
