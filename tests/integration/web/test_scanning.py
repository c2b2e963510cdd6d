"""Boxes of scanned paper on the screen: sent, read, counted, and the tray emptied by people."""

import io
import re

import pytest

from downtime.entry import double_keying, keying, late_pages, scans
from downtime.entry.model import Check, VerificationBasis
from downtime.entry.open_form import open_form
from downtime.entry.store import second_keyings
from downtime.paper.serials import format_serial
from downtime.scanning import store
from downtime.vault.jobs import claim_next_job
from downtime.vault.model import Actor
from downtime.web.run_job import run_job
from tests.integration.returns.pictures import as_file, as_pdf, blank_page, coded_page, inked_page
from tests.integration.scanning.printed_paper import as_png, print_paper
from tests.integration.scanning.test_second_reading import KEYED, WRITTEN
from tests.integration.web.conftest import Hospital


@pytest.fixture
def send(vault, settings, outage):
    """`send(browser, name, *files)`: as a browser sends them, and read as a job reads them."""

    def post(browser, name, *files):
        sent = [(io.BytesIO(content), f"scan{n}.pdf") for n, content in enumerate(files)]
        fields = {"name": name, "files": sent}
        answer = browser.post("/scans", fields, content_type="multipart/form-data")
        if answer.status_code == 303:
            run_job(vault, settings, vault_job(vault, answer.location))
        return answer

    return post


def vault_job(vault, address):
    job = claim_next_job(vault)
    assert job.id in address
    return job


def test_a_box_is_sent_read_and_counted_and_nothing_of_it_is_kept_twice(
    hospital, vault, issue, send
):
    first, second = issue("observations"), issue("observations")
    clerk = hospital.browser("records-clerk")
    box = as_pdf(coded_page(first), blank_page(), inked_page()), as_file(coded_page(second))
    send(clerk, "Ward A1, box 1", *box)
    page = clerk.get("/scans").text
    assert "Ward A1, box 1" in page
    assert "1 page without a home." in page
    assert scans.find_scan(vault, first)
    assert scans.find_scan(vault, second)
    assert vault.db.execute("SELECT count(content) FROM scan_file").fetchone()[0] == 0
    (batch,) = store.fetch_batches(vault.db)
    page = clerk.get(f"/scans/batch/{batch.id}?outcome=filed").text
    assert "Filed with their forms (2)" in page
    assert "Blank backs (1)" in page
    assert format_serial(first) in page
    assert f'src="/key/{first}/scan/1"' in clerk.get(f"/key/{first}").text
    refused = send(clerk, "Nothing")
    assert refused.status_code == 400


def test_a_page_of_the_tray_shows_the_person_of_a_typed_serial_before_it_is_filed(
    hospital, vault, issue, send
):
    serial = issue("observations")
    clerk = hospital.browser("records-clerk")
    send(clerk, "Box", as_file(inked_page()))
    (page,) = store.fetch_tray(vault.db)
    assert page.batch in clerk.get("/scans/tray").text
    address = f"/scans/page/{page.id}"
    assert clerk.get(f"{address}/picture").mimetype == "image/jpeg"
    wrong = clerk.post(f"{address}/find", {"serial": "K7-000001-0", "number": "1"})
    assert wrong.status_code == 400
    shown = clerk.post(f"{address}/find", {"serial": format_serial(serial), "number": "1"}).text
    assert "HILL, Ann" in shown
    assert scans.find_scan(vault, serial) is None
    clerk.post(f"{address}/file", {"serial": serial, "number": "1"})
    assert scans.find_scan(vault, serial).without_code
    assert "The tray is empty." in clerk.get("/scans/tray").text


def test_a_page_is_put_aside_by_two_people_on_the_screen(hospital, vault, send):
    clerk, supervisor = hospital.browser("records-clerk"), hospital.browser("records-supervisor")
    send(clerk, "Box", as_file(inked_page()))
    (page,) = store.fetch_tray(vault.db)
    address = f"/scans/page/{page.id}"
    assert clerk.post(f"{address}/aside", {"reason": ""}).status_code == 400
    clerk.post(f"{address}/aside", {"reason": "a shopping list"})
    assert "Put it aside" not in clerk.get(address).text
    assert clerk.post(f"{address}/aside/confirm").status_code == 409
    assert "a shopping list" in supervisor.get(address).text
    supervisor.post(f"{address}/aside/confirm")
    assert "The tray is empty." in supervisor.get("/scans/tray").text


def test_pages_that_were_not_scanned_are_named_beside_the_fields(hospital, vault, issue, send):
    serial = issue("observations")
    vault.db.execute("UPDATE form_issue SET pages = 3 WHERE serial = ?", [serial])
    clerk = hospital.browser("records-clerk")
    send(clerk, "Box", as_file(coded_page(serial, 2)))
    (batch,) = store.fetch_batches(vault.db)
    assert "Forms with pages missing" in clerk.get(f"/scans/batch/{batch.id}").text
    page = clerk.get(f"/key/{serial}").text
    assert "Not scanned yet: pages 1, 3" in page
    assert f'src="/key/{serial}/scan/2"' in page
    assert f'src="/key/{serial}/scan/1"' not in page


