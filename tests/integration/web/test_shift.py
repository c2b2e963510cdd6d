"""What each shift does on the screen: readiness, counting stocks, handing over."""

import re

from tests.integration.web.test_paper import finished
from tests.integration.web.test_ward import words


def test_a_laptop_is_looked_at_and_proved_by_its_printed_page(hospital):
    browser = hospital.browser("ward")
    assert "Nobody has looked yet." in browser.get("/readiness").text
    browser.post("/readiness", {"sheets": "20", "plug": "1"})
    page = words(browser.get("/readiness").text)
    assert "NOT READY" in page
    assert "Fewer than 500. Fetch more before the shift goes on." in page
    round_ = re.search(r'name="round" value="([^"]+)"', browser.get("/readiness").text)[1]
    _, file = finished(
        hospital, browser, browser.post("/readiness/page", {"round": round_}).location
    )
    assert file.mimetype == "application/pdf"
    opened = hospital.open()
    serial = opened.vault.db.execute(
        "SELECT serial FROM form_issue WHERE form = 'readiness'"
    ).fetchone()[0]
    opened.vault.close()
    browser.post("/readiness/proof", {"serial": serial})
    assert "was read back" in browser.get("/readiness").text
    assert browser.post("/readiness/proof", {"serial": "K7-000999-X"}).status_code in (
        400,
        404,
        409,
    )


def test_stocks_are_counted_and_projected(hospital):
    browser = hospital.browser("site")
    browser.post("/endurance", {"sheets": "40", "toner": "", "labels": "900"})
    page = words(browser.get("/endurance").text)
    assert re.search(r"Runs out next: Sheets of paper, in \d\.\d days", page)
    assert re.search(r"Pages that the toner still prints .*? Not counted", page)
    assert browser.post("/endurance", {"sheets": "-3"}).status_code == 400


def test_a_ward_is_handed_over_by_the_list(hospital):
    browser = hospital.browser("ward")
    page = browser.get("/handover?ward=A1").text
    assert "Hand-over of A1: 2 patients" in words(page)
    assert "SAMPLE, Ann" in page
    _, file = finished(hospital, browser, browser.post("/handover", {"ward": "A1"}).location)
    assert file.mimetype == "application/pdf"


def test_a_ward_that_nobody_named_is_asked_for_or_is_the_laptops(hospital):
    browser = hospital.browser("ward")
    for path, heading in (("/handover", "Hand-over"), ("/beds/corridor", "For the corridor")):
        page = browser.get(path).text
        assert f"{heading}: choose a ward" in words(page)
        assert f'href="{path}?ward=A1"' in page
    browser.post("/beds/my-ward", {"ward": "A1"})
    assert "Hand-over of A1: 2 patients" in words(browser.get("/handover").text)
    assert "Nothing on this page is of any patient" in browser.get("/beds/corridor").text
    assert browser.get("/handover?ward=NOWHERE").status_code == 404


def test_a_drill_has_its_report(hospital):
    browser = hospital.browser("site")
    drill = {"systems": ["LIMS"], "reason": "Practice", "drill": "1"}
    browser.post("/outages/declare", drill)
    address = re.search(r'href="(/outages/drill/[^"]+)"', browser.get("/outages").text)[1]
    page = words(browser.get(address).text)
    assert re.search(r"DRILL \S+: 0 of \d goals in time", page)
    assert "Nobody has done anything yet." in page
    assert browser.get("/outages/drill/2020-01-01-1").status_code == 404
