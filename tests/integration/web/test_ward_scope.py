"""Somebody whose account is limited to wards: every screen, print, command and record keeps to them."""

import io
import re
from functools import partial

import pytest

from downtime.accounts import people, read_only
from downtime.errors import ForbiddenError
from downtime.outage import outages
from downtime.outage.events import ward_scope
from downtime.outage.events.correct_event import withdraw_event
from downtime.outage.events.hospital_now import HospitalNow
from downtime.outage.events.model import EventKind
from downtime.outage.events.record_event import EventDraft, EventRecorder
from downtime.paper.labels.print_labels import PatientLabels, WardLabels
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.event_log import EventLog
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.shift_handover import ShiftHandover
from downtime.paper.packs.ward_pack import WardPack
from downtime.snapshot import local_snapshots
from downtime.vault.model import Actor
from downtime.vault.store import audit_chain
from downtime.vault.write_access import ReadOnlyReason
from tests.integration.web.conftest import Browser
from tests.integration.web.test_break_glass import FORM
from tests.integration.web.test_events import ARRIVAL
from tests.integration.web.test_ward import words

OTHER = Actor("u-other", "Site Team", "K7")
SCOPE = '\n[accounts.ward_scopes]\nward = ["A1"]\n'


@pytest.fixture
def limited(hospital):
    """The tiny hospital, in which the nurse sees ward A1 alone; the site team sees all."""
    with hospital.home.config_file.open("a") as file:
        file.write(SCOPE)
    hospital.__post_init__()
    return hospital


@pytest.fixture
def patients(limited):
    return {ward: find_patient(limited, ward) for ward in ("A1", "B2")}


def find_patient(hospital, ward):
    board = hospital.browser("site").get(f"/beds/ward?ward={ward}").text
    return re.search(r'href="/patients/(\w+)"', board)[1]


def find_nurse(vault):
    return next(person for person in people.list_people(vault) if person.username == "ward")


@pytest.fixture
def nurse(limited) -> Browser:
    return limited.browser("ward")


def test_own_ward_is_open_and_the_other_is_closed_and_that_is_recorded(limited, nurse, patients):
    for path in (
        "/beds/ward?ward=A1",
        "/handover?ward=A1",
        "/tests?ward=A1",
        f"/patients/{patients['A1']}",
        f"/events/record?kind=move&patient={patients['A1']}",
        "/print",
        "/numbers",
        "/passkeys",
    ):
        assert nurse.get(path).status_code == 200, path
    for path in (
        "/beds/ward?ward=B2",
        "/handover?ward=B2",
        "/tests?ward=B2",
        f"/patients/{patients['B2']}",
        "/appointments",
        "/events",
        "/forms",
        "/statement",
        "/beds/ward-not-known",
        f"/events/record?kind=move&patient={patients['B2']}",
        "/events/record?kind=arrival&transfer=AB-1",
    ):
        answer = nurse.get(path)
        assert answer.status_code == 403, path
        assert "Your account is for ward A1 only" in words(answer.text)
        assert "Øksen" not in answer.text
    vault = limited.open().vault
    count = audit_chain.count_entries(vault.db)
    entries = audit_chain.list_entries(vault.db, before=count + 1, limit=200)
    refused = [entry.target for entry in entries if entry.action == "ward.refused"]
    assert len(refused) == 11
    assert any(patients["B2"] in target for target in refused)
    vault.close()


@pytest.mark.parametrize("path", ["/beds/ward", "/tests", "/handover"])
def test_a_list_without_a_ward_is_of_their_own(nurse, path):
    answer = nurse.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}?ward=A1")


def test_a_laptop_that_stands_on_another_ward_opens_it_to_nobody(limited, nurse):
    limited.browser("site").post("/beds/my-ward", {"ward": "B2"})
    assert "Øksen" not in nurse.get("/handover", follow_redirects=True).text


@pytest.mark.parametrize("text", ["Øksen", "1000003"])
def test_whom_they_do_not_care_for_is_not_found(nurse, text):
    nurse.post("/find", {"text": text})
    assert "/patients/" not in nurse.get("/find").text
    nurse.post("/find", {"text": "Sample"})
    assert "/patients/" in nurse.get("/find").text


def test_the_menu_shows_only_what_opens(nurse):
    page = nurse.get("/beds").text
    addresses = set(re.findall(r'href="(/[a-z-]*)"', page.partition("<main")[0]))
    assert {"/beds", "/tests"} <= addresses
    for address in addresses - {"/static"}:
        assert nurse.get(address, follow_redirects=True).status_code == 200, address


def test_who_is_not_named_sees_all(limited, patients):
    site = limited.browser("site")
    for path in ("/beds/ward?ward=B2", f"/patients/{patients['B2']}", "/appointments", "/events"):
        assert site.get(path).status_code == 200, path


def test_a_limit_for_a_name_that_nobody_has_is_said_to_who_manages_people(hospital):
    with hospital.home.config_file.open("a") as file:
        file.write('\n[accounts.ward_scopes]\nWard = ["A1"]\nwrad = ["A1"]\n')
    hospital.__post_init__()
    assert "and nobody has that user name" in words(
        hospital.browser("administrator").get("/people").text
    )
    assert "wrad" not in hospital.browser("ward").get("/find").text


