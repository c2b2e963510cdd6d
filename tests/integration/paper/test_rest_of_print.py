"""The rest of a print that stopped: nothing of who left, true ages, no downtime number twice, nothing lost silently."""

import io
from dataclasses import replace
from types import SimpleNamespace

import pytest

from downtime.clinical.model import Encounter
from downtime.paper import ledger, serials
from downtime.paper.packs import print_context
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.continue_print import ContinuedPrint
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.session_pack import ClinicPack
from downtime.paper.packs.ward_pack import WardPack
from tests.integration.paper.conftest import read_words, records

LATER = "2026-11-02T18:00:00Z"
WARD = WardPack(wards=("A1",), forms=("observations",), blanks=1)


@pytest.fixture
def send(vault, settings, actor):
    """`send(request, snapshot)` → what was printed: result, rows of the ledger (no cover), words by page."""

    def build(request, snapshot=None):
        out = io.BytesIO()
        result = print_pack(vault, settings, request, actor, "Test", out, snapshot=snapshot)
        forms = [f for f in ledger.list_pack_forms(vault, result.id) if f.form != "cover"]
        words = [" ".join(page.split()) for page in read_words(out.getvalue())]
        return SimpleNamespace(result=result, forms=forms, words=words)

    return build


def test_who_left_the_ward_since_gets_no_pages_and_the_cover_names_them(
    send, snapshot, snapshot_of
):
    first = send(WARD, snapshot)
    left = [
        replace(one, ward="B2") if isinstance(one, Encounter) and one.patient == "p3" else one
        for one in records()
    ]
    rest = send(ContinuedPrint(last=first.forms[1].serial), snapshot_of(left, LATER, sequence=2))
    assert {form.patient for form in first.forms[2:]} - {form.patient for form in rest.forms} == {
        "p3"
    }
    cover = rest.words[0]
    assert cover.count("patient left the ward") == 2, "summary and chart"
    chart = next(f for f in first.forms if f.patient == "p3" and f.returns)
    assert serials.format_serial(chart.serial) in cover[cover.index("Not printed again") :]


def test_nobody_has_left_where_no_system_says_who_is_where(send, snapshot, snapshot_of):
    first = send(WARD, snapshot)
    silent = snapshot_of(
        [one for one in records() if not isinstance(one, Encounter)],
        LATER,
        sequence=2,
        systems={"PAS": "", "EPR": "2026-11-02T17:40:00Z"},
    )
    rest = send(ContinuedPrint(last=first.forms[1].serial), silent)
    assert "patient left the ward" not in rest.words[0]
    assert [f.patient for f in rest.forms if f.returns] == [
        f.patient for f in first.forms[2:] if f.returns
    ]


def test_forms_say_the_age_of_their_own_data_and_lists_that_of_theirs(send, snapshot, snapshot_of):
    first = send(WARD, snapshot)
    later = snapshot_of(
        records(),
        LATER,
        sequence=2,
        systems={"PAS": "2026-11-02T17:58:00Z", "EPR": "2026-11-02T17:40:00Z"},
    )
    rest = send(ContinuedPrint(last=first.forms[0].serial), later)
    _, *pages = rest.words
    summary = next(page for page in pages if "Patient summary" in page)
    chart = next(page for page in pages if "Aoife" in page and "Observations record" in page)
    cover = rest.words[0]
    assert "17:58" in summary
    assert "13:58" not in summary
    assert "13:58" in chart
    assert "17:58" not in chart
    assert "13:58" in cover[cover.index("How old the data is") :]


def test_blank_sets_get_new_numbers_and_an_unfinished_one_is_whole_again(send):
    order = BlankForms(forms=("observations", "admission"), copies=2, numbered=True)
    first = send(order)
    last, *missing = first.forms
    rest = send(ContinuedPrint(last=last.serial))
    assert [f.form for f in rest.forms] == [f.form for f in first.forms], "both sets, whole"
    old, new = ([f.subject.downtime_number for f in forms] for forms in (first.forms, rest.forms))
    assert new[0] == new[1] != new[2] == new[3]
    assert not set(old) & set(new)
    assert all(number in page for number, page in zip(new[1:], rest.words[-3:], strict=False))
    assert all(number not in " ".join(rest.words[1:]) for number in old)
    assert (
        f"The blank set {old[0]} came out in part. The whole set is here again as {new[0]}"
        in (rest.words[0])
    )
    assert rest.result.blank_forms == 4
    assert len(missing) == 3


def test_a_set_that_came_out_whole_is_not_printed_again(send):
    first = send(BlankForms(forms=("observations", "admission"), copies=2, numbered=True))
    rest = send(ContinuedPrint(last=first.forms[1].serial))
    assert [f.form for f in rest.forms] == ["observations", "admission"]
    assert "came out in part" not in rest.words[0]


def test_what_came_out_of_an_unfinished_set_stays_good(send, vault):
    """Somebody may have it as their number already."""
    first = send(BlankForms(forms=("observations", "admission"), copies=1, numbered=True))
    send(ContinuedPrint(last=first.forms[0].serial))
    states = [ledger.get_form(vault, form.serial).state for form in first.forms]
    assert states == ["issued", "void"]


def test_a_form_that_is_not_approved_any_more_is_left_out_and_named(send, snapshot, monkeypatch):
    first = send(WARD, snapshot)
    monkeypatch.setattr(
        print_context, "is_approved", lambda form, *_: not form.name.startswith("observations")
    )
    rest = send(ContinuedPrint(last=first.forms[0].serial), snapshot)
    assert "observations" in {form.form for form in first.forms}
    assert "observations" not in {form.form for form in rest.forms}
    assert "not approved by two people any more" in rest.words[0]


def test_a_list_that_is_not_made_again_is_named_on_the_cover(send, snapshot):
    request = ClinicPack(
        day="2026-11-05", location="Fracture clinic", forms=("drug-chart-regular",)
    )
    send(request, snapshot)
    again = send(replace(request, recall=True), snapshot)
    assert [form.form for form in again.forms[:2]] == ["take-out", "clinic-list-copy"]
    rest = send(ContinuedPrint(last=again.forms[0].serial), snapshot)
    named = rest.words[0][rest.words[0].index("Not printed again") :]
    assert "Clinic list: Fracture clinic" in named
    assert serials.format_serial(again.forms[1].serial) in named
