"""Ingest on screen: found, looked at, masked, released, replayed."""

import re

import pytest

from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.ingest.ledger import Ledger
from downtime.ingest.mark_quarantine import mark_quarantined
from downtime.ingest.record_messages import record_messages
from downtime.vault import jobs
from downtime.web.run_job import run_job
from tests.integration.ingest.received import admission, hl7, table

PATIENTS_NUMBER = "H77"


@pytest.fixture
def arrival(vault, hospital):
    """A message of a patient of the test's own."""
    with Ledger(vault, hospital.settings) as ledger:
        return record_messages(ledger, [hl7(admission(77))])[0].arrival


@pytest.fixture
def quarantined(vault, hospital):
    with Ledger(vault, hospital.settings) as ledger:
        arrival = record_messages(ledger, [table("Ward,Bed\n")])[0].arrival
        mark_quarantined(ledger, {arrival: "The list of 1 lacks 7 of the 8 that are known."})
    return arrival


def do_jobs(vault, settings):
    while job := jobs.claim_next_job(vault):
        run_job(vault, settings, job)


def test_a_message_is_found_by_its_patients_number_which_stands_in_no_address(hospital, arrival):
    browser = hospital.browser("site")
    answer = browser.post("/ingest", {"identifier": PATIENTS_NUMBER})
    assert (answer.status_code, answer.location) == (303, "/ingest")
    page = browser.get("/ingest").text
    assert re.findall(r"/ingest/messages/(\d+)", page) == [str(arrival)]
    assert f'value="{PATIENTS_NUMBER}"' in page
    everything = browser.post("/ingest", follow_redirects=True).text
    assert len(re.findall(r"/ingest/messages/(\d+)", everything)) > 1


def test_messages_are_narrowed_by_outcome_type_and_id_and_turned_page_by_page(
    hospital, arrival, quarantined, monkeypatch
):
    browser = hospital.browser("administrator")

    def find(**wanted):
        page = browser.post("/ingest", wanted, follow_redirects=True).text
        return [int(number) for number in re.findall(r"/ingest/messages/(\d+)", page)]

    assert find(outcome="quarantined") == [quarantined]
    assert find(control_id="M77") == [arrival]
    assert arrival in find(kind="ADT")
    assert find(outcome="nonsense") == find()
    monkeypatch.setattr("downtime.web.views.ingest.PAGE", 2)
    browser.post("/ingest", {})
    first = browser.get("/ingest").text
    assert len(re.findall(r"/ingest/messages/(\d+)", first)) == 2
    older = re.search(r'href="([^"]+)">Older', first)[1]
    assert "Newest" in browser.get(older).text


def test_who_may_see_patients_sees_the_message_as_it_came(hospital, arrival):
    page = hospital.browser("site").get(f"/ingest/messages/{arrival}").text
    assert "Quill^Ada77" in page
    assert PATIENTS_NUMBER in page
    assert "Encounter" in page


def test_who_may_not_sees_its_build_and_no_value(hospital, arrival):
    for role in ("administrator", "auditor"):
        browser = hospital.browser(role)
        page = browser.get(f"/ingest/messages/{arrival}").text
        assert "Quill" not in page
        assert PATIENTS_NUMBER not in page
        assert "PID|9||x99^^^xxxx^xx||xxxxx^xxx99||99999999|x" in page
        assert browser.post("/ingest", {"identifier": PATIENTS_NUMBER}).status_code == 403
        assert "Patient's number" not in browser.get("/ingest").text


def test_ward_staff_and_clerks_do_not_open_it(hospital, arrival):
    for role in ("ward", "records-clerk"):
        browser = hospital.browser(role)
        assert browser.get("/ingest").status_code == 403
        assert browser.get(f"/ingest/messages/{arrival}").status_code == 403
        assert 'href="/ingest"' not in browser.get("/guidance").text


def test_a_list_is_released_for_a_reason_and_only_by_who_may(hospital, quarantined):
    address = f"/ingest/messages/{quarantined}"
    auditor = hospital.browser("auditor")
    assert "Release this list" not in auditor.get(address).text
    assert auditor.post(f"{address}/release", {"reason": "x"}).status_code == 403
    browser = hospital.browser("site")
    assert "The list of 1 lacks 7" in browser.get(address).text
    assert browser.post(f"{address}/release", {"reason": " "}).status_code == 400
    answer = browser.post(f"{address}/release", {"reason": "the ward has moved"})
    assert answer.status_code == 303
    assert f"This is message {quarantined}" in browser.get(answer.location).text
    assert "Release this list" not in browser.get(address).text


def test_a_replay_is_looked_at_before_it_is_run(hospital, vault, tmp_path, actor):
    with Ledger(vault, hospital.settings) as ledger:
        record_messages(ledger, [hl7(admission(78, number_of="OLDPAS^HID"))])
    publish_snapshot(vault, hospital.settings, [], tmp_path / "share", actor)
    with hospital.home.config_file.open("a") as file:
        file.write('[feeds.profiles.p]\nmrn_types = ["HID"]\nmrn_authorities = ["OLDPAS"]\n')
    mended = type(hospital)(hospital.home, hospital.clock, hospital.secrets, hospital.file)
    browser = mended.browser("site")
    assert "Preview of" not in browser.get("/ingest/replay").text
    assert browser.post("/ingest/replay/preview").status_code == 303
    do_jobs(vault, mended.settings)
    page = browser.get("/ingest/replay").text
    assert "Preview of" in page
    assert "H78" in page
    assert browser.post("/ingest/replay", {"reason": ""}).status_code == 400
    assert browser.post("/ingest/replay", {"reason": "profile mended"}).status_code == 303
    do_jobs(vault, mended.settings)
    browser.post("/ingest/replay/preview")
    do_jobs(vault, mended.settings)
    assert "records of 0 patients would change" in browser.get("/ingest/replay").text
    administrator = mended.browser("administrator")
    administrator.post("/ingest/replay/preview")
    do_jobs(vault, mended.settings)
    assert "H78" not in administrator.get("/ingest/replay").text
