"""A print of several wards: in the order of wards and beds, parted, and with a first sheet that says what is in it."""

import io
from dataclasses import replace

from downtime.clinical.model import Encounter, Location
from downtime.paper import ledger
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_pack import WardPack
from tests.integration.paper.conftest import read_words, records


def of_two_wards():
    """The ward of the other tests, with patients 3 and 4 on a second one."""
    moved = {"p3", "p4", "b3", "b4"}
    for record in records():
        if isinstance(record, Encounter) and record.patient in moved:
            yield replace(record, ward="B2")
        elif isinstance(record, Location) and record.id in moved:
            yield replace(record, ward="B2", ward_name="Surgery")
        else:
            yield record


def test_each_pile_begins_with_its_own_sheet_and_the_cover_counts_them(
    vault, settings, actor, snapshot_of
):
    out = io.BytesIO()
    result = print_pack(
        vault, settings, WardPack(forms=("observations",), blanks=0), actor, "Test", out,
        snapshot=snapshot_of(list(of_two_wards())),
    )  # fmt: skip
    forms = ledger.list_pack_forms(vault, result.id)
    starts = [place for place, form in enumerate(forms) if form.form == "ward-separator"]
    assert [forms[place].ward for place in starts] == ["A1", "B2"]
    assert {form.ward for form in forms[starts[0] : starts[1]]} == {"A1"}
    assert {form.ward for form in forms[starts[1] : -1]} == {"B2"}

    cover, first, *rest = (" ".join(page.split()) for page in read_words(out.getvalue()))
    assert "Pages of A1" in first
    assert "A1 Acute Medical Unit" in first
    assert first.index("Aoife") < first.index("EXAMPLE, Samuel") < first.index("FEATHERSTONEHAUGH")
    pages = sum(form.pages for form in forms[: starts[1]])
    assert f"A1 Acute Medical Unit 3 3 {pages} 1" in cover
    assert f"B2 Surgery 2 2 {result.pages - 1 - pages} {pages + 1}" in cover
    (second,) = [place for place, page in enumerate(rest, 2) if "Pages of B2" in page]
    assert second == pages + 1, "where the cover says"


def test_one_ward_needs_no_sheet(vault, settings, actor, snapshot_of):
    result = print_pack(
        vault, settings, WardPack(wards=("A1",)), actor, "Test", io.BytesIO(),
        snapshot=snapshot_of(list(of_two_wards())),
    )  # fmt: skip
    assert all(f.form != "ward-separator" for f in ledger.list_pack_forms(vault, result.id))
