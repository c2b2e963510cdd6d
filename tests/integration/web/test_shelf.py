"""The shelf on the screen: found in two clicks, shown safely, kept by the site team, public where marked."""

import io
import re

import pytest

from downtime.paper.shelf import find_documents
from tests.integration.paper.test_shelf import BOOK, pdf
from tests.integration.web.test_ward import words

FIELDS = {
    "title": "Insulin protocol", "kind": "protocol", "owner": "Dr Cole, diabetes",
    "review": "2027-06-01", "expires": "", "name": "", "in_binder": "1", "reason": "new guideline",
}  # fmt: skip


def add(browser, content, name="x.pdf", **changes):
    fields = FIELDS | changes | {"file": (io.BytesIO(content), name)}
    return browser.post("/reference/add", fields, content_type="multipart/form-data")


@pytest.fixture
def site(hospital):
    """The site team, who have put a protocol and a public telephone book on the shelf."""
    browser = hospital.browser("site")
    assert add(browser, pdf("Start", "Ketones above three")).status_code == 303
    book = {"title": "Telephone book", "kind": "telephone-book", "is_public": "1"}
    assert add(browser, BOOK, "book.csv", **book).status_code == 303
    return browser


def test_two_clicks_lead_from_the_menu_to_the_page(hospital, site):
    browser = hospital.browser("ward")
    assert 'href="/reference"' in browser.get("/find").text
    page = browser.post("/reference", {"words": "keton"})
    assert "1 place with" in words(page.text)
    link = re.search(r'href="(/reference/documents/insulin-protocol/\w+)#page=2"', page.text)[1]
    answer = browser.get(link)
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("inline")
    line = browser.post("/reference", {"words": "blood"})
    assert "5512" in words(line.text)
    assert "No page and no line has all of these words. 2 documents were searched." in words(
        browser.post("/reference", {"words": "plutonium"}).text
    )


def test_what_is_wrong_with_a_file_is_said_above_the_form_and_what_was_typed_stays(hospital, vault):
    browser = hospital.browser("site")
    answer = add(browser, b"%PDF-1.7 no", title="Kept title")
    assert answer.status_code == 400
    assert "cannot go on the shelf: it is damaged" in words(answer.text)
    assert 'value="Kept title"' in answer.text
    assert find_documents.list_documents(vault) == []


def test_ward_staff_read_and_print_and_do_not_change(hospital, site, vault):
    browser = hospital.browser("ward")
    assert add(browser, pdf("Mine")).status_code == 403
    path = "/reference/documents/insulin-protocol"
    assert browser.post(f"{path}/withdraw", {"reason": "x"}).status_code == 403
    assert browser.post("/reference/print", {"document": "insulin-protocol"}).status_code == 303
    assert len(find_documents.list_documents(vault)) == 2
    assert site.post(f"{path}/withdraw", {"reason": "replaced"}).status_code == 303
    assert browser.get(path).status_code == 404


def test_a_new_version_stands_above_the_older_one(site):
    assert add(site, pdf("Six units"), reason="dose changed").status_code == 303
    page = words(site.get("/reference/documents/insulin-protocol").text)
    assert "dose changed" in page
    assert page.index("dose changed") < page.index("new guideline")


def test_nobody_signed_in_reads_what_is_public_and_nothing_else(hospital, site):
    stranger = hospital.browser()
    assert "Reference for everybody" in stranger.get("/sign-in").text
    page = stranger.get("/public-reference").text
    assert "Insulin protocol" not in page
    link = re.search(r'href="(/public-reference/\w+)"', page)[1]
    assert "5512" in stranger.get(link).text
    protocol = site.get("/reference/documents/insulin-protocol").text
    version = re.search(r"/insulin-protocol/(\w{16})", protocol)[1]
    assert stranger.get(f"/public-reference/{version}").status_code == 404
    assert stranger.get("/reference").location == "/sign-in"
    ward = hospital.browser("ward")
    ward.post("/lock")
    assert "Reference for everybody" in ward.get("/locked").text
    assert ward.get("/public-reference").status_code == 200
    assert ward.get("/reference").location == "/locked"
