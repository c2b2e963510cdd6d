"""Paper that follows its patient: charts that lack are printed, pages that lie elsewhere are named where they lie."""

import io
from dataclasses import replace
from types import SimpleNamespace

import pytest

from downtime.clinical.model import AllergyIntolerance, Encounter, MedicationRequest, Patient
from downtime.errors import ConflictError
from downtime.paper import ledger, move_form, serials
from downtime.paper.model import FormState
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_changes import WardChanges
from downtime.paper.packs.ward_pack import WardPack
from tests.integration.paper.conftest import read_words, records

LATER = "2026-11-02T18:00:00Z"
CHART, REQUEST, OBSERVATIONS = "drug-chart-regular", "blood-sciences-request", "observations"
SYSTEMS = {"PAS": "2026-11-02T17:58:00Z", "EPR": "2026-11-02T17:40:00Z", "LIMS": ""}
NO_EPR = {"PAS": "2026-11-02T17:58:00Z", "EPR": "", "LIMS": ""}
OF_WARD_B = [
    Patient(id="p8", source="PAS", mrn="RX00008", family="Boyd", given="Ben", birth_date="1950-03-04"),
    Encounter(id="e8", source="PAS", patient="p8", status="in-progress", kind="inpatient", ward="B1", bed="1"),
]  # fmt: skip


def stay(patient, **where):
    """The records with this patient's stay changed."""
    return [
        replace(row, **where) if isinstance(row, Encounter) and row.patient == patient else row
        for row in [*records(), *OF_WARD_B]
    ]


@pytest.fixture
def send(vault, snapshot_of, settings, actor):
    """`send(request, records, **header)` → the ledger's rows of what was printed, and the words by page."""

    def build(request, found=None, created="2026-11-02T14:00:00Z", **header):
        found = [*records(), *OF_WARD_B] if found is None else found
        out, copy = io.BytesIO(), snapshot_of(found, created, **header)
        result = print_pack(vault, settings, request, actor, "Test", out, snapshot=copy)
        words = [" ".join(page.split()) for page in read_words(out.getvalue())]
        return SimpleNamespace(rows=ledger.list_pack_forms(vault, result.id), words=words)

    return build


def ward(name, *forms):
    return WardPack(wards=(name,), forms=forms or (CHART, OBSERVATIONS), blanks=0)


def named(form):
    return serials.format_serial(form.serial)


def forms_of(printed, patient):
    return [form.form for form in printed.rows if form.patient == patient]


IN_EMERGENCY = stay("p3", ward="ED", bed="")


def test_who_came_with_one_request_form_gets_the_wards_charts(send, vault):
    send(ward("A1"), IN_EMERGENCY)
    first = send(PatientPack(patient="p3", forms=(REQUEST,), summary=False), IN_EMERGENCY)
    (request,) = first.rows
    changes = send(WardChanges(ward="A1"), created=LATER)
    assert forms_of(changes, "p3") == ["summary", CHART, OBSERVATIONS]
    assert ledger.get_form(vault, request.serial).state == "issued"
    assert f"{named(request)} lies on ED: bring it here" in changes.words[0]
    again = send(WardChanges(ward="A1"), created=LATER)
    assert forms_of(again, "p3") == []
    assert "bring it here" not in again.words[0], "it was said once"


def test_a_chart_that_somebody_has_on_paper_is_not_printed_again(send):
    send(ward("A1"), IN_EMERGENCY)
    send(PatientPack(patient="p3", forms=(CHART,), summary=False), IN_EMERGENCY)
    changes = send(WardChanges(ward="A1"), created=LATER)
    assert forms_of(changes, "p3") == ["summary", OBSERVATIONS]


def test_a_chart_that_was_lost_is_printed_again(send, vault, actor):
    first = send(ward("A1"))
    (chart,) = (form for form in first.rows if (form.patient, form.form) == ("p3", CHART))
    with vault.change(actor, "ledger.lost") as db:
        move_form.move_form(db, chart.serial, FormState.LOST, vault.now(), actor, "Not found")
    assert forms_of(send(WardChanges(ward="A1"), created=LATER), "p3") == [CHART]


