"""Print, key, verify, compare, decide, return and sign, all of it through the screens."""

import io
import re
import zipfile
from datetime import timedelta

import pytest

from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.web.job_worker import JobWorker
from tests.conftest import forget_marks
from tests.integration.web import tiny
from tests.integration.web.conftest import copied
from tests.integration.web.test_outage import declare
from tests.integration.web.test_ward import words

BLOODS = {
    "person.check": "same",
    "priority": "urgent",
    "collected": "021126 1425",
    "requester": "Dr Amin",
    "reason": "Bleeding",
    "test.lft": "true",
    "author.name": "Sam Okoro",
    "author.role": "Staff nurse",
    "event.date": "021126",
    "event.time": "1428",
}


def finished(hospital, browser, address):
    """Let the worker run; the page and the file of a job that was just asked for."""
    assert address.startswith("/jobs/"), address
    assert "Waiting to start" in browser.get(address).text
    assert JobWorker(hospital.app.extensions["downtime"]).run_next_job()
    return browser.get(address).text, browser.get(address + "/file")


@pytest.fixture(scope="session")
def printed_template(loaded_template, tmp_path_factory):
    """A home in an outage of the LIMS, with the pack of ward A1 printed; made once for the run."""
    hospital = copied(loaded_template, tmp_path_factory.mktemp("printed"))
    ward = hospital.browser("ward")
    declare(ward, "LIMS")
    page, file = finished(hospital, ward, ward.post("/print/ward", {"ward": "A1"}).location)
    ward.post("/sign-out")
    opened = hospital.open()
    forget_marks(opened.vault)
    opened.vault.close()
    return (hospital.home, hospital.secrets, hospital.file), page, file


@pytest.fixture
def printed(printed_template, tmp_path):
    """A copy of that home, the page of the finished pack and its file."""
    template, page, file = printed_template
    hospital = copied(template, tmp_path)
    hospital.clock.go_on(minutes=2)
    return hospital, page, file


def serial_of(hospital, form, patient):
    ward = hospital.browser("ward")
    pages = [ward.get(f"/forms?page={number}").text for number in range(1, 5)]
    lines = [line for page in pages for line in page.split("<tr>")]
    rows = [line for line in lines if form in line and patient in line]
    return re.search(r"/forms/(\w{9})", rows[0])[1]


def test_a_ward_pack_is_a_pdf_that_opens_and_names_no_patient(printed):
    _, page, file = printed
    assert "blank" in words(page)
    assert file.mimetype == "application/pdf"
    assert file.data.startswith(b"%PDF")
    assert re.match(r'inline; filename="A1_as-at', file.headers["Content-Disposition"])
    assert file.headers["Cache-Control"] == "no-store"


def test_blank_forms_open_by_themselves_when_they_are_ready(printed):
    hospital, _, _ = printed
    browser = hospital.browser("ward")
    address = browser.post("/print/blank", {"form": "admission", "copies": "2"}).location
    JobWorker(hospital.app.extensions["downtime"]).run_next_job()
    part = browser.get(address + "/part", headers={"HX-Request": "true", "X-Poll": "1"})
    assert part.headers["HX-Redirect"] == address + "/file"


