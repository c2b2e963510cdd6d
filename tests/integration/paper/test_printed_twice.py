"""A pack printed twice: nothing is printed again unasked, and recalled pages are void and listed."""

import io
from dataclasses import replace

import pytest

from downtime.clinical.model import Encounter
from downtime.errors import ConflictError
from downtime.outage import outages
from downtime.paper import ledger, serials
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_changes import WardChanges
from downtime.paper.packs.ward_pack import WardPack
from tests.integration.paper.conftest import read_words, records

CHART = "drug-chart-regular"


@pytest.fixture
def printed(vault, settings, actor, snapshot):
    """`printed(request)` → what its pack's ledger says, and the words of its pages."""

    def print_(request):
        out = io.BytesIO()
        result = print_pack(vault, settings, request, actor, "Test", out, snapshot=snapshot)
        return ledger.list_pack_forms(vault, result.id), read_words(out.getvalue())

    return print_


def ward(**options):
    return WardPack(wards=("A1",), forms=(CHART,), blanks=1, **options)


def states(vault, rows):
    return {ledger.get_form(vault, row.serial).state for row in rows}


def test_a_second_pack_is_refused_with_who_printed_the_first_and_when(printed, vault):
    first, _ = printed(ward())
    with pytest.raises(
        ConflictError, match=r"Printed 02-Nov-2026 14:30 by .*: \d+ pages"
    ) as refused:
        printed(ward())
    assert "--changes" in refused.value.next_step
    assert "--recall" in refused.value.next_step
    assert states(vault, first) == {"issued"}, "the first set stays as it is"


def test_a_pack_of_all_wards_asks_as_well(printed):
    printed(ward())
    with pytest.raises(ConflictError, match="Printed 02-Nov-2026"):
        printed(WardPack(forms=(CHART,), blanks=0))


def test_a_recalled_set_is_void_and_each_page_is_listed_by_name_bed_form_and_serial(printed, vault):
    first, _ = printed(ward())
    charts = [row for row in first if row.form == CHART and row.patient]
    spares = [row for row in first if row.returns and not row.patient]
    second, pages = printed(ward(recall=True))
    taken_out = [row for row in first if row not in spares]
    assert states(vault, taken_out) == {"void"}
    assert states(vault, spares) == {"issued"}, "their downtime numbers may be in use"
    assert ledger.get_form(vault, charts[0].serial).reason_sentence.startswith("Recalled: printed")
    (listed,) = [
        page for page in pages if "Pages to take out" in page and "void from now on" in page
    ]
    for row in taken_out:
        (line,) = [
            line for line in listed.splitlines() if serials.format_serial(row.serial) in line
        ]
        if row.patient:
            assert row.subject.family.upper()[:10] in line
    assert {row.form for row in second} >= {"take-out", CHART}
    live = [row for row in ledger.list_patient_forms(vault, charts[0].patient) if row.form == CHART]
    assert sum(row.state == "issued" for row in live) == 1


IN_BED = records()
AT_HOME = [row for row in IN_BED if not isinstance(row, Encounter) or row.patient != "p1"]


@pytest.mark.parametrize(
    ("before", "now", "bed"),
    [
        (IN_BED, AT_HOME, "A1: Left"),
        (IN_BED, IN_BED, "1"),
        (AT_HOME, AT_HOME, ""),
        (AT_HOME, IN_BED, "A1 1"),
    ],
    ids=["left", "still there", "an outpatient", "admitted since"],
)
def test_a_page_to_take_out_is_looked_for_where_its_patient_is(
    vault, settings, actor, snapshot_of, before, now, bed
):
    for held, recall in ((before, False), (now, True)):
        out, request = io.BytesIO(), PatientPack(patient="p1", forms=(CHART,), recall=recall)
        print_pack(vault, settings, request, actor, "Test", out, snapshot=snapshot_of(held))
    (listed,) = [page for page in read_words(out.getvalue()) if "void from now on" in page]
    (line,) = [line for line in listed.splitlines() if "O'CALLAGHAN" in line]
    assert line.split("O'CALLAGHAN")[0].strip() == bed


def test_a_copy_that_knows_where_nobody_is_recalls_nothing(
    printed, vault, settings, actor, snapshot_of
):
    first, _ = printed(ward())
    silent = snapshot_of(
        [row for row in records() if not isinstance(row, Encounter)],
        systems={"PAS": "", "EPR": "2026-11-02T13:40:00Z"},
    )
    with pytest.raises(ConflictError, match="PAS unavailable"):
        print_pack(vault, settings, ward(recall=True), actor, "Test", io.BytesIO(), snapshot=silent)
    assert states(vault, first) == {"issued"}