def test_a_medicine_of_another_kind_gets_its_chart(send):
    send(ward("A1"))
    infusion = MedicationRequest(
        id="m9", source="EPR", patient="p3", medicine="glucose 5%", category="infusion", status="active"
    )  # fmt: skip
    changes = send(WardChanges(ward="A1"), [*records(), *OF_WARD_B, infusion], LATER)
    assert forms_of(changes, "p3") == ["summary", "drug-chart-infusion"]


def test_changes_hold_the_forms_that_the_whole_pack_was_printed_with(send):
    send(ward("A1", OBSERVATIONS), IN_EMERGENCY)
    changes = send(WardChanges(ward="A1"), created=LATER)
    assert {form.form for form in changes.rows if form.returns} == {OBSERVATIONS}


# A page on another ward


def test_a_page_that_another_ward_made_void_is_named_where_it_lies(send, vault):
    """Whoever walks B1 does not find it: it lies on A1, whose own list names it."""
    first = send(ward("A1"))
    send(ward("B1"))
    (old,) = (form for form in first.rows if (form.patient, form.form) == ("p3", "summary"))
    moved = stay("p3", ward="B1", bed="4")
    of_new = send(WardChanges(ward="B1"), moved, LATER)
    assert ledger.get_form(vault, old.serial).state == "void"
    assert "It lies on A1, or came with the notes" in of_new.words[0]
    (new,) = (form for form in of_new.rows if (form.patient, form.form) == ("p3", "summary"))
    of_old = send(WardChanges(ward="A1"), moved, LATER)
    take_out = of_old.words[0][of_old.words[0].index("Take these pages out") :]
    assert named(old) in take_out
    assert named(new) in take_out


def test_a_recall_names_what_another_ward_made_void_as_well(send):
    first = send(ward("A1"))
    send(ward("B1"))
    (old,) = (form for form in first.rows if (form.patient, form.form) == ("p3", "summary"))
    moved = stay("p3", ward="B1", bed="4")
    send(WardChanges(ward="B1"), moved, LATER)
    recall = send(replace(ward("A1"), recall=True), moved, LATER)
    assert any(named(old) in page for page in recall.words if "Pages to take out" in page)


def test_charts_of_who_was_moved_follow_and_are_not_handed_in(send, vault):
    first = send(ward("A1"))
    send(ward("B1"))
    moved = stay("p3", ward="B1", bed="4")
    of_old = send(WardChanges(ward="A1"), moved, LATER)
    pages = [form for form in first.rows if form.patient == "p3"]
    assert {ledger.get_form(vault, form.serial).state for form in pages} == {"issued"}
    for form in pages:
        assert f"{named(form)} patient is on B1: take it there" in of_old.words[0]
    assert "hand it in" not in of_old.words[0]
    of_new = send(WardChanges(ward="B1"), moved, LATER)
    assert forms_of(of_new, "p3") == ["summary"], "the charts are on their way"
    for form in pages:
        assert (f"{named(form)} lies on A1: bring it here" in of_new.words[0]) == form.returns


# A copy that lacks a system

ALLERGY = AllergyIntolerance(id="a99", source="EPR", patient="p3", substance="Penicillin", status="active")  # fmt: skip
WITH_ALLERGY = [*records(), *OF_WARD_B, ALLERGY]
WITHOUT_EPR = [row for row in WITH_ALLERGY if getattr(row, "source", "") != "EPR"]


