"""In a real browser: a protocol found in two clicks, an agency nurse let in, another hospital's sheet scanned."""

import pytest

from tests.functional.conftest import click_through, press_through
from tests.functional.test_pages import violations
from tests.integration.paper.test_shelf import BOOK, pdf
from tests.integration.web.test_mutual_aid import Elsewhere

pytestmark = pytest.mark.browser


def add_document(page, title, name, content, kind, *, public=False):
    page.goto("/reference/add")
    page.set_input_files("#file", {"name": name, "mimeType": "", "buffer": content})
    page.fill("#title", title)
    page.select_option("#kind", kind)
    page.fill("#owner", "Dr Cole, diabetes")
    page.fill("#review", "2027-06-01")
    if public:
        page.check("[name=is_public]")
    page.fill("#reason", "Approved")
    assert violations(page) == []
    click_through(page.get_by_role("button", name="Put it on the shelf"))


def test_a_protocol_is_found_in_two_clicks_and_the_telephone_book_before_signing_in(visit_own):
    site = visit_own("site")
    add_document(site, "Insulin protocol", "p.pdf", pdf("Start", "Ketones above 3"), "protocol")
    add_document(site, "Telephone book", "b.csv", BOOK, "telephone-book", public=True)
    nurse = visit_own("ward")
    click_through(nurse.get_by_role("link", name="Reference", exact=True))
    nurse.keyboard.type("ketones")  # the cursor stands in the box
    press_through(nurse)
    assert violations(nurse) == []
    link = nurse.get_by_role("link", name="Insulin protocol").first
    assert link.get_attribute("href").endswith("#page=2")
    click_through(nurse.get_by_role("button", name="Lock"))
    click_through(nurse.get_by_role("link", name="Reference for everybody"))
    click_through(nurse.get_by_role("link", name="Telephone book"))
    assert nurse.get_by_role("cell", name="5512").is_visible()
    assert violations(nurse) == []


def test_an_agency_nurse_is_let_in_sees_one_ward_and_is_reviewed(visit_own):
    nurse = visit_own("ward")
    nurse.goto("/break-glass/start")
    nurse.select_option("#ward", "A1")
    for name, text in (
        ("name", "Jo Agency"), ("employer", "Nightstaff Ltd"), ("registration", "12A3456E"),
        ("reason", "Only nurse tonight"), ("pin", "271828"), ("pin_again", "271828"),
    ):  # fmt: skip
        nurse.fill(f"#{name}", text)
    assert violations(nurse) == []
    click_through(nurse.get_by_role("button", name="Let them in"))
    banner = nurse.locator(".band.alarm", has_text="BREAK-GLASS")
    assert "Jo Agency (Nightstaff Ltd, 12A3456E), for ward A1" in banner.inner_text()
    nurse.goto("/")
    assert nurse.url.endswith("/beds/ward?ward=A1")
    assert violations(nurse) == []
    click_through(nurse.locator("a[href^='/patients/']").first)
    assert banner.is_visible()
    nurse.goto("/beds/ward?ward=B2")
    assert nurse.get_by_text("for ward A1 only").is_visible()
    site = visit_own("site")
    site.goto("/break-glass")
    assert violations(site) == []
    click_through(site.get_by_role("link", name="Jo Agency"))
    site.fill("#end-reason", "Shift is over")
    click_through(site.get_by_role("button", name="End it now"))
    site.get_by_label("Justified", exact=True).check()
    site.fill("#review-note", "Read what she opened")
    assert violations(site) == []
    click_through(site.get_by_role("button", name="Keep the review"))
    assert site.get_by_role("cell", name="Reviewed").is_visible()


def test_another_hospitals_codes_are_scanned_one_by_one(visit_own):
    site, elsewhere = visit_own("site"), Elsewhere()
    site.goto("/mutual-aid")
    keys = {"name": "k.json", "mimeType": "", "buffer": elsewhere.file.to_bytes()}
    site.set_input_files("#partner-file", keys)
    site.fill("#fingerprint", elsewhere.file.fingerprint)
    site.fill("#partner-reason", "Telephoned Ann")
    click_through(site.get_by_role("button", name="Believe it"))
    codes = elsewhere.sign()
    for number, code in enumerate(codes, 1):
        site.keyboard.type(code)  # a scanner is a keyboard, and the cursor stands in the box
        press_through(site)
        if number < len(codes):
            assert site.get_by_text(f"{number} of {len(codes)} codes are read").is_visible()
            assert violations(site) == []
    assert site.get_by_text("FROM OTHER HOSPITAL").is_visible()
    assert violations(site) == []
