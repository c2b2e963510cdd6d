"""Drug charts filled from the snapshot: every medicine once, as it was sent, on as many as it needs."""

import io
import os
import re
from zoneinfo import ZoneInfo

import pytest

from downtime.clinical.doses import list_patient_doses
from downtime.clinical.model import (
    Encounter,
    MedicationAdministration,
    MedicationRequest,
    Patient,
)
from downtime.paper import ledger
from downtime.paper.forms import prefill
from downtime.paper.forms.hospital_forms import save_form
from downtime.paper.forms.load_form import load_form
from downtime.paper.forms.medicine_charts import KINDS, PatientMedicines
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_pack import WardPack
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.store import record_tables
from downtime.snapshot.store.opened_snapshot import Snapshot
from tests.integration.paper.conftest import read_words, records

NAMES = [f"valproate {n}00mg MODIFIED-release (b. {n})" for n in range(1, 10)]
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
COPIED = "2026-11-02T14:00:00Z"
GIVES = ("Patient", "MedicationRequest", "MedicationAdministration")
REGULAR = [m for m in MEDICINES if m.category in ("regular", "")]


def opened(tmp_path, records, holds=("Patient", "MedicationRequest")):
    people = [
        Patient(id="p1", source="PAS", mrn="RX00001", family="Example", given="Samuel"),
        Encounter(id="e1", source="PAS", patient="p1", ward="A1", status="in-progress"),
    ]
    header = SnapshotHeader(
        hospital="DEMO", created=COPIED, expires="2026-11-04T14:00:00Z",
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
    pages, _ = chart("drug-chart-regular", REGULAR)
    assert [sum(f"valproate {n}00mg" in page for page in pages) for n in range(1, 10)] == [1] * 9


def test_a_medicine_stands_on_its_chart_exactly_as_it_was_sent(tmp_path):
    snapshot = opened(tmp_path, REGULAR)
    row = snapshot.list_inpatients("A1")[0]
    sheets = [filled(load_form("drug-chart-regular"), snapshot, row, n) for n in (1, 2)]
    snapshot.close()
    printed = [sheet[f"drug:{n}"] for sheet in sheets for n in range(1, 9) if f"drug:{n}" in sheet]
    assert printed == [*NAMES, "kind not sent"]


def test_what_a_chart_cannot_hold_goes_to_a_second_one_with_its_own_serial(chart):
    pages, issued = chart("drug-chart-regular", REGULAR)
    assert len(issued) == len({row.serial for row in issued}) == 2
    numbers = [
        n for n, page in enumerate(pages) for sheet in (1, 2) if f"regular {sheet} of 2" in page
    ]
    assert numbers == [0, 3]


def filled(form, snapshot, row, sheet=1, charted=KINDS):
    zone, patient = ZoneInfo("UTC"), row.patient.id
    doses = snapshot.find_records(MedicationAdministration, "patient", [patient])
    found = list_patient_doses(snapshot.list_medicines(patient), doses, zone, COPIED)
    medicines = PatientMedicines(found.rows, frozenset(charted), found.unprescribed)
    return prefill.sheet_values(form, snapshot, row, medicines, zone, sheet)


def test_a_chart_says_that_it_is_not_valid_until_signed_and_how_old_it_is(chart):
    pages, _ = chart("drug-chart-regular", REGULAR)
    assert all("NOT VALID UNTIL SIGNED" in page for page in pages)
    assert all("EPR 02-Nov-2026 03:40" in page for page in (pages[0], pages[3]))


def test_a_medicine_whose_kind_was_not_sent_is_not_lost(chart):
    assert "kind not sent" in "".join(chart("drug-chart-regular")[0])


def test_a_medicine_on_hold_is_named_and_not_charted_and_a_stopped_one_is_neither(tmp_path, chart):
    snapshot = opened(tmp_path, MEDICINES)
    row = snapshot.list_inpatients("A1")[0]
    found = filled(load_form("drug-chart-regular"), snapshot, row)
    snapshot.close()
    assert found["held"].startswith("methotrexate 10mg 2200 mg Oral BD (on-hold)")
    (tmp_path / "drugs.db").unlink()
    pages = "".join(chart("drug-chart-regular", REGULAR)[0])
    assert pages.count("methotrexate") == 2
    assert "warfarin" not in pages
    assert "another patient" not in pages


def test_each_kind_has_its_chart(chart):
    pages, _ = chart(
        "drug-chart-as-required", [*MEDICINES[9:10], medicine(1, NAMES[0], patient="p2")]
    )
    assert len(pages) == 1
    assert "paracetamol 1g" in pages[0]
    assert "valproate" not in pages[0]


def test_a_name_too_long_for_its_box_is_whole_on_the_page_after(chart):
    pages, _ = chart("drug-chart-infusion")
    assert "See page 2, sign there" in pages[0]
    assert "sign on page 2" in pages[0]
    assert "Hartmann" not in pages[0]
    assert pages[1].count("(Hartmann's)") == LONG.count("(Hartmann's)")
    assert "valid only when signed here" in pages[1]


LONG_DOSE = (
    "5 mg in the morning, 10 mg at midday and, unless asleep, 2.5 mg at 22:00; never above 20 mg "
    * 3
)


def test_a_long_dose_is_whole_where_it_is_signed_and_no_part_of_it_stands_in_the_box(chart):
    records = [
        medicine(1, "morphine oral solution", dosage=LONG_DOSE.strip()),
        medicine(2, "senna 7.5mg"),
    ]
    first, *_, more = chart("drug-chart-regular", records)[0]
    assert "5 mg in the morning" not in first
    assert "morphine oral solution" in first
    assert "See page 4, sign there" in first
    assert LONG_DOSE.strip() in more
    assert "morphine oral solution" in more
    assert "senna" not in more


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


def first_sheet(tmp_path, records, **more):
    snapshot = opened(tmp_path, records, holds=GIVES)
    row = snapshot.list_inpatients("A1")[0]
    values = filled(load_form("drug-chart-regular"), snapshot, row, **more)
    snapshot.close()
    return values


def test_what_stands_on_no_chart_of_a_pack_is_named_on_the_charts_that_it_holds(tmp_path, chart):
    records = [medicine(1, NAMES[0]), medicine(2, "furosemide 40mg", category="once-only")]
    values = first_sheet(tmp_path, records, charted=["regular"])
    assert values["held"] == "furosemide 40mg 200 mg Oral BD (once-only: on no chart of this pack)"
    (tmp_path / "drugs.db").unlink()
    assert "furosemide 40mg" in chart("drug-chart-regular", records)[0][0]


@pytest.mark.parametrize("kind", ["once-only", "infusion"])
def test_a_ward_gets_the_charts_of_all_that_is_active(tmp_path, vault, settings, actor, kind):
    snapshot = opened(tmp_path, [medicine(1, NAMES[0]), medicine(2, "something", category=kind)])
    printed = print_pack(
        vault,
        settings,
        WardPack(wards=("A1",), blanks=0),
        actor,
        "Test",
        io.BytesIO(),
        snapshot=snapshot,
    )
    snapshot.close()
    forms = {row.form for row in ledger.list_pack_forms(vault, printed.id)}
    assert f"drug-chart-{kind}" in forms
    assert len([form for form in forms if form.startswith("drug-chart")]) == 3


def dose(number, name, given, status="given", reason=""):
    return MedicationAdministration(
        id=f"d{number}", source="EPR", patient="p1", medicine=name, dosage="100 mg", given=given,
        status=status, reason=reason,
    )  # fmt: skip


def test_the_last_dose_and_the_next_stand_beside_a_medicine_the_time_critical_first(tmp_path):
    records = [
        medicine(1, "amlodipine 5mg", frequency="once a day"),
        medicine(2, "co-careldopa 25mg/100mg", frequency="every 4 hours"),
        medicine(3, "senna 7.5mg"),
        dose(1, "co-careldopa 25mg/100mg", "2026-11-02T12:00:00Z"),
        dose(2, "amlodipine 5mg", "2026-11-02T08:00:00Z", "not-given", "refused"),
    ]
    values = first_sheet(tmp_path, records)
    last, due = "02-Nov-2026 12:00, 100 mg", "about 02-Nov-2026 16:00"
    assert (values["drug:1"], values["doses:1"]) == (
        "co-careldopa 25mg/100mg",
        f"TIME-CRITICAL. {last}; next {due}",
    )
    assert values["doses:2"] == "02-Nov-2026 08:00 NOT GIVEN: refused"
    assert values["doses:3"] == "No dose was sent"


def test_a_dose_that_was_due_before_the_copy_is_said_to_have_been(tmp_path):
    records = [
        medicine(1, "apixaban 5mg", frequency="every 12 hours"),
        dose(1, "apixaban 5mg", "2026-11-01T08:00:00Z"),
    ]
    assert first_sheet(tmp_path, records)["doses:1"].endswith("next was due 01-Nov-2026 20:00")


def test_a_dose_under_another_name_stands_beside_the_medicine_and_on_the_chart(chart):
    records = [
        medicine(1, "paracetamol 1g", frequency="every 6 hours"),
        dose(1, "paracetamol 1g", "2026-11-02T06:00:00Z"),
        dose(2, "Panadol", "2026-11-02T08:10:00Z"),
    ]
    page, *_ = chart("drug-chart-regular", records, holds=GIVES)[0]
    assert "DOSE Panadol, 02-Nov-2026 08:10, 100 mg, belongs to no prescription here" in page
    assert "ASK FIRST: see above" in page
    assert "next about" not in page


def test_a_medicine_on_hold_is_due_at_no_time(tmp_path):
    records = [
        medicine(1, "apixaban 5mg", status="on-hold", frequency="every 12 hours"),
        dose(1, "apixaban 5mg", "2026-11-02T08:00:00Z"),
    ]
    snapshot = opened(tmp_path, records, holds=GIVES)
    doses = snapshot.find_records(MedicationAdministration, "patient", ["p1"])
    zone = ZoneInfo("UTC")
    (row,) = list_patient_doses(snapshot.list_medicines("p1"), doses, zone, COPIED).rows
    snapshot.close()
    assert (row.last, row.next_due) == (doses[0], "")


def test_doses_that_no_system_sent_are_not_none_given(chart):
    page, *_ = chart("drug-chart-regular", [medicine(1, "amlodipine 5mg")])[0]
    assert "Doses not known: EPR" in page
    assert "No dose was sent" not in page


GROUP = """\
  - linkId: {name}
    type: group
    repeats: true
    rows: 4
    prefill: medicines.{kind}
    layout: table
    item:
      - {{linkId: {name}-drug, text: Medicine, type: string, prefill: medicine.medicine, keyed: false, span: 14}}
      - {{linkId: {name}-signed, text: Signed, type: string, keyed: false, span: 7}}
"""


def test_a_hospitals_chart_with_two_kinds_of_medicines_holds_all_of_both(
    vault, settings, actor, snapshot_of
):
    """Six regular ones need two sheets, the one as required stands on the first alone."""
    head, _ = load_form("drug-chart-regular").source.split("  - linkId: medicine\n")
    both = GROUP.format(name="reg", kind="regular") + GROUP.format(name="prn", kind="as-required")
    save_form(vault.home, "own-chart", head.replace("drug-chart-regular", "own-chart") + both)
    kinds = [*["regular"] * 6, "as-required"]
    statuses = [*["active"] * 7, "on-hold"]
    medicines = [
        MedicationRequest(
            id=f"x{n}", source="EPR", patient="p3", medicine=f"drug{n}", dosage="1 mg",
            category=kind, status=status,
        )
        for n, (kind, status) in enumerate(zip([*kinds, "regular"], statuses, strict=True))
    ]  # fmt: skip
    out, request = io.BytesIO(), PatientPack(patient="p3", forms=("own-chart",), summary=False)
    found = snapshot_of([*records(), *medicines])
    result = print_pack(vault, settings, request, actor, "Test", out, snapshot=found)
    charts = [f for f in ledger.list_pack_forms(vault, result.id) if f.form == "own-chart"]
    assert len(charts) == 2
    words = " ".join(read_words(out.getvalue()))
    for number in range(7):
        assert len(re.findall(rf"\bdrug{number}\b", words)) == 1
    assert "drug7 1 mg (on-hold)" in " ".join(words.split())
