"""A pack of changes: only what is different, and every superseded page named and void."""

import io
from dataclasses import replace
from types import SimpleNamespace

import pytest

from downtime.clinical.model import Encounter, Flag, Patient
from downtime.errors import ConflictError
from downtime.outage import outages
from downtime.paper import ledger, move_form, serials
from downtime.paper.packs import ward_changes
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_changes import WardChanges
from tests.integration.paper.conftest import read_words, records

LATER = "2026-11-02T18:00:00Z"


@pytest.fixture
def first(pack):
    """The whole pack of ward A1, one form for each patient, no spares."""
    return pack(forms=["observations"], blanks=0)


@pytest.fixture
def changes(vault, snapshot_of, settings, actor):
    """`changes(records)` → the printed changes of ward A1 in a later snapshot of these records."""

    def build(found, **header):
        out, later = io.BytesIO(), snapshot_of(found, LATER, **header)
        request = WardChanges(ward="A1", forms=("observations",))
        printed = print_pack(vault, settings, request, actor, "Test", out, snapshot=later)
        rows = ledger.list_pack_forms(vault, printed.id)
        return SimpleNamespace(rows=rows, words=read_words(out.getvalue()), result=printed)

    return build


def summary(vault, pack, patient):
    return next(
        row
        for row in ledger.list_pack_forms(vault, pack)
        if row.form == "summary" and row.patient == patient
    )


def moved(found, patient, **where):
    return [
        replace(one, **where) if isinstance(one, Encounter) and one.patient == patient else one
        for one in found
    ]


WARD_LISTS = ["bed-list", "medicines-due"]


def test_nothing_changed_is_new_lists_of_the_ward_under_a_cover(first, changes, vault):
    old = [row for row in ledger.list_pack_forms(vault, first.result.id) if row.form in WARD_LISTS]
    printed = changes(records())
    assert [row.form for row in printed.rows] == [*WARD_LISTS, "cover"]
    assert [ledger.get_form(vault, row.serial).state for row in old] == ["void", "void"]
    assert all(serials.format_serial(row.serial) in printed.words[0] for row in old)


def test_a_new_alert_prints_that_patient_and_voids_the_old_page(first, changes, vault):
    old = summary(vault, first.result.id, "p2")
    printed = changes([*records(), Flag(id="f9", source="EPR", patient="p2", text="MRSA")])
    assert [(r.form, r.patient) for r in printed.rows] == [
        ("bed-list", ""), ("medicines-due", ""), ("summary", "p2"), ("cover", ""),
    ]  # fmt: skip
    new = printed.rows[2]
    assert new.replaces == (old.serial,)
    voided = ledger.get_form(vault, old.serial)
    assert (voided.state, voided.reason_sentence) == (
        "void",
        f"Superseded by {serials.format_serial(new.serial)}.",
    )
    page = next(text for text in printed.words if "MRSA" in text and "Patient summary" in text)
    assert f"Supersedes {serials.format_serial(old.serial)}" in page
    assert serials.format_serial(old.serial) in printed.words[0]
    assert serials.format_serial(new.serial) in printed.words[0]


def test_another_bed_prints_that_patient_and_leaves_the_forms_alone(first, changes, vault):
    printed = changes(moved(records(), "p3", bed="6"))
    assert [r.patient for r in printed.rows if r.form == "summary"] == ["p3"]
    forms = [r for r in ledger.list_patient_forms(vault, "p3") if r.form == "observations"]
    assert [row.state for row in forms] == ["issued"]


def test_a_new_patient_gets_the_whole_set(first, changes):
    new = [
        Patient(id="p9", source="PAS", mrn="RX00009", family="New", given="Nora"),
        Encounter(id="e9", source="PAS", patient="p9", status="in-progress", kind="inpatient",
                  ward="A1", bay="B", bed="6"),
    ]  # fmt: skip
    printed = changes([*records(), *new])
    assert [(r.form, r.patient) for r in printed.rows][2:-1] == [
        ("summary", "p9"), ("observations", "p9"),
    ]  # fmt: skip


def test_the_page_of_one_who_left_is_taken_out(first, changes, vault):
    old = summary(vault, first.result.id, "p3")
    printed = changes(moved(records(), "p3", status="finished"))
    assert ledger.get_form(vault, old.serial).state == "void"
    assert "patient left the ward" in printed.words[0]
    assert [
        r.state for r in ledger.list_patient_forms(vault, "p3") if r.form == "observations"
    ] == ["issued"]


def test_changes_follow_changes(first, changes):
    flagged = [*records(), Flag(id="f9", source="EPR", patient="p2", text="MRSA")]
    changes(flagged)
    assert [row.form for row in changes(flagged).rows] == [*WARD_LISTS, "cover"]
    assert [r.patient for r in changes(records()).rows if r.form == "summary"] == ["p2"]


def test_what_failed_supersedes_nothing(first, vault, snapshot_of, settings, actor):
    later = snapshot_of([*records(), Flag(id="f9", source="EPR", patient="p2", text="MRSA")], LATER)

    class Full(io.BytesIO):
        def write(self, data):
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        print_pack(vault, settings, WardChanges(ward="A1"), actor, "Test", Full(), snapshot=later)
    assert summary(vault, first.result.id, "p2").state == "issued"


def test_a_ward_without_a_print_has_no_changes(vault, snapshot, settings, actor):
    assert ward_changes.list_printed_wards(vault) == set()
    with pytest.raises(ConflictError, match="No pack of ward 'A1'"):
        print_pack(
            vault, settings, WardChanges(ward="A1"), actor, "Test", io.BytesIO(), snapshot=snapshot
        )


