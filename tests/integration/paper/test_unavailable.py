"""On paper, what a system did not send is unavailable for that system, and nobody is left out."""

import io

import pytest

from downtime.clinical.model import AllergyIntolerance, Encounter, Patient, ServiceRequest
from downtime.errors import InputError
from downtime.paper.packs.content_recorder import content_digest
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.session_pack import ClinicPack
from downtime.paper.packs.ward_pack import WardPack
from downtime.pdf.flow_blocks import Paragraph
from tests.integration.paper.conftest import records

TIMES = dict.fromkeys(("PAS", "EPR", "LIMS", "Radiology", "Theatres"), "2026-11-02T13:58:00Z")
PAS = ("Patient", "Encounter", "Location", "Appointment")
IMAGING = ("ServiceRequest", "DiagnosticReport", "Observation")


def flat(text):
    return " ".join(text.split())


@pytest.fixture
def printed(vault, snapshot_of, settings, actor, words):
    """`printed(request, records, delivered)` → the words of the pack."""

    def build(request, found, **delivered):
        out = io.BytesIO()
        snapshot = snapshot_of(found, systems=TIMES, delivered=delivered)
        print_pack(vault, settings, request, actor, "Test", out, snapshot=snapshot)
        return [flat(page) for page in words(out.getvalue())]

    return build


def somebody(number, ward="A1", bed="1"):
    return [
        Patient(id=f"q{number}", source="PAS", mrn=f"RX1000{number}", family=f"Marsh{number}"),
        Encounter(id=f"s{number}", source="PAS", patient=f"q{number}", status="in-progress",
                  ward=ward, bed=bed, started="2026-11-01T09:30:00Z"),
    ]  # fmt: skip


def test_a_summary_says_of_each_system_whether_it_sent_nothing_or_has_none(printed):
    text = " ".join(
        printed(PatientPack(patient="q1", forms=()), somebody(1), PAS=PAS, Radiology=IMAGING)
    )
    assert "Tests without a result LIMS unavailable; Radiology: none." in text
    assert "newest first LIMS unavailable; Radiology: none." in text
    assert "Medicines, as the source sent them EPR unavailable." in text
    assert "Alerts EPR unavailable." in text
    assert "Allergies unavailable (EPR)" in text
    assert "Appointments PAS: none; Theatres unavailable." in text
    assert "None in the snapshot" not in text


def test_an_order_that_the_epr_sent_leaves_the_laboratory_unavailable(printed):
    order = ServiceRequest(
        id="r1", source="LIMS", patient="q1", display="Crossmatch", stage="requested"
    )
    text = " ".join(
        printed(
            PatientPack(patient="q1", forms=()),
            [*somebody(1), order],
            PAS=PAS,
            EPR=("ServiceRequest", "AllergyIntolerance"),
            Radiology=IMAGING,
        )
    )
    assert "LIMS unavailable, shown as others sent it; Radiology: none." in text
    assert "Results: LIMS unavailable; tests may be answered there." in text
    assert "Crossmatch" in text


def test_no_known_allergies_of_one_system_is_not_the_word_of_another(printed):
    none_known = AllergyIntolerance(
        id="a1", source="PAS", patient="q1", none_known=1, status="active"
    )
    pages = printed(
        PatientPack(patient="q1", forms=()),
        [*somebody(1), none_known],
        PAS=(*PAS, "AllergyIntolerance"),
    )
    assert "No known allergies (EPR unavailable)" in pages[0]


def test_a_place_that_nobody_sent_is_not_known(printed):
    pages = printed(PatientPack(patient="q1", forms=()), somebody(1)[:1], LIMS=IMAGING)
    assert "Place not known: PAS unavailable" in pages[0]
    assert "Not an inpatient" not in " ".join(pages)


def test_a_bed_list_says_what_was_not_sent_of_its_patients(printed):
    bed_list = printed(WardPack(wards=("A1",), forms=(), blanks=0), records(), PAS=PAS)[1]
    assert "Alerts: EPR unavailable" in bed_list
    assert "(EPR unavailable)" in bed_list


