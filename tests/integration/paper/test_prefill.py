"""Drug charts filled from the snapshot: every medicine once, as it was sent, on as many as it needs."""

import io
import os
from zoneinfo import ZoneInfo

import pytest

from downtime.clinical.model import Encounter, MedicationRequest, Patient
from downtime.paper import ledger
from downtime.paper.forms import prefill
from downtime.paper.forms.load_form import load_form
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.print_pack import print_pack
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.store import record_tables
from downtime.snapshot.store.opened_snapshot import Snapshot

NAMES = [f"sodium valproate {n}00mg MODIFIED-release tablets (brand {n})" for n in range(1, 10)]
LONG = "Compound " + "sodium lactate intravenous infusion (Hartmann's) " * 5


def medicine(number, name, category="regular", status="active", patient="p1", **more):
    return MedicationRequest(
        id=f"m{number:02}", source="EPR", patient=patient, medicine=name, category=category,
        status=status, **{"dosage": f"{number}00 mg", "route": "Oral", "frequency": "BD"} | more,
    )  # fmt: skip


MEDICINES = [
    *(medicine(n, name) for n, name in enumerate(NAMES, 1)),
    medicine(20, "paracetamol 1g", category="as-required"),
    medicine(21, LONG, category="infusion", dosage="", frequency=""),
    medicine(22, "methotrexate 10mg", status="on-hold"),
    medicine(23, "warfarin 3mg", status="stopped"),
    medicine(24, "kind not sent", category=""),
    medicine(25, "of another patient", patient="p2"),
]


def opened(tmp_path, records, holds=("Patient", "MedicationRequest")):
    people = [
        Patient(id="p1", source="PAS", mrn="RX00001", family="Example", given="Samuel"),
        Encounter(id="e1", source="PAS", patient="p1", ward="A1", status="in-progress"),
    ]
    header = SnapshotHeader(
        hospital="DEMO", created="2026-11-02T14:00:00Z", expires="2026-11-04T14:00:00Z",
        key="0123456789abcdef", time_zone="Europe/London", holds=holds,
        systems={"PAS": "2026-11-02T13:58:00Z", "EPR": "2026-11-02T03:40:00Z"},
    )  # fmt: skip
    path, key = tmp_path / "drugs.db", os.urandom(32)
    record_tables.create_database(path, key, header, [*people, *records])
    return Snapshot(path, key)


@pytest.fixture
def chart(tmp_path, vault, settings, actor, words):
    """`chart(form)` → the words of each page of patient 1's form, and its rows in the ledger."""

    def build(form, records=MEDICINES, **more):
        snapshot, out = opened(tmp_path, records, **more), io.BytesIO()
        printed = print_pack(
            vault,
            settings,
            PatientPack(patient="p1", forms=(form,)),
            actor,
            "Test",
            out,
            snapshot=snapshot,
        )
        snapshot.close()
        pages = [" ".join(p.split()) for p in words(out.getvalue()) if "Drug chart" in p]
        return pages, [row for row in ledger.list_pack_forms(vault, printed.id) if row.form == form]

    return build


def test_every_regular_medicine_is_on_one_of_the_charts_exactly_as_it_was_sent(chart):
    pages, _ = chart("drug-chart-regular")
    assert [sum(name in page for page in pages) for name in NAMES] == [1] * 9


def test_what_a_chart_cannot_hold_goes_to_a_second_one_with_its_own_serial(chart):
    pages, issued = chart("drug-chart-regular")
    assert len(issued) == len({row.serial for row in issued}) == 3
    assert [f"{n} of 3" in page for n, page in enumerate(pages, 1)] == [True] * 3


def filled(form, snapshot, row):
    medicines = snapshot.list_medicines(row.patient.id)
    return prefill.sheet_values(form, snapshot, row, medicines, ZoneInfo("UTC"), 1)


def test_a_chart_says_that_it_is_not_valid_until_signed_and_how_old_it_is(chart):
    pages, _ = chart("drug-chart-regular")
    assert all("NOT VALID UNTIL SIGNED" in page for page in pages)
    assert all("EPR 02-Nov-2026 03:40" in page for page in pages)


def test_a_medicine_whose_kind_was_not_sent_is_not_lost(chart):
    assert "kind not sent" in "".join(chart("drug-chart-regular")[0])


def test_a_medicine_on_hold_is_named_and_not_charted_and_a_stopped_one_is_neither(tmp_path, chart):
    snapshot = opened(tmp_path, MEDICINES)
    row = snapshot.list_inpatients("A1")[0]
    found = filled(load_form("drug-chart-regular"), snapshot, row)
    snapshot.close()
    assert found["held"] == "methotrexate 10mg 2200 mg Oral BD (on-hold)"
    (tmp_path / "drugs.db").unlink()
    pages = "".join(chart("drug-chart-regular")[0])
    assert pages.count("methotrexate") == 3
    assert "warfarin" not in pages
    assert "another patient" not in pages


def test_each_kind_has_its_chart(chart):
    pages, _ = chart("drug-chart-as-required")
    assert len(pages) == 1
    assert "paracetamol 1g" in pages[0]
    assert "valproate" not in pages[0]


def test_a_name_too_long_for_its_box_is_whole_on_the_page_after(chart):
    pages, _ = chart("drug-chart-infusion")
    assert "… continued" in pages[0]
    assert pages[1].count("(Hartmann's)") == LONG.count("(Hartmann's)")


def test_no_medicine_and_no_data_are_different(tmp_path):
    form = load_form("drug-chart-once-only")
    for holds, said in [(("MedicationRequest",), "EPR: none as at 02-Nov-2026 03:40"),
                        (("Patient",), "EPR unavailable")]:  # fmt: skip
        snapshot = opened(tmp_path, [], holds=holds)
        row = snapshot.list_inpatients("A1")[0]
        assert filled(form, snapshot, row)["as-at"] == said
        snapshot.close()
        (tmp_path / "drugs.db").unlink()


def test_a_blank_log_names_its_ward(vault, settings, actor, words):
    out = io.BytesIO()
    print_pack(
        vault,
        settings,
        BlankForms(forms=("specimen-dispatch-log",), copies=1, ward="A1"),
        actor,
        "Test",
        out,
    )
    (page,) = words(out.getvalue())
    assert "A1" in page


@pytest.mark.parametrize("category", ["discharge", "community"])
def test_a_medicine_that_is_not_for_the_ward_is_named_and_not_charted(tmp_path, category):
    home = medicine(30, "apixaban 5mg", category=category)
    snapshot = opened(tmp_path, [medicine(1, "amoxicillin 500mg"), home])
    row = snapshot.list_inpatients("A1")[0]
    found = filled(load_form("drug-chart-regular"), snapshot, row)
    snapshot.close()
    assert found.pop("held") == f"apixaban 5mg 3000 mg Oral BD ({category}, not for the ward)"
    assert "apixaban" not in str(found)
    assert "amoxicillin" in str(found)
