"""One live record answers one fact, whatever set its form is compared in, is keyed later or taken back."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from downtime.clinical.model import DiagnosticReport, Observation
from downtime.entry import send_back_entry
from downtime.errors import ConflictError
from downtime.outage.events.model import EventKind
from downtime.outage.events.record_event import EventDraft, EventRecorder
from downtime.paper.model import Subject
from downtime.reconcile import decide_in_bulk, decide_item, find_items
from downtime.reconcile.compare import run_comparison
from downtime.reconcile.model import ItemFilter
from downtime.reconcile.wording import explain
from downtime.snapshot import local_snapshots
from downtime.vault import device
from downtime.vault.model import Actor

from .conftest import BOB, HOSPITAL, LATER, OBSERVED, PHONED, SIGNED

LONDON = ZoneInfo("Europe/London")
BEN, CAT = Actor("u-2", "Ben Records", "laptop-1"), Actor("u-3", "Cat Records", "laptop-1")
POTASSIUM = (
    DiagnosticReport(id="d-1", patient="p-ann", collected="2026-11-02T13:30:00Z"),
    Observation(
        id="o-1", patient="p-ann", report="d-1", display="Potassium", value="4.2", units="mmol/L",
        status="final",
    ),
)  # fmt: skip
LOW, HIGH = PHONED | {"value:1": "4.2", "event.time": "14:05"}, PHONED
UNIT = SIGNED | {
    "donation:1": "G101 626 042 231", "component:1": "Red cells, O pos", "fate:1": "transfused",
    "fate-at:1": "2026-11-02T13:00", "by:1": "Sam Okoro",
}  # fmt: skip
BOBS = Subject(patient="p-bob", mrn="H200", family="Stone", given="Bob")


@pytest.fixture
def states(vault, settings, outage, hold, actor):
    """Compare with a hospital, and say the states of each form's items."""
    hold(2, (*HOSPITAL, BOB, *POTASSIUM), LATER)

    def compared(at_once=1000):
        small = replace(settings, reconcile=replace(settings.reconcile, forms_at_once=at_once))
        run_comparison.run_comparison(vault, small, actor, "recovered")
        found = {}
        for row in find_items.list_items(vault, outage.id):
            found.setdefault(row.item.fact.serial, []).append(row.item.state)
        return {serial: " ".join(sorted(listed)) for serial, listed in found.items()}

    return compared


@pytest.mark.parametrize("at_once", [1, 1000])
@pytest.mark.parametrize("first", ["low", "high"])
def test_two_results_on_paper_and_one_in_the_laboratory(vault, keyed, states, at_once, first):
    answers = {"low": LOW, "high": HIGH}
    order = [first, *(name for name in answers if name != first)]
    serials = {name: keyed("phoned-result", answers[name]) for name in order}
    assert states(at_once) == {serials["low"]: "already-there", serials["high"]: "new"}
    words = explain(find_items.get_item(vault, f"{serials['high']}-result-1").item, LONDON)
    form = f"{serials['low'][:2]}-{serials['low'][2:8]}-{serials['low'][8:]}"
    assert f"The one that LIMS has near that time is what form {form} says." in words


@pytest.mark.parametrize("at_once", [1, 1000])
def test_a_form_that_is_keyed_later_takes_the_record_that_is_rather_its_own(keyed, states, at_once):
    high = keyed("phoned-result", HIGH)
    assert states(at_once) == {high: "conflict"}
    low = keyed("phoned-result", LOW)
    assert states(at_once) == {high: "new", low: "already-there"}


def test_a_record_that_is_free_again_is_another_form_s(vault, keyed, states, checker):
    low, high = keyed("phoned-result", LOW), keyed("phoned-result", HIGH)
    assert states() == {low: "already-there", high: "new"}
    send_back_entry.send_back(vault, low, checker, "read again")
    assert states() == {high: "conflict"}


def test_an_observation_on_two_charts_goes_out_once_and_is_not_lost(vault, keyed, states):
    first, second = keyed("observations", OBSERVED), keyed("observations", OBSERVED)
    found = states()
    assert found[first] == "new new new"
    assert found[second] == "on-another-form on-another-form on-another-form"
    keys = [row.key for row in _rows(vault, first) if row.item.fact.fields["value"] == "88"]
    decide_item.decide_item(vault, keys[0], "leave", BEN, "the second one is legible")
    left = [row.item.state for row in _rows(vault, second) if row.item.fact.fields["value"] == "88"]
    assert left == ["new"]
    assert states()[second] == "new on-another-form on-another-form"


