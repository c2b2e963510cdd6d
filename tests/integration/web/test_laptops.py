"""Laptops, booking and lists on the screen."""

import io
import re

import pytest

from downtime.errors import UserError
from downtime.outage import outages
from downtime.paper import ledger, serials
from downtime.sync.export_bundle import export_bundle
from downtime.vault import device
from tests.integration.sync.fleet import BOB, Machine
from tests.site import enrol_all


@pytest.fixture
def other(hospital, tmp_path):
    """A laptop of the same hospital; both trust each other."""
    made = Machine(tmp_path / "M3", "M3", hospital.clock)
    vault = hospital.open().vault
    enrol_all(vault, made.vault)
    vault.close()
    hospital.other = made
    yield made
    made.vault.close()


def bundle(hospital, laptop) -> bytes:
    return export_bundle(laptop.vault, hospital.settings, "K7", laptop.clerk).data


def taken(hospital, *contents):
    browser = hospital.browser("records-supervisor")
    files = [(io.BytesIO(content), f"{n}.sync") for n, content in enumerate(contents)]
    answer = browser.post("/laptops/merge", {"bundles": files}, content_type="multipart/form-data")
    assert answer.status_code == 303
    return browser, browser.get("/laptops").text


def test_a_bundle_is_taken_and_its_laptop_is_named(hospital, other):
    other.declare()
    number = other.issue()
    browser, page = taken(hospital, bundle(hospital, other))
    assert "laptop M3 (M3): 1 new forms" in page
    assert "None here" in page
    browser.post(
        "/laptops/join", {"origin": f"M3:{outages.find_current(other.vault).id}", "reason": "x"}
    )
    assert "None here" not in browser.get("/laptops").text
    listed = browser.get("/forms/lists/missing").text
    assert serials.format_serial(number) in listed


def test_a_refused_bundle_is_said_loudly_and_the_others_are_taken(hospital, other):
    other.issue()
    good = bundle(hospital, other)
    _, page = taken(hospital, good[:-300], good)
    assert "REFUSED: 0.sync" in page
    assert 'class="urgent"' in page
    assert "1 new forms" in page


def test_a_laptop_saves_its_bundle_and_hands_nothing_of_it_in_clear(hospital, other):
    answer = hospital.browser("site").post("/laptops/export", {"station": "M3"})
    assert answer.status_code == 200
    assert ".sync" in answer.headers["Content-Disposition"]
    assert b"Sample" not in answer.data
    device.load_device(other.vault)
    with pytest.raises(UserError):
        other.merge(answer.data)  # of hospital TEST, and that laptop serves DEMO


def test_papers_are_booked_undone_and_settled_with_the_keyboard_alone(hospital, other):
    other.declare()
    number = other.issue()
    browser, _ = taken(hospital, bundle(hospital, other))
    shown = serials.format_serial(number)
    for sentence in ("checked in.", "was checked in here before"):
        assert browser.post("/forms/check-in", {"serial": number}).status_code == 303
        assert shown in browser.get("/forms/check-in").text
        assert sentence in browser.get("/forms/check-in").text
    browser.post("/forms/check-in/settle", {"serial": number, "kind": "same"})
    assert "the same form" in browser.get("/forms/check-in").text
    browser.post("/forms/check-in", {"serial": "nonsense"})
    page = browser.get("/forms/check-in").text
    assert "That is not a serial number" in page
    assert "nonsense" not in page


def test_a_ticked_paper_gets_an_owner_and_shows_when_it_is_overdue(hospital, other):
    other.declare()
    number = other.issue()
    browser, _ = taken(hospital, bundle(hospital, other))
    origin = f"M3:{outages.find_current(other.vault).id}"
    browser.post("/laptops/join", {"origin": origin, "reason": "gathered"})
    page = browser.get("/forms/lists/missing").text
    due = re.search(r'name="due"\s+value="([^"]+)"', page)[1]
    fields = {"serial": number, "owner": "Ward A1", "due": due, "note": "=look", "list": "missing"}
    assert browser.post("/forms/assign", fields).status_code == 303
    assert "Overdue" not in browser.get("/forms/lists/missing").text
    browser.post("/forms/assign", fields | {"due": "2026-01-01T10:00"})
    page = browser.get("/forms/lists/missing").text
    assert "1 overdue." in page
    assert "Ward A1" in page
    table = browser.get("/forms/lists/missing.csv").data.decode("utf-8-sig")
    assert f"{serials.format_serial(number)}," in table
    assert "'=look" in table


