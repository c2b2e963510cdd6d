"""A scan sent on the screen: its code decides, and without one a person says so, once it was refused."""

import io

import pytest

from downtime.entry import scans
from downtime.paper import move_form
from downtime.paper.serials import format_serial
from tests.integration.returns.pictures import as_file, coded_page, inked_page


@pytest.fixture
def forms(vault, outage, issue, actor):
    serials = [issue("observations") for _ in range(2)]
    for serial in serials:
        move_form.mark_returned(vault, serial, actor)
    return serials


def send(browser, serial, content, **fields):
    files = {"scan": (io.BytesIO(content), "scan.png"), **fields}
    return browser.post(f"/key/{serial}/scan", files, content_type="multipart/form-data")


def test_the_code_decides_and_without_one_a_tick_is_offered_after_the_refusal(
    hospital, vault, forms
):
    first, second = forms
    clerk = hospital.browser("records-clerk")
    wrong = send(clerk, first, as_file(coded_page(second)), without_code="1")
    assert wrong.status_code == 409
    assert format_serial(first) in wrong.text
    assert format_serial(second) in wrong.text
    assert 'name="without_code"' not in clerk.get(f"/key/{first}").text
    answer = send(clerk, first, as_file(inked_page()))
    assert answer.status_code == 303
    assert scans.find_scan(vault, first) is None
    page = clerk.get(f"/key/{first}").text
    assert "No code can be read" in page
    assert 'name="without_code"' in page
    assert 'name="without_code"' not in clerk.get(f"/key/{second}").text
    send(clerk, first, as_file(inked_page()), without_code="1")
    assert "No code read:" in clerk.get(f"/key/{first}").text
    same = send(clerk, second, as_file(inked_page()), without_code="1")
    assert same.status_code == 409
    send(clerk, second, as_file(coded_page(second)))
    assert "Its code was read." in clerk.get(f"/key/{second}").text


def test_a_scan_in_doubt_is_looked_at_and_confirmed_with_a_reason(hospital, vault, forms, actor):
    first, _ = forms
    clerk = hospital.browser("records-clerk")
    send(clerk, first, as_file(coded_page(first)))
    with vault.change(actor, "sync.merge") as db:
        db.execute("UPDATE form_scan SET doubt = 'no-code', codes = '' WHERE serial = ?", [first])
    assert "With a scan in doubt (1)" in clerk.get("/forms/lists/scans").text
    page = clerk.get(f"/key/{first}").text
    assert "A scan in doubt." in page
    assert 'class="paper"' not in page
    assert clerk.post(f"/key/{first}/scan/confirm", {"reason": ""}).status_code == 400
    clerk.post(f"/key/{first}/scan/confirm", {"reason": "the serial at the top"})
    assert 'class="paper"' in clerk.get(f"/key/{first}").text