def test_prints_keep_to_the_wards_whichever_door_leads_to_them(limited, patients):
    vault = limited.open().vault
    actor = find_nurse(vault).make_actor("K7")

    def order(request):
        print_pack(vault, limited.settings, request, actor, "for a test", io.BytesIO())

    for request in (
        WardPack(wards=("A1", "B2")),
        PatientPack(patient=patients["B2"]),
        PatientLabels(label="patient", patient=patients["B2"]),
        WardLabels(label="patient", wards=("B2",)),
        ShiftHandover(ward="B2"),
        EventLog(),
    ):
        with pytest.raises(ForbiddenError, match="ward A1 only"):
            order(request)
    order(ShiftHandover(ward="A1"))
    order(BlankForms(forms=("observations",), copies=1))
    vault.close()


def test_a_record_of_somebody_elsewhere_is_refused(limited, patients):
    vault = limited.open().vault
    nurse, check = find_nurse(vault), ward_scope.check_people_of_event
    with local_snapshots.open_current_snapshot(vault) as snapshot:
        hospital = HospitalNow(vault, snapshot)
        check(vault, limited.settings, hospital, nurse.id, (patients["A1"], ""))
        with pytest.raises(ForbiddenError):
            check(vault, limited.settings, hospital, nurse.id, (patients["A1"], patients["B2"]))
    vault.close()


def test_what_was_recorded_of_somebody_elsewhere_is_not_withdrawn(limited, patients):
    vault = limited.open().vault
    outages.declare_systems_down(vault, ["PAS"], OTHER, "said by IT", known=["PAS"])
    limited.clock.go_on(minutes=2)
    nurse = find_nurse(vault).make_actor("K7")
    with local_snapshots.open_current_snapshot(vault) as snapshot:
        recorder = EventRecorder(vault, limited.settings, snapshot, OTHER)
        for ward, answers in (("A1", {"where": "X-ray"}), ("B2", {"where": "X-ray"})):
            draft = EventDraft(
                kind=EventKind.ABSENCE,
                happened=vault.now(),
                patient=patients[ward],
                answers=answers,
            )
            event = recorder.record(draft)
            withdraw = partial(withdraw_event, vault, limited.settings, event.root, nurse, "no")
            if ward == "B2":
                with pytest.raises(ForbiddenError, match="ward A1 only"):
                    withdraw(snapshot=snapshot)
            else:
                withdraw(snapshot=snapshot)
    vault.close()


def test_break_glass_leads_beyond_and_is_reviewed_by_somebody_else(limited, nurse, patients):
    assert nurse.post("/break-glass/start", FORM | {"ward": "B2"}).status_code == 303
    nurse.get("/")
    assert nurse.get(f"/patients/{patients['B2']}").status_code == 200
    assert nurse.get("/beds/ward?ward=A1").status_code == 403


def find_row(hospital, ward):
    vault = hospital.open().vault
    with local_snapshots.open_current_snapshot(vault) as snapshot:
        row = HospitalNow(vault, snapshot).list_stays(ward)[0]
    vault.close()
    return row


@pytest.mark.parametrize("asked_for", ["bed", "name"])
def test_a_warning_names_nobody_of_another_ward(limited, nurse, vault, actor, asked_for):
    other = find_row(limited, "B2")
    outages.declare_systems_down(vault, ["PAS"], actor, "said by IT", known=["PAS", "LIMS"])
    limited.clock.go_on(minutes=1)
    answers = {
        "bed": {"ward": "B2", "bay": other.encounter.bay, "bed": other.encounter.bed},
        "name": {"family": other.patient.family, "given": other.patient.given},
    }[asked_for]
    form = ARRIVAL | {f"answer-{name}": text for name, text in answers.items()}
    answer = nurse.post("/events/record", form)
    assert answer.status_code == 409, words(answer.text)
    assert "somebody whom your account does not show" in words(answer.text)
    assert "01-Sep-2026" not in answer.text


def test_somebody_beyond_is_not_named_before_break_glass_has_begun(nurse, limited, patients):
    page = nurse.get(f"/break-glass/start?patient={patients['B2']}")
    assert "the patient whom you chose" in words(page.text)
    assert "Øksen" not in page.text
    own = nurse.get(f"/break-glass/start?patient={patients['A1']}")
    assert "the patient whom you chose" not in words(own.text)


def test_who_stands_in_for_a_lost_account_stays_limited(limited):
    vault = limited.open().vault
    with read_only.accounts_db(vault).conn as connection:
        connection.execute("UPDATE person SET id = 'slot-ward' WHERE username = 'ward'")
    assert ward_scope.find_scope(vault, limited.settings, "slot-ward").wards == ("A1",)
    assert ward_scope.find_scope(vault, limited.settings, "nobody") is None
    vault.write_access.close(ReadOnlyReason.LOST)
    vault.partial_tables = {"person"}
    assert ward_scope.find_scope(vault, limited.settings, "nobody").wards == ()
    vault.close()


def test_tests_of_who_left_their_ward_are_not_theirs(limited, nurse, vault, actor):
    assert "SAMPLE" in words(nurse.get("/tests?ward=A1").text)
    outages.declare_systems_down(vault, ["PAS"], actor, "said by IT", known=["PAS", "LIMS"])
    limited.clock.go_on(minutes=1)
    site = limited.browser("site")
    for row in (find_row(limited, "A1"), find_row(limited, "A1")):
        move = {"kind": "move", "patient": row.patient.id, "answer-ward": "B2", "confirmed": "1"}
        assert site.post("/events/record", move).status_code == 303
    assert "SAMPLE" not in words(nurse.get("/tests?ward=A1").text)