def test_two_entries_of_one_form_are_compared_and_one_is_chosen(hospital, other):
    other.declare()
    number = other.issue()
    browser, _ = taken(hospital, bundle(hospital, other))
    vault = hospital.open().vault
    other_way = Machine.__new__(Machine)
    other_way.vault, other_way.clerk = vault, other.checker
    Machine.key(other_way, number, "90")
    other.key(number, "91")
    browser, page = taken(hospital, bundle(hospital, other))
    assert "Compare" in browser.get("/forms/lists/keyed-twice").text
    page = browser.get(f"/laptops/duplicate-entries/{number}/M3").text
    assert "90" in page
    assert "91" in page
    browser.post(
        f"/laptops/duplicate-entries/{number}/M3", {"keep": "there", "reason": "as on the paper"}
    )
    assert "This list is empty" in browser.get("/forms/lists/keyed-twice").text
    assert ledger.get_form(vault, number).state == "keyed"
    vault.close()


def rewritten(other) -> None:
    """An audit entry of the laptop is changed behind its program's back."""
    other.vault.db.conn.execute("DROP TRIGGER audit_no_update")
    other.vault.db.conn.execute("UPDATE audit SET why = 'other' WHERE seq = 1")


def test_a_broken_laptop_is_taken_over_in_a_persons_name_and_the_pages_say_so(hospital, other):
    other.declare()
    number = other.issue()
    rewritten(other)
    vault = other.vault
    data = export_bundle(
        vault, hospital.settings, "K7", other.clerk, "disk fault", broken=True
    ).data
    browser, page = taken(hospital, data)
    assert "does not hold from entry 1" in page
    assert "records supervisor can accept it" in page

    def over(**fields):
        sent = {"bundles": (io.BytesIO(data), "0.sync"), **fields}
        return browser.post("/laptops/merge-untrusted", sent, content_type="multipart/form-data")

    assert over(reason="").status_code == 400
    assert over(reason="security was told").status_code == 303
    page = browser.get("/laptops").text
    assert "1 new forms" in page
    assert "Records-Supervisor Person accepted it" in page
    assert "security was told" in page
    browser.post("/laptops/join", {"origin": f"M3:{outages.find_current(vault).id}", "reason": "x"})
    assert serials.format_serial(number) in browser.get("/forms/lists/missing").text
    page = browser.get("/statement").text
    assert "Not proved: 1 thing speaks against the records" in page
    assert "The audit chain of laptop M3 (M3) does not hold" in page
    assert "took it over: security was told." in page


def test_only_a_records_supervisor_takes_a_bundle_over(hospital, other):
    answer = hospital.browser("records-clerk").post("/laptops/merge-untrusted", {"reason": "x"})
    assert answer.status_code == 403


def test_this_laptop_hands_over_as_broken_with_a_reason(hospital, other):
    vault = hospital.open().vault
    vault.db.conn.execute("DROP TRIGGER audit_no_update")
    vault.db.conn.execute("UPDATE audit SET why = 'other' WHERE seq = 1")
    vault.close()
    site = hospital.browser("site")
    assert "as broken" in site.post("/laptops/export", {"station": "M3"}).text
    assert site.post("/laptops/export", {"station": "M3", "broken": "yes"}).status_code == 400
    given = {"station": "M3", "broken": "yes", "reason": "told security"}
    assert ".sync" in site.post("/laptops/export", given).headers["Content-Disposition"]


def test_a_serial_on_two_papers_is_named_until_it_is_said_what_became_of_the_second(
    hospital, other, tmp_path
):
    other.declare()
    other.backup(backup := tmp_path / "backup.db")
    number = serials.format_serial(other.issue())
    taken(hospital, bundle(hospital, other))
    other.restore(backup)
    assert serials.format_serial(other.issue(BOB, "B2")) == number
    browser = hospital.browser("records-supervisor")
    sent = {"bundles": (io.BytesIO(bundle(hospital, other)), "1.sync"), "reason": "security knows"}
    browser.post("/laptops/merge-untrusted", sent, content_type="multipart/form-data")
    page = browser.get("/laptops").text
    assert "of ward B2, printed by Clerk M3" in page
    browser.post(
        "/laptops/join", {"origin": f"M3:{outages.find_current(other.vault).id}", "reason": "x"}
    )
    said = f"{number} was given out twice"
    assert said in browser.get("/statement").text
    assert (
        browser.post("/laptops/duplicate-numbers", {"number": number, "reason": ""}).status_code
        == 400
    )
    seen = {"number": number, "reason": "nothing was written on it"}
    assert browser.post("/laptops/duplicate-numbers", seen).status_code == 303
    assert "nothing was written on it" in browser.get("/laptops").text
    assert said not in browser.get("/statement").text
