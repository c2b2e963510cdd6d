"""What a system did not send is unavailable for that system, and never 'none'."""

from zoneinfo import ZoneInfo

import pytest

from downtime.clinical.holders import list_holders
from downtime.snapshot.availability import (
    find_availability,
    list_unsent_types,
    word_absence,
    word_place,
    word_unavailable,
)
from downtime.snapshot.header import SnapshotHeader

ZONE = ZoneInfo("Europe/London")
SYSTEMS = {
    "PAS": "2026-11-02T14:00:00Z",
    "EPR": "2026-11-02T13:50:00Z",
    "LIMS": "",
    "Radiology": "2026-11-02T14:05:00Z",
}


def header(delivered, systems=SYSTEMS, **more):
    return SnapshotHeader(
        hospital="TEST",
        created="2026-11-02T14:10:00Z",
        expires="2026-11-04T14:10:00Z",
        key="k",
        systems=systems,
        delivered=delivered,
        holders=list_holders(systems),
        **more,
    )


def absence(delivered, sources=(), type_name="ServiceRequest", **more):
    return word_absence(find_availability(header(delivered), type_name), sources, ZONE, **more)


IMAGING = {"Radiology": ("ServiceRequest", "DiagnosticReport")}


@pytest.mark.parametrize(
    ("delivered", "sources", "text"),
    [
        (IMAGING, (), "LIMS unavailable; Radiology: none"),
        (IMAGING, ("Radiology",), "LIMS unavailable"),
        ({}, (), ""),
        (
            IMAGING | {"EPR": ("ServiceRequest",)},
            (),
            "LIMS unavailable; Radiology: none; EPR: none",
        ),
        (
            IMAGING | {"EPR": ("ServiceRequest",)},
            ("LIMS",),
            "LIMS unavailable, shown as others sent it; Radiology: none",
        ),
        (IMAGING | {"LIMS": ("ServiceRequest",)}, ("LIMS", "Radiology"), ""),
    ],
)  # fmt: skip
def test_each_system_is_named_for_itself(delivered, sources, text):
    if delivered:
        assert absence(delivered, sources).text == text


def test_an_order_of_the_epr_does_not_make_the_laboratory_available():
    line = absence({"EPR": ("ServiceRequest",), **IMAGING}, ("LIMS",))
    assert line.has_unavailable
    assert line.text.startswith("LIMS unavailable")


def test_what_a_system_did_not_send_that_sent_other_things_is_not_sent_and_never_none():
    sent = {"EPR": ("AllergyIntolerance",)}
    assert absence(sent, type_name="MedicationRequest") == ("not sent by EPR", True)
    assert absence(sent, type_name="ServiceRequest").text.startswith("LIMS unavailable")
    availability = find_availability(header(sent), "MedicationRequest")
    assert word_unavailable(availability) == "not sent by EPR"


def test_old_data_is_named_with_its_time_even_if_there_is_some():
    delivered = {"EPR": ("MedicationRequest",)}
    old = absence(delivered, ["EPR"], "MedicationRequest", stale_before="2026-11-02T14:00:00Z")
    assert old == ("EPR as at 02-Nov-2026 13:50", False)
    none = absence(delivered, [], "MedicationRequest", stale_before="2026-11-02T14:00:00Z")
    assert none.text == "EPR: none as at 02-Nov-2026 13:50"
    new = absence(delivered, ["EPR"], "MedicationRequest", stale_before="2026-11-02T13:00:00Z")
    assert new.text == ""


@pytest.mark.parametrize(
    ("holds", "text"),
    [
        (("DiagnosticReport",), "LIMS unavailable; Radiology: none"),
        ((), "LIMS unavailable; Radiology unavailable"),
    ],
)
def test_an_older_bundle_says_only_which_systems_sent_anything(holds, text):
    older = header({}, holds=holds)
    older = SnapshotHeader.parse(
        {k: v for k, v in older.to_json().items() if k not in ("delivered", "holders")}
    )
    line = word_absence(find_availability(older, "DiagnosticReport"), (), ZONE)
    assert line.text == text


def test_a_header_comes_back_as_it_went():
    sent = header(IMAGING)
    assert SnapshotHeader.parse(sent.to_json()) == sent


def test_a_site_says_who_holds_what():
    holders = list_holders(["PAS", "RIS"], {"Encounter": "EPR"}, {"Flag": ("EPR", "PAS")})
    assert holders["Encounter"] == ("EPR",)
    assert holders["Flag"] == ("EPR", "PAS")
    assert holders["DiagnosticReport"] == ("LIMS", "RIS")


def test_nobody_is_called_no_inpatient_when_the_stays_were_not_sent():
    known = find_availability(header({"PAS": ("Encounter",)}), "Encounter")
    unknown = find_availability(header(IMAGING), "Encounter")
    assert word_place("", False, known, "Not an inpatient") == "Not an inpatient"
    assert word_place("", False, unknown, "Not an inpatient") == (
        "Place not known: PAS unavailable"
    )
    assert word_place("A1", True, unknown, "") == "A1"
    assert (word_unavailable(known), word_unavailable(unknown)) == ("", "PAS unavailable")


def test_a_system_whose_age_is_not_known_has_no_time_beside_it():
    delivered = {"LIMS": ("DiagnosticReport",), "Radiology": ("DiagnosticReport",)}
    late = "2026-11-02T14:00:00Z"
    here = absence(delivered, ("LIMS", "Radiology"), "DiagnosticReport", stale_before=late)
    assert here == ("", False)
    gone = absence(delivered, ("Radiology",), "DiagnosticReport", stale_before=late)
    assert gone == ("LIMS: age not known", True)


def test_data_as_old_as_the_limit_is_not_yet_old():
    delivered = {"EPR": ("MedicationRequest",)}
    limit = SYSTEMS["EPR"]
    assert absence(delivered, ["EPR"], "MedicationRequest", stale_before=limit).text == ""


def test_which_types_a_system_did_not_send_is_known():
    unsent = list_unsent_types(header(IMAGING), "Radiology")
    assert "ServiceRequest" not in unsent
    assert "DiagnosticReport" not in unsent
    assert "DiagnosticReport" in list_unsent_types(header(IMAGING), "LIMS")


def test_something_was_sent_when_any_system_sent_it():
    assert find_availability(header(IMAGING), "ServiceRequest").is_delivered
    by_another = find_availability(header({"EPR": ("ServiceRequest",)}), "ServiceRequest")
    assert by_another.is_delivered
    assert not find_availability(header({}), "ServiceRequest").is_delivered