def test_a_page_with_allergies_stays_beside_one_of_a_copy_without_them(send, vault):
    first = send(ward("A1"), WITH_ALLERGY, systems=SYSTEMS)
    (old,) = (form for form in first.rows if (form.patient, form.form) == ("p3", "summary"))
    changes = send(WardChanges(ward="A1"), WITHOUT_EPR, LATER, systems=NO_EPR)
    assert ledger.get_form(vault, old.serial).state == "issued"
    (new,) = (form for form in changes.rows if (form.patient, form.form) == ("p3", "summary"))
    assert new.replaces == ()
    page = next(page for page in changes.words[1:] if named(new) in page)
    assert f"KEEP {named(old)} (printed 02-Nov-2026 14:30) WITH THIS PAGE" in page
    assert "stays valid for: Allergies, Alerts, Medicines as prescribed" in page
    cover = changes.words[0]
    kept = cover[cover.index("Keep these pages") :]
    assert named(old) in kept
    assert named(old) not in cover[: cover.index("Keep these pages")]
    again = send(WardChanges(ward="A1"), WITHOUT_EPR, LATER, systems=NO_EPR)
    assert forms_of(again, "p3") == []
    back = send(WardChanges(ward="A1"), WITH_ALLERGY, LATER, systems=SYSTEMS)
    (newest,) = (form for form in back.rows if (form.patient, form.form) == ("p3", "summary"))
    assert set(newest.replaces) == {old.serial, new.serial}


def test_lists_of_a_ward_stay_for_what_a_newer_copy_lacks(send, vault):
    first = send(ward("A1"), WITH_ALLERGY, systems=SYSTEMS)
    lists = [form for form in first.rows if form.form in ("bed-list", "medicines-due")]
    send(WardChanges(ward="A1"), WITHOUT_EPR, LATER, systems=NO_EPR)
    assert {ledger.get_form(vault, form.serial).state for form in lists} == {"issued"}
    send(WardChanges(ward="A1"), WITH_ALLERGY, LATER, systems=SYSTEMS)
    assert {ledger.get_form(vault, form.serial).state for form in lists} == {"void"}


def test_a_system_that_never_sent_keeps_no_page(send, vault):
    first = send(ward("A1"), WITHOUT_EPR, systems=NO_EPR)
    (old,) = (form for form in first.rows if (form.patient, form.form) == ("p3", "summary"))
    send(WardChanges(ward="A1"), [r for r in WITHOUT_EPR if r.id != "e3"] + [
        replace(r, bed="6") for r in WITHOUT_EPR if r.id == "e3"], LATER, systems=NO_EPR)  # fmt: skip
    assert ledger.get_form(vault, old.serial).state == "void"


@pytest.mark.parametrize(
    ("pack", "lacks"),
    [
        (ward("A1"), r"Allergies.*Medicines as prescribed.*\(EPR\)"),
        (ward("A1", OBSERVATIONS), r"Allergies.*\(EPR\)"),
        (PatientPack(patient="p1", forms=(CHART,), summary=False), r"1 of the pages .*: Medicines"),
    ],
    ids=["set", "lists", "chart"],
)
def test_nothing_is_recalled_by_a_copy_that_lacks_what_it_holds(send, vault, pack, lacks):
    first = send(pack, WITH_ALLERGY, systems=SYSTEMS)
    with pytest.raises(ConflictError, match=lacks):
        send(replace(pack, recall=True), WITHOUT_EPR, LATER, systems=NO_EPR)
    assert {ledger.get_form(vault, form.serial).state for form in first.rows} == {"issued"}
    again = send(replace(pack, recall=True), WITH_ALLERGY, LATER, systems=SYSTEMS)
    assert {form.form for form in again.rows} >= {"take-out"}


@pytest.mark.parametrize("pack", [ward("A1"), PatientPack(patient="p3", forms=(CHART,))])
def test_pages_that_never_held_it_are_recalled(send, pack):
    send(pack, WITHOUT_EPR, systems=NO_EPR)
    again = send(replace(pack, recall=True), WITHOUT_EPR, LATER, systems=NO_EPR)
    assert {form.form for form in again.rows} >= {"take-out"}