def test_a_page_that_came_late_is_named_on_its_forms_page_until_somebody_has_looked(
    hospital, vault, issue, send, monkeypatch
):
    serial = issue("observations")
    vault.db.execute("UPDATE form_issue SET pages = 2 WHERE serial = ?", [serial])
    clerk = hospital.browser("records-clerk")
    send(clerk, "Box", as_file(coded_page(serial, 2)))
    monkeypatch.setattr(late_pages, "find_late", lambda vault, serial: [2])
    assert "Page 2 was scanned after this form was entered." in clerk.get(f"/key/{serial}").text
    address = f"/key/{serial}/scan/late"
    assert clerk.post(address, {"number": "2", "reason": ""}).status_code == 400
    assert clerk.post(address, {"number": "1", "reason": "nothing new"}).status_code == 409
    clerk.post(address, {"number": "2", "reason": "nothing new"})
    (row,) = vault.db.query("SELECT page, reason FROM late_page")
    assert row == {"page": 2, "reason": "nothing new"}


def test_the_telephones_page_says_what_became_of_each_picture(hospital, vault, settings, outage):
    _, page = print_paper(vault, settings, Actor("u-1", "Ann", "K7"))
    clerk = hospital.browser("records-clerk")
    assert 'capture="environment"' in clerk.get("/scans/telephone").text

    def send(content):
        files = {"picture": (io.BytesIO(content), "page.jpg")}
        return clerk.post("/scans/telephone", files, content_type="multipart/form-data").text

    assert "Take it again please" in send(as_file(inked_page()))
    assert "Filed:" in send(as_png(page))
    assert "Kept, not filed:" in send(as_png(page, angle=1)), "a second picture is a copy"


def test_forms_that_are_ruled_like_a_page_are_offered_with_their_people_and_nothing_is_filed(
    hospital, vault, settings, send
):
    serial, page = print_paper(vault, settings, Actor("u-1", "Ann", "K7"))
    for corner in "ab":
        page.blot(f"page.code-{corner}")
    clerk = hospital.browser("records-clerk")
    send(clerk, "Box", as_png(page))
    (unread,) = store.fetch_tray(vault.db)
    offered = clerk.get(f"/scans/page/{unread.id}/candidates").text
    assert f'value="{serial}"' in offered
    (address,) = re.findall(r'src="(/scans/print/[^"]+)"', offered)[:1]
    assert clerk.get(address).mimetype == "image/png"
    shown = clerk.post(f"/scans/page/{unread.id}/find", {"serial": serial, "number": "1"}).text
    assert "Is this what stands on the paper?" in shown
    assert store.fetch_tray(vault.db) == [unread]


def test_where_the_scanner_counts_the_pages_say_so_and_a_difference_is_decided(
    hospital, vault, settings, send
):
    with hospital.home.config_file.open("a") as file:
        file.write('\n[entry]\nsecond_reading = ["ticks", "empty"]\nsample_percent = 0.0\n')
    letting = Hospital(hospital.home, hospital.clock, hospital.secrets, hospital.file)
    for basis in (VerificationBasis.READ_TICKS, VerificationBasis.READ_EMPTY):
        check = Check(
            serial=f"K7-{basis}", outage="", form="f", at="", basis=basis, fields=5000, errors=0
        )
        second_keyings.add_check(vault.db, check)
    serial, page = print_paper(vault, settings, Actor("u-1", "Ann", "K7"))
    for key in ("test.fbc", "test.gent", "priority=urgent"):
        page.tick(key)
    for key in WRITTEN:
        page.write(key)
    send(hospital.browser("records-clerk"), "Box", as_png(page))
    clerk, supervisor = letting.browser("records-clerk"), letting.browser("records-supervisor")
    shown = clerk.get(f"/key/{serial}").text
    assert "as if there were no" in shown
    assert "Ticked on the scan" not in shown
    typed = {key: text for key, text in KEYED.items() if key != "test.gent"}
    first, second = Actor("u-1", "Ann", "K7"), Actor("u-2", "Ben", "K7")
    vault.db.execute("DELETE FROM entry_claim")
    keying.submit_entry(vault, letting.settings, serial, typed, first)
    asked = open_form(vault, serial, letting.settings).second_keys
    again = {key: text for key, text in KEYED.items() if key in asked}
    double_keying.submit_second_keying(vault, letting.settings, serial, again, second)
    assert "read by the scanner" in supervisor.get(f"/key/{serial}/decide").text
    assert supervisor.post(f"/key/{serial}/decide", {"choice:test.gent": "second"}).location
    assert "Second keying: the scanner" in clerk.get(f"/key/{serial}").text
    assert "What the scanner reads" in supervisor.get("/quality").text