def _rows(vault, serial):
    return [
        row
        for row in find_items.list_items(vault, _outage(vault))
        if row.item.fact.serial == serial
    ]


def _outage(vault):
    return next(iter(vault.db.query("SELECT id FROM outage")))["id"]


def test_one_minute_s_pulse_told_differently_on_two_charts_is_for_two_people(vault, keyed, states):
    first = keyed("observations", OBSERVED)
    second = keyed("observations", OBSERVED | {"pulse:2": "192"})
    found = states()
    assert found == {first: "conflict new new", second: "conflict on-another-form on-another-form"}
    for serial in (first, second):
        (row,) = [row for row in _rows(vault, serial) if row.item.state == "conflict"]
        assert row.item.needs_second_person
    assert "says 92 /min" in explain(row.item, LONDON)


# ---- one unit of blood on two patients' forms ---------------------------------------------------


@pytest.fixture
def unit(keyed, states):
    """The items of one unit on Ann's form and on Bob's."""
    other = UNIT | {"donation:1": "g101626042231", "fate-at:1": "2026-11-02T13:30"}
    keys = [
        f"{keyed('blood-unit-fate', UNIT)}-unit-1",
        f"{keyed('blood-unit-fate', other, BOBS)}-unit-1",
    ]
    assert set(states().values()) == {"conflict"}
    return keys


def decide(vault, key, decision):
    """One person decides, and a second one where it takes two."""
    for person in (BEN, CAT):
        row = decide_item.decide_item(vault, key, decision, person, "asked on the ward")
        if row.decided.decision == decision:
            break
    return row.decided.decision


@pytest.mark.parametrize("turned", [False, True])
def test_one_of_two_patients_units_goes_out_at_most_and_two_people_say_which(vault, unit, turned):
    mine, other = reversed(unit) if turned else unit
    row = decide_item.decide_item(vault, mine, "return", BEN, "Ann had it")
    assert (row.decided.decision, row.decided.proposal) == ("open", "return")
    row = decide_item.decide_item(vault, mine, "return", CAT, "Ann had it")
    assert row.decided.decision == "return"
    with pytest.raises(ConflictError, match="one unit goes out once"):
        decide_item.decide_item(vault, other, "return", BEN, "Bob had one too")
    decide_item.decide_item(vault, mine, "open", BEN, "asked again")
    assert decide(vault, mine, "leave") == "leave"
    assert decide(vault, other, "return") == "return"
    with pytest.raises(ConflictError):
        decide_item.decide_item(vault, mine, "return", BEN, "after all")


def test_no_decision_in_bulk_returns_either(vault, settings, outage, unit):
    wanted = ItemFilter(form="blood-unit-fate")
    page = decide_in_bulk.preview_bulk_decision(vault, settings, outage.id, wanted, "return", BEN)
    assert not page.rows
    assert sum(page.refused.values()) == 2
    shown = decide_in_bulk.preview_bulk_decision(vault, settings, outage.id, wanted, "leave", BEN)
    with pytest.raises(ConflictError):
        decide_in_bulk.apply_bulk_decision(
            vault, outage.id, wanted, "return", shown.versions, BEN, "all of them"
        )


def test_what_was_decided_stands_when_all_is_compared_again(vault, unit, states):
    decide(vault, unit[0], "return")
    decide(vault, unit[1], "leave")
    for at_once in (1, 1000):
        states(at_once)
        decided = [find_items.get_item(vault, key).decided.decision for key in unit]
        assert decided == ["return", "leave"]


def test_a_unit_on_the_screen_and_on_another_patient_s_form(vault, settings, outage, keyed, states):
    device.create_device(vault.home, vault.data_key, "K7", "laptop K7")
    snapshot = local_snapshots.open_snapshot(vault, outage.snapshot)
    answers = {
        "donation": "G101626042231",
        "group": "O-pos",
        "why": "Bleeding",
        "authorised": "Dr Ng",
    }
    draft = EventDraft(
        kind=EventKind.BLOOD_ISSUE,
        happened="2026-11-02T13:00:00Z",
        patient="p-ann",
        answers=answers,
    )
    event = EventRecorder(
        vault, settings, snapshot, Actor("u-7", "Nia Nurse", "laptop-1"), "Nurse"
    ).record(draft, is_confirmed=True)
    serial = keyed("blood-unit-fate", UNIT, BOBS)
    assert states() == {event.id: "conflict", serial: "conflict"}
    decide(vault, f"{serial}-unit-1", "return")
    with pytest.raises(ConflictError, match="one unit goes out once"):
        decide_item.decide_item(vault, f"{event.id}-form", "return", BEN, "Ann had it")