def test_a_job_that_fails_says_why(hospital, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("SAMPLE, Ann")

    monkeypatch.setattr("downtime.paper.packs.ward_pack.WardPack.plan", broken)
    browser = hospital.browser("ward")
    address = browser.post("/print/ward", {"ward": "A1"}).location
    JobWorker(hospital.app.extensions["downtime"]).run_next_job()
    page = browser.get(address).text
    assert "fault of its own" in page
    assert "SAMPLE" not in page


def test_a_waiting_job_can_be_stopped(hospital):
    browser = hospital.browser("ward")
    address = browser.post("/print/ward", {"ward": "*"}).location
    browser.post(address + "/cancel")
    assert not JobWorker(hospital.app.extensions["downtime"]).run_next_job()
    assert "Stopped before it finished" in browser.get(address).text


def test_printing_a_ward_that_is_not_there_is_refused(hospital):
    assert hospital.browser("ward").post("/print/ward", {"ward": "Z9"}).status_code == 400


def test_the_ledger_counts_what_was_printed_until_it_is_back(printed):
    hospital, _, _ = printed
    ward = hospital.browser("ward")
    before = int(re.search(r"Still out: (\d+)", words(ward.get("/forms").text))[1])
    first, second = re.findall(r'value="(K7\d{6}\w)"', ward.get("/forms").text)[:2]
    ward.post("/forms/move", {"serial": [first, second], "to": "returned"})
    assert f"Still out: {before - 2}" in words(ward.get("/forms").text)
    third = re.findall(r'value="(K7\d{6}\w)"', ward.get("/forms").text)[0]
    assert ward.post("/forms/move", {"serial": third, "to": "lost"}).status_code == 400
    ward.post("/forms/move", {"serial": third, "to": "lost", "reason": "Looked everywhere"})
    assert "Lost" in words(ward.get(f"/forms/{third}").text)


def retire_as_shown(browser, sent):
    """Take forms out of use, as the page that comes back shows them."""
    page = browser.post("/forms/retire", sent).text
    shown = re.search(r'name="shown" value="(\w+)"', page)[1]
    return browser.post("/forms/retire", sent | {"shown": shown})


def test_forms_become_void_together_only_after_they_were_shown_and_can_be_put_back(printed):
    hospital, _, _ = printed
    ward = hospital.browser("ward")
    ticked = re.findall(r'value="(K7\d{6}\w)"', ward.get("/forms").text)[:3]
    sent = {"serial": ticked, "to": "void", "reason": "never written on"}
    shown = words(ward.post("/forms/move", sent).text)
    assert "3 forms become void" in shown
    assert "Still out" in words(ward.get("/forms").text)
    unseen = ward.post("/forms/retire", sent)
    assert unseen.status_code == 409
    assert "do not stand as they were shown" in words(unseen.text)
    assert "3 forms become void" in words(unseen.text), "it is shown again"
    assert "3 forms are void" in words(retire_as_shown(ward, sent).text)
    undone = ward.post("/forms/undo", {"serial": ticked, "reason": "the wrong pile"})
    assert undone.status_code == 303
    assert "3 of 3 forms are where they were" in words(ward.get("/forms").text)


def test_an_auditor_sees_forms_and_no_patients(printed):
    hospital, _, _ = printed
    page = hospital.browser("auditor").get("/forms").text
    assert "Hidden from your role" in page
    assert "SAMPLE" not in page


def test_a_scanned_form_opens_from_the_box_on_every_page(printed):
    hospital, _, _ = printed
    serial = serial_of(hospital, "Blood sciences", "SAMPLE")
    clerk = hospital.browser("records-clerk")
    for typed in (serial, serial.lower(), f"{serial[:2]}-{serial[2:8]}-{serial[8:]}"):
        assert clerk.post("/find", {"text": typed}).location == f"/forms/{serial}"
        assert clerk.post("/key", {"serial": typed}).location == f"/key/{serial}"


@pytest.mark.parametrize("typed", ["", "nonsense", "K7000042A", "K7999999S"])
def test_a_wrong_serial_is_said_beside_the_field(printed, typed):
    hospital, _, _ = printed
    answer = hospital.browser("records-clerk").post("/key", {"serial": typed})
    assert answer.status_code in (400, 404)
    assert 'id="serial-error"' in answer.text


def test_fields_that_do_not_pass_are_named_and_what_was_typed_stays(printed):
    hospital, _, _ = printed
    serial = serial_of(hospital, "Blood sciences", "SAMPLE")
    clerk = hospital.browser("records-clerk")
    wrong = {**BLOODS, "collected": "yesterday", "priority": ""}
    answer = clerk.post(f"/key/{serial}", wrong)
    assert answer.status_code == 400
    assert "2 fields need attention" in answer.text
    assert 'value="yesterday"' in answer.text
    assert 'href="#f-collected"' in answer.text
    assert "Bleeding" in clerk.get(f"/key/{serial}").text


def test_typing_is_kept_as_a_draft_that_another_session_finds(printed):
    hospital, _, _ = printed
    serial = serial_of(hospital, "Blood sciences", "SAMPLE")
    clerk = hospital.browser("records-clerk")
    part = clerk.post(f"/key/{serial}/part", {"reason": "Half a sen"})
    assert "Draft saved at" in part.text
    assert "Half a sen" in hospital.browser("records-clerk").get(f"/key/{serial}").text


def test_what_somebody_else_keyed_meanwhile_is_not_overwritten(printed):
    hospital, _, _ = printed
    serial = serial_of(hospital, "Blood sciences", "SAMPLE")
    hospital.browser("records-clerk").post(f"/key/{serial}/draft", {"reason": "First"})
    other = hospital.browser("records-supervisor")
    answer = other.post(f"/key/{serial}/draft", {"reason": "Second", "changed": ""})
    assert answer.status_code == 409
    assert "Records-Clerk Person" in answer.text
    assert "First" in other.get(f"/key/{serial}").text


def test_kept_times_are_shown_as_read_and_can_be_entered_again(printed):
    hospital, _, _ = printed
    serial = serial_of(hospital, "Blood sciences", "SAMPLE")
    hospital.browser("records-clerk").post(f"/key/{serial}", BLOODS)
    supervisor = hospital.browser("records-supervisor")
    page = hospital.browser("records-clerk").get(f"/key/{serial}").text
    assert 'value="02-Nov-2026 14:25"' in page
    supervisor.post(f"/key/{serial}/send-back", {"reason": "Wrong test ticked"})
    shown = {**BLOODS, "collected": "02-Nov-2026 14:25", "event.date": "02-Nov-2026"}
    changed = re.search(r'name="changed" id="changed" value="([^"]*)"', page)[1]
    answer = hospital.browser("records-clerk").post(f"/key/{serial}", shown | {"changed": changed})
    assert answer.location == "/key", words(answer.text)


def test_the_one_who_keyed_cannot_verify(printed):
    hospital, _, _ = printed
    serial = serial_of(hospital, "Blood sciences", "SAMPLE")
    clerk = hospital.browser("records-clerk")
    assert clerk.post(f"/key/{serial}", BLOODS).location == "/key"
    assert "Matches the paper" not in clerk.get(f"/key/{serial}").text
    assert clerk.post(f"/key/{serial}/verify").status_code == 403


def test_a_form_goes_all_the_way_back_to_the_recovered_system(printed, tmp_path):
    hospital, _, _ = printed
    serial = serial_of(hospital, "Blood sciences", "SAMPLE")
    hospital.browser("records-clerk").post(f"/key/{serial}", BLOODS)
    supervisor = hospital.browser("records-supervisor")
    assert supervisor.post(f"/key/{serial}/second", BLOODS).location == "/key"

    recover(hospital, tmp_path)
    supervisor = hospital.browser("records-supervisor")
    page, _ = finished(hospital, supervisor, supervisor.post("/comparison/run").location)
    assert "1 forms, 1 items compared, 1 to be decided" in page
    listed = supervisor.get("/comparison").text
    assert "Liver function tests" in listed
    item = re.search(r'href="(/comparison/K7[^"]+)"', listed)[1]
    beside = words(supervisor.get(item).text)
    assert "LIMS before the outage" in beside
    assert "Written by Sam Okoro" in beside

    clerk = hospital.browser("records-clerk")
    assert clerk.post(item, {"decision": "return", "reason": "x"}).status_code == 403
    assert supervisor.post(item, {"decision": "return", "reason": ""}).status_code == 400
    supervisor.decide(item, "return", "Not in the LIMS")
    _, file = finished(
        hospital, supervisor, supervisor.post("/returns", {"format": "hl7v2"}).location
    )
    names = zipfile.ZipFile(io.BytesIO(file.data)).namelist()
    assert [name for name in names if re.fullmatch(r"LIMS/\w+\.hl7", name)]
    again, _ = finished(
        hospital, supervisor, supervisor.post("/returns", {"format": "hl7v2"}).location
    )
    assert "0 items returned, 1 already returned" in again
    returns = words(supervisor.get("/returns").text)
    assert "0 items decided and not sent yet" in returns
    assert re.search(r"Handed over \S+ Liver function tests", returns)


def test_the_statement_names_what_is_open_and_is_signed_by_three(printed):
    hospital, _, _ = printed
    people = {lead: hospital.browser(role) for lead, role in LEADS.items()}
    page = words(people["records"].get("/statement").text)
    assert "NOT COMPLETE" in page
    assert "LIMS is still declared down" in page
    for lead, browser in people.items():
        signed = browser.sign(lead)
        assert signed.status_code == 303
    page = words(people["ward"].get("/statement").text)
    for name in ("Ward Person", "Records-Supervisor Person", "Site Person"):
        assert name in page
    _, file = finished(hospital, people["ward"], people["ward"].post("/statement/pdf").location)
    assert file.data.startswith(b"%PDF")
    document = people["records"].get("/statement/json").json
    assert (document["verdict"], len(document["signatures"])) == ("NOT COMPLETE", 3)


LEADS = {"ward": "ward", "records": "records-supervisor", "safety": "site"}


def recover(hospital, tmp_path):
    """The systems are back, and a snapshot of the recovered hospital comes in by upload."""
    hospital.clock.go_on(hours=2)
    site = hospital.browser("site")
    site.post("/outages/end", {"systems": ["LIMS"], "reason": "Service desk"})
    hospital.clock.go_on(minutes=2)
    sent = hospital.clock.now - timedelta(minutes=1)
    feeds = tmp_path / "later"
    feeds.mkdir()
    (feeds / "pas.hl7").write_text(
        tiny.make_admission(9, *tiny.PATIENTS[0]).replace("021405", "021605")
    )
    (feeds / "lims.hl7").write_text(tiny.make_order("L9", sent))
    opened = hospital.open()
    built = publish_snapshot(
        opened.vault, hospital.settings, [feeds], tmp_path / "out", opened.actor
    )
    opened.vault.close()
    upload = (io.BytesIO(built.bundle.read_bytes()), "later.downtime")
    answer = site.post("/snapshots/load", {"reason": "Recovered", "bundle": upload})
    assert answer.status_code == 303, answer.text


def test_rows_that_have_names_on_paper_have_them_on_the_screen_and_unkeyed_ones_are_left_out(
    printed,
):
    hospital, _, _ = printed
    ward = hospital.browser("ward")
    asked = ward.post("/print/blank", {"form": "histology-request", "copies": "1"})
    finished(hospital, ward, asked.location)
    serial = serial_of(hospital, "Histology", "/forms/")
    page = hospital.browser("records-clerk").get(f"/key/{serial}").text
    assert [f'<th scope="row">{pot}</th>' in page for pot in "ABCDE"] == [True] * 5
    assert 'name="fixative:3"' in page
    assert "sketch" not in page
