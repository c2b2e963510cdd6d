"""The hand-over of a shift on paper: who lies where now, what is to be known, what was recorded."""

import io

import orjson
import pytest

from downtime.clinical import display
from downtime.outage import outages
from downtime.outage.events.model import EventKind
from downtime.outage.events.record_event import EventDraft, EventRecorder
from downtime.paper import ledger
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.shift_handover import ShiftHandover
from downtime.paper.store import form_contents
from tests.integration.paper.conftest import read_words


@pytest.fixture
def listed(vault, settings, actor, snapshot):
    """`listed(**options)` → the words of the pages of ward A1's hand-over."""

    def build(**options):
        out = io.BytesIO()
        request = ShiftHandover(ward="A1", **options)
        result = print_pack(vault, settings, request, actor, "", out, snapshot=snapshot)
        assert not any(row.returns for row in ledger.list_pack_forms(vault, result.id))
        return "\n".join(read_words(out.getvalue()))

    return build


def test_everybody_of_the_ward_is_on_it_with_allergies_and_tests(listed, snapshot):
    words = listed(nurse="Sam Okoro")
    assert "to Sam Okoro" in words
    rows = snapshot.list_inpatients("A1")
    assert f"{len(rows)} patients as staff say it is now" in words
    for row in rows:
        assert row.patient.family.upper()[:10] in words
    waiting = snapshot.list_outstanding_tests("A1")
    assert all(test.request.display[:8] in words for test in waiting if test.request.display)


def test_long_allergies_stand_whole_at_the_end_and_alerts_in_their_row(listed):
    body, allergies = listed().split("Allergies in full")
    assert "Iodinated contrast" not in body
    assert "two to" in body
    assert all(f"number {n}" in " ".join(allergies.split()) for n in range(1, 11))


def test_only_the_bays_of_one_nurse(listed, snapshot):
    bays = {row.encounter.bay for row in snapshot.list_inpatients("A1")}
    bay = sorted(bays - {""})[0] if bays - {""} else "1"
    inside = [r for r in snapshot.list_inpatients("A1") if r.encounter.bay == bay]
    assert f"{len(inside)} patients" in listed(bays=(bay,))


def test_what_was_recorded_in_the_shift_and_who_came_stands_on_it(
    listed, vault, settings, actor, snapshot
):
    outages.declare_systems_down(vault, ["PAS"], actor, "x", known=["PAS"], snapshot=snapshot.id)
    recorder = EventRecorder(vault, settings, snapshot, actor)
    answers = {
        "identity": "known", "family": "Newcomer", "given": "Nia", "birth_date": "1990-05-05",
        "gender": "female", "ward": "A1", "bed": "Chair 9", "stay": "emergency",
    }  # fmt: skip
    draft = EventDraft(kind=EventKind.ARRIVAL, happened=vault.now(), answers=answers)
    recorder.record(draft, is_confirmed=True)
    words = listed()
    assert "NEWCOMER, Nia" in words
    assert "Arrival" in words
    assert "Chair 9" in words


def test_the_forms_of_the_ward_come_filled_where_they_are_asked_for(
    vault, settings, actor, snapshot
):
    """Every patient on the hand-over, every bed on the census, the free ones to be written on."""
    out = io.BytesIO()
    request = ShiftHandover(ward="A1", with_forms=True)
    result = print_pack(vault, settings, request, actor, "", out, snapshot=snapshot)
    forms = ledger.list_pack_forms(vault, result.id)
    assert {form.form for form in forms if form.returns} == {"handover", "census"}
    values = [
        orjson.loads(form_contents.fetch_content(vault.db, form.serial))
        for form in forms
        if form.returns
    ]
    rows = snapshot.list_inpatients("A1")
    names = {display.format_name(row.patient) for row in rows}
    handed = [
        text.partition("\n")[0] for sheet in values for key, text in sheet.items() if "who:" in key
    ]
    assert set(handed) == names
    assert len(handed) == len(rows)
    counted = [text for sheet in values for key, text in sheet.items() if "patient:" in key]
    assert set(counted) == names
    places = [text for sheet in values for key, text in sheet.items() if "place:" in key]
    assert len(places) > len(counted), "an empty bed has a line of its own"
    assert any(
        "Penicillin" in text
        for sheet in values
        for key, text in sheet.items()
        if "background:" in key
    )