def test_a_recall_leaves_the_pages_of_whom_no_system_places(
    printed, vault, settings, actor, snapshot_of
):
    """Void they would lie in the bed's notes, with nothing in their place."""
    first, _ = printed(ward())
    later = snapshot_of(
        AT_HOME,
        systems={"PAS": "2026-11-02T13:58:00Z", "EPR": "2026-11-02T13:40:00Z", "ED": ""},
        holders={"Encounter": ("PAS", "ED")},
    )
    of_one = [row for row in first if row.patient == "p1"]
    print_pack(vault, settings, ward(recall=True), actor, "Test", io.BytesIO(), snapshot=later)
    assert states(vault, of_one) == {"issued"}
    assert states(vault, [row for row in first if row.patient == "p2"]) == {"void"}
    again = PatientPack(patient="p1", forms=(CHART,), recall=True)
    print_pack(vault, settings, again, actor, "Test", io.BytesIO(), snapshot=later)
    assert states(vault, [row for row in of_one if row.form == CHART]) == {"void"}, "one chart"


def test_a_recall_leaves_the_chart_of_who_was_moved_on(
    printed, vault, settings, actor, snapshot_of
):
    first, _ = printed(ward())
    moved = [
        replace(row, ward="B1") if isinstance(row, Encounter) and row.patient == "p1" else row
        for row in records()
    ]
    print_pack(
        vault, settings, ward(recall=True), actor, "Test", io.BytesIO(), snapshot=snapshot_of(moved)
    )
    assert states(vault, [row for row in first if row.patient == "p1"]) == {"issued"}


def test_a_second_chart_of_who_has_another_id_by_now_is_refused(
    printed, vault, settings, actor, snapshot_of
):
    printed(PatientPack(patient="p3", forms=(CHART,)))
    renamed = [replace(row, id="q3") if row.id == "p3" else row for row in records()]
    merged = [*records(), *(replace(row, mrn="RX7") for row in renamed if row.id == "q3")]
    merged = [replace(row, replaced_by="q3") if row.id == "p3" else row for row in merged]
    for now in renamed, merged:
        with pytest.raises(ConflictError, match="Printed 02-Nov-2026"):
            print_pack(
                vault, settings, PatientPack(patient="q3", forms=(CHART,)), actor, "Test",
                io.BytesIO(), snapshot=snapshot_of(now),
            )  # fmt: skip


def test_a_recall_that_is_not_printed_voids_nothing(printed, vault, settings, actor, snapshot):
    first, _ = printed(ward())

    def refuse(name, pack):
        raise ConflictError("printer.refused", "The queue is stopped.", "See to the printer.")

    with pytest.raises(ConflictError, match="stopped"):
        print_pack(
            vault, settings, ward(recall=True), actor, "Test", io.BytesIO(), snapshot=snapshot, deliver=refuse,
        )  # fmt: skip
    assert states(vault, first) == {"issued"}


def test_a_second_drug_chart_of_one_patient_is_refused_by_every_way_of_printing(printed, vault):
    first, _ = printed(PatientPack(patient="p1", forms=(CHART,)))
    for request in (PatientPack(patient="p1", forms=(CHART,)), ward()):
        with pytest.raises(ConflictError, match="Printed 02-Nov-2026"):
            printed(request)
    (old,) = [row for row in first if row.form == CHART]
    printed(PatientPack(patient="p1", forms=(CHART,), recall=True))
    assert states(vault, [old]) == {"void"}
    assert printed(PatientPack(patient="p1", forms=("progress-notes",))), "one may run full"
    assert printed(PatientPack(patient="p1", forms=("progress-notes",)))


def test_changes_are_printed_without_a_question(printed):
    printed(ward())
    assert printed(WardChanges(ward="A1", forms=(CHART,)))


def test_pages_of_a_drill_and_real_ones_never_recall_each_other(printed, vault, actor):
    outages.declare_systems_down(vault, ["LIMS"], actor, "x", known=["LIMS"], drill=True)
    drilled, _ = printed(ward())
    outages.declare_systems_down(vault, ["LIMS"], actor, "x", known=["LIMS"])
    printed(ward())
    printed(ward(recall=True))
    assert states(vault, drilled) == {"issued"}
