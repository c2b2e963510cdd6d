"""The statement of a large hospital is derived beside its page, and never shown as newer than it is."""

import re
import threading
import time

import pytest

from downtime.returns.report.incident_report import gather_report
from downtime.web import derived_reports
from tests.integration.web.conftest import PASSWORD

AS_OF, ANEW = "As of", "derived anew"


@pytest.fixture
def gate(monkeypatch):
    """Every outage counts as large; what is derived beside a page ends when this is set."""
    opened = threading.Event()

    def derive(*arguments):
        assert opened.wait(60)
        return gather_report(*arguments)

    monkeypatch.setattr(derived_reports, "SMALL_RECORDS", 0)
    monkeypatch.setattr(derived_reports, "gather_report", derive)
    yield opened
    opened.set()


def wait_until_derived(browser):
    """As the page does: ask until it is told to open again."""
    for _ in range(600):
        if browser.get("/statement/progress").headers.get("HX-Refresh"):
            return
        time.sleep(0.1)
    raise AssertionError("it was never derived")


def test_a_page_waits_for_nothing_and_says_how_old_it_is(hospital, recovered, gate, vault, issue):
    site = hospital.browser("site")
    for path in ("/statement", "/report"):
        page = site.get(path).text
        assert ANEW in page
        assert "COMPLETE" not in page, "nothing is said before it is derived"
    assert site.get("/statement/sign?lead=safety").location.startswith("/statement")
    assert "HX-Refresh" not in site.get("/statement/progress").headers
    gate.set()
    wait_until_derived(site)
    page = site.get("/statement").text
    assert ("NOT COMPLETE" in page, AS_OF in page) == (True, False)
    out = len(re.findall("still out", page))
    issue("observations")
    page = site.get("/statement").text
    assert AS_OF in page
    assert "something was written since" in page
    assert "Derive it anew" in page
    assert len(re.findall("still out", page)) == out, "it reads as it did then"
    site.get("/statement?anew=1")
    wait_until_derived(site)
    assert AS_OF not in site.get("/report").text


def test_what_else_than_this_program_changed_something_is_looked_for_again(
    hospital, recovered, gate, monkeypatch
):
    site = hospital.browser("site")
    gate.set()
    site.get("/statement")
    wait_until_derived(site)
    assert AS_OF not in site.get("/statement").text
    monkeypatch.setattr(derived_reports, "UNCHANGED_SECONDS", 0.0)
    assert AS_OF in site.get("/statement").text


def test_a_fault_is_shown_once_and_not_derived_for_ever(hospital, recovered, gate, monkeypatch):
    def fail(*_):
        raise ValueError("a fault")

    monkeypatch.setattr(derived_reports, "gather_report", fail)
    site = hospital.browser("site")
    site.get("/statement")
    wait_until_derived(site)
    assert site.client.get("/statement").status_code == 500


def test_nobody_signs_other_facts_than_they_saw(hospital, vault, recovered, issue):
    site = hospital.browser("site")
    page = site.get("/statement/sign?lead=safety").text
    facts = re.search(r'name="facts" value="(\w{64})"', page)[1]
    issue("observations")
    sent = {"lead": "safety", "password": PASSWORD, "facts": facts}
    refused = site.post("/statement/sign", sent)
    assert (refused.status_code, "reads otherwise" in refused.text) == (409, True)
    assert vault.db.execute("SELECT count(*) FROM statement_signature").fetchone()[0] == 0
    facts = re.search(
        r'name="facts" value="(\w{64})"', site.get("/statement/sign?lead=safety").text
    )
    assert site.post("/statement/sign", sent | {"facts": facts[1]}).status_code == 303