def test_a_drill_supersedes_no_real_page(first, changes, vault, actor):
    assert ward_changes.list_printed_wards(vault) == {"A1"}
    outages.declare_systems_down(vault, ["LIMS"], actor, "Drill", known=["LIMS"], drill=True)
    assert ward_changes.list_printed_wards(vault) == set()
    with pytest.raises(ConflictError):
        changes(records())


def test_who_is_known_by_another_id_since_gets_no_second_set_of_charts(first, changes, vault):
    renamed = [
        replace(one, id="q3") if isinstance(one, Patient) and one.id == "p3"
        else replace(one, patient="q3") if isinstance(one, Encounter) and one.patient == "p3"
        else one
        for one in records()
    ]  # fmt: skip
    old = summary(vault, first.result.id, "p3")
    printed = changes(renamed)
    assert [row.form for row in printed.rows] == [*WARD_LISTS, "cover"]
    assert ledger.get_form(vault, old.serial).state == "issued", "it says the same"
    assert "left the ward" not in printed.words[0], "the chart at the bed stays there"
    flagged = changes([*renamed, Flag(id="f9", source="EPR", patient="q3", text="MRSA")])
    assert [row.patient for row in flagged.rows if row.form == "summary"] == ["q3"]
    assert ledger.get_form(vault, old.serial).state == "void", "the new one is in its place"


def test_the_forms_of_one_who_left_are_named_to_be_handed_in(first, changes, vault):
    gone = moved(records(), "p3", status="finished")
    (form,) = (r for r in ledger.list_patient_forms(vault, "p3") if r.form == "observations")
    page = changes(gone).words[0]
    assert serials.format_serial(form.serial) in page
    assert "hand it in" in page


def merge(found, old, new):
    """`old` is merged into `new`, who has another hospital number unless already there."""
    is_new = not any(isinstance(one, Patient) and one.id == new for one in found)
    for one in found:
        if isinstance(one, Patient) and one.id == old:
            yield replace(one, replaced_by=new)
            if is_new:
                yield replace(one, id=new, mrn="RX77777", nhs_number="")
        else:
            is_of_old = isinstance(one, Encounter) and one.patient == old
            yield replace(one, patient=new) if is_of_old else one


@pytest.mark.parametrize("survivor", ["p7", "p2"], ids=["a new one", "one of the ward"])
def test_who_was_merged_has_left_no_ward(first, changes, survivor):
    printed = changes(list(merge(records(), "p3", survivor)))
    assert "left the ward" not in printed.words[0]
    assert "observations" not in {row.form for row in printed.rows}


@pytest.mark.parametrize("mrn", ["RX00009", ""], ids=["another number", "no number yet"])
def test_two_people_of_one_nhs_number_are_two(first, changes, vault, mrn):
    """Twins whom somebody gave one number: each gets paper, and neither's takes the other's place."""
    twin = Patient(
        id="p9", source="PAS", mrn=mrn, nhs_number="9990000026", family="Example",
        given="Sarah", birth_date="1960-01-02",
    )  # fmt: skip
    stay = Encounter(id="e9", patient="p9", status="in-progress", kind="inpatient", ward="A1")
    old = summary(vault, first.result.id, "p3")
    came = changes([*records(), twin, stay])
    assert ("observations", "p9") in {(row.form, row.patient) for row in came.rows}
    flag = Flag(id="f9", source="EPR", patient="p3", text="MRSA")
    later = changes([*records(), twin, stay, flag])
    assert [row.patient for row in later.rows if row.form == "summary"] == ["p3"]
    assert ledger.get_form(vault, old.serial).state == "void"
    assert summary(vault, came.result.id, "p9").state == "issued"


def test_who_is_in_hospital_and_on_no_ward_by_name_has_not_left(first, changes, vault):
    old = summary(vault, first.result.id, "p3")
    cover = changes(moved(records(), "p3", ward="", bed="")).words[0]
    assert "left the ward" not in cover
    assert "These pages follow their patient" not in cover, "nobody knows where to"
    assert ledger.get_form(vault, old.serial).state == "issued"


def test_a_second_outage_begins_a_second_record(first, changes, vault, actor):
    """What came back from the first one is filed: its charts are none to write on."""
    returned = [row for row in ledger.list_pack_forms(vault, first.result.id) if row.returns]
    outages.declare_systems_down(vault, ["EPR"], actor, "x", known=["EPR"])
    assert "observations" not in {row.form for row in changes(records()).rows}, "they are out"
    for row in returned:
        move_form.mark_returned(vault, row.serial, actor)
    printed = changes(records())
    assert sorted(row.patient for row in printed.rows if row.form == "observations") == sorted(
        row.patient for row in returned
    )


def test_of_whom_a_system_says_nothing_the_pages_stay(first, changes, vault):
    """The emergency department sent nobody's stays: whoever is missing may be with them."""
    gone = [one for one in records() if not isinstance(one, Encounter) or one.patient != "p3"]
    old = summary(vault, first.result.id, "p3")
    holders = {"Encounter": ("PAS", "ED")}
    systems = {"PAS": "2026-11-02T17:58:00Z", "EPR": "2026-11-02T17:40:00Z", "ED": ""}
    cover = changes(gone, systems=systems, holders=holders).words[0]
    assert "left the ward" not in cover
    assert "Not known, ED unavailable" in " ".join(cover.split())
    assert ledger.get_form(vault, old.serial).state == "issued"


def test_a_copy_that_knows_where_nobody_is_changes_nothing(first, changes, vault):
    silent = [one for one in records() if not isinstance(one, Encounter)]
    with pytest.raises(ConflictError, match="does not say who is on the ward: PAS unavailable"):
        changes(silent, systems={"PAS": "", "EPR": "2026-11-02T17:40:00Z"})
    assert {row.state for row in ledger.list_pack_forms(vault, first.result.id)} == {"issued"}