def test_the_cover_says_what_each_system_did_not_send(printed):
    cover = printed(
        WardPack(wards=("A1",), forms=(), blanks=0),
        records(),
        PAS=PAS,
        EPR=("AllergyIntolerance", "MedicationRequest"),
        LIMS=IMAGING,
        Radiology=IMAGING,
        Theatres=("Appointment",),
    )[0]
    assert "EPR 02-Nov-2026 13:58 32 min Alerts," in cover


def test_none_of_a_system_that_is_long_silent_stands_beside_its_time(printed, monkeypatch):
    monkeypatch.setitem(TIMES, "LIMS", "2026-11-02T05:00:00Z")
    pages = printed(PatientPack(patient="q1", forms=()), somebody(1), PAS=PAS, LIMS=IMAGING)
    assert (
        "LIMS: none; Radiology unavailable. LIMS as at 02-Nov-2026 05:00, 9 h 30 min old."
        in " ".join(pages)
    )


def test_a_page_whose_data_only_grew_older_is_the_same_page():
    fresh, stale = Paragraph("LIMS: none."), Paragraph("LIMS: none.", _aside="9 h old.")
    assert content_digest([fresh]) == content_digest([stale])


def test_a_pack_of_all_wards_is_refused_where_no_bed_list_is_held(printed):
    with pytest.raises(InputError, match="holds no bed list.*PAS unavailable"):
        printed(WardPack(wards=(), forms=(), blanks=0), somebody(1)[:1], LIMS=IMAGING)


def test_who_is_in_hospital_and_on_no_ward_is_counted_and_listed(printed):
    found = [*somebody(1), *somebody(2, bed="2"), *somebody(3, ward="", bed="")]
    cover, bed_list = printed(WardPack(wards=("A1",), forms=(), blanks=0), found, PAS=PAS)[:2]
    counts = "Admitted 3 = shown on wards 2 + ward not known 1"
    assert counts in cover
    assert counts in bed_list
    assert "In hospital, ward not known: 1" in bed_list
    assert "MARSH3" in bed_list


def test_a_site_pack_has_the_pages_of_those_on_no_ward(printed):
    found = [*somebody(1), *somebody(3, ward="", bed="")]
    pages = printed(WardPack(forms=("observations",), blanks=0), found, PAS=PAS)
    assert sum("MARSH3" in page and "Observations" in page for page in pages) >= 1


def test_two_patients_in_one_bed_are_said(printed):
    found = [*somebody(1), *somebody(2)]
    bed_list = printed(WardPack(wards=("A1",), forms=(), blanks=0), found, PAS=PAS)[1]
    assert "Two patients in one bed: bed 1." in bed_list
    assert "MARSH1" in bed_list
    assert "MARSH2" in bed_list


def test_a_clinic_list_has_alerts_and_says_that_lists_of_another_system_are_missing(printed):
    request = ClinicPack(day="2026-11-05", location="Fracture clinic", forms=())
    found = records()
    text = " ".join(printed(request, found, PAS=PAS, EPR=("Flag", "AllergyIntolerance")))
    assert "Needs two to transfer" in text
    assert "Appointments: Theatres unavailable." in text


def test_who_is_in_two_places_at_once_is_said_on_the_bed_list_and_the_summary(printed):
    second = Encounter(id="s9", source="PAS", patient="q1", status="in-progress", ward="B2",
                       bed="7", started="2026-10-30T09:30:00Z")  # fmt: skip
    found = [*somebody(1), second]
    bed_lists = [
        printed(WardPack(wards=(ward,), forms=(), blanks=0), found, PAS=PAS)[1]
        for ward in ("A1", "B2")
    ]
    assert "Also in B2, bed 7" in bed_lists[0]
    assert "MARSH1" in bed_lists[1]
    assert "Also in A1, bed 1" in bed_lists[1]
    summary = printed(PatientPack(patient="q1", forms=()), found, PAS=PAS)[0]
    assert "Also in B2, bed 7: ask where the patient is." in summary
