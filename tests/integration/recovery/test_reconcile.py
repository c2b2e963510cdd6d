"""From verified forms to decisions: what is compared, who may decide, what a re-run keeps."""

from datetime import timedelta

import pytest

from downtime.clinical.model import ServiceRequest
from downtime.entry import send_back_entry
from downtime.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from downtime.paper.model import Subject
from downtime.reconcile import decide_item, find_items
from downtime.reconcile.compare import run_comparison
from downtime.vault.model import Actor
from tests.integration.keying_steps import see_through, submit_checked

from .conftest import ADMITTED, BLOODS, FBC_THERE, HOSPITAL, LIMS_SAYS, PHONED, SIGNED


@pytest.fixture
def day(vault, outage, keyed, compare):
    """A day's paper, compared with a hospital that has recovered."""
    keyed("blood-sciences-request", BLOODS)
    keyed("phoned-result", PHONED)
    keyed("progress-notes", SIGNED)
    keyed("admission", ADMITTED, Subject(downtime_number="DK700001X"))
    compare((*HOSPITAL, FBC_THERE, *LIMS_SAYS))
    return {row.key.split("-", 1)[1]: row.key for row in find_items.list_items(vault, outage.id)}


def test_each_fact_of_each_verified_form_gets_its_state(vault, outage, day):
    rows = find_items.list_items(vault, outage.id)
    assert {(row.item.fact.title, row.item.state) for row in rows} == {
        ("Full blood count", "already-there"),
        ("Urea and electrolytes", "new"),
        ("Potassium", "conflict"),
        ("Progress notes", "held"),
        ("Admission", "unmatched"),
        ("Patient", "held"),  # goes out with the admission
        ("No known allergies", "unmatched"),
    }
    assert sum(row.is_open for row in rows) == 4


def test_a_form_is_compared_as_soon_as_it_is_entered(vault, settings, issue, compare, actor):
    serial = issue("blood-sciences-request")
    submit_checked(vault, settings, serial, BLOODS, actor)
    assert compare().forms == 1


def test_nothing_is_compared_with_the_snapshot_of_t0(vault, settings, outage, actor):
    with pytest.raises(ConflictError, match="outage's beginning"):
        run_comparison.run_comparison(vault, settings, actor, "recovered")


def test_without_an_outage_there_is_nothing_to_compare(vault, settings, actor):
    with pytest.raises(NotFoundError):
        run_comparison.run_comparison(vault, settings, actor, "recovered")


def test_a_decision_needs_a_reason_and_another_person(vault, day, actor, checker):
    with pytest.raises(InputError, match="reason"):
        decide_item.decide_item(vault, day["test.ue"], "return", checker, " ")
    with pytest.raises(ForbiddenError, match="You entered this form"):
        decide_item.decide_item(vault, day["test.ue"], "return", actor, "not in the LIMS")
    row = decide_item.decide_item(vault, day["test.ue"], "return", checker, "not in the LIMS")
    assert (row.decided.decision, row.decided.decided_by_name) == ("return", "Ben Records")


def test_what_is_already_there_or_held_needs_no_decision(vault, day, checker):
    with pytest.raises(ConflictError, match="cannot be decided"):
        decide_item.decide_item(vault, day["test.fbc"], "return", checker, "again")


def test_newer_live_data_can_never_be_returned(vault, outage, keyed, compare, checker):
    keyed("blood-sciences-request", BLOODS)
    cancelled = ServiceRequest(
        id="r-1", patient="p-ann", code="FBC", stage="cancelled", collected="2026-11-02T13:55:00Z"
    )
    compare((*HOSPITAL, cancelled))
    row = next(r for r in find_items.list_items(vault, outage.id, state="newer-live"))
    with pytest.raises(ConflictError, match="newer-live"):
        decide_item.decide_item(vault, row.key, "return", checker, "we want it")
    assert (
        decide_item.decide_item(vault, row.key, "leave", checker, "cancelled rightly").is_open
        is False
    )


def test_an_unmatched_request_cannot_go_out_but_an_admission_registers_the_patient(
    vault, outage, keyed, compare, checker
):
    blank = Subject(downtime_number="DK700001X")
    keyed("admission", ADMITTED, blank)
    keyed("blood-sciences-request", BLOODS, blank)
    compare()
    unmatched = find_items.list_items(vault, outage.id, state="unmatched")
    rows = {row.item.fact.type: row for row in unmatched}
    assert decide_item.decide_item(vault, rows["Encounter"].key, "return", checker, "new patient")
    with pytest.raises(ConflictError):
        decide_item.decide_item(vault, rows["ServiceRequest"].key, "return", checker, "send")


def test_a_decision_can_be_taken_back_and_is_in_the_audit(vault, day, checker):
    decide_item.decide_item(vault, day["test.ue"], "leave", checker, "asked again by hand")
    row = decide_item.decide_item(vault, day["test.ue"], "open", checker, "second thoughts")
    assert row.is_open
    said = [
        r["why"] for r in vault.db.query("SELECT why FROM audit WHERE action = 'reconcile.decide'")
    ]
    assert said == ["leave: asked again by hand", "open: second thoughts"]


def test_a_new_comparison_keeps_what_still_holds_and_reopens_what_does_not(
    vault, day, compare, checker
):
    decide_item.decide_item(vault, day["test.ue"], "return", checker, "not in the LIMS")
    third = Actor("u-3", "Cas Lead", "laptop-1")
    for person in (checker, third):
        decide_item.decide_item(
            vault, day["result-1"], "resolved-elsewhere", person, "clinician reviewed"
        )
    now_there = ServiceRequest(
        id="r-2", patient="p-ann", code="UE", stage="received", collected="2026-11-02T13:58:00Z"
    )
    compare((*HOSPITAL, FBC_THERE, *LIMS_SAYS, now_there), 3)
    kept = find_items.get_item(vault, day["result-1"])
    assert (kept.decided.decision, kept.decided.reason) == (
        "resolved-elsewhere",
        "clinician reviewed",
    )
    gone = find_items.get_item(vault, day["test.ue"])
    assert (gone.item.state, gone.decided.decision) == ("already-there", "open")


def test_a_corrected_entry_reopens_its_decisions_and_forgets_what_it_no_longer_says(
    vault, settings, outage, day, actor, checker
):
    key = day["test.ue"]
    serial = key[:9]
    decide_item.decide_item(vault, day["test.ue"], "return", checker, "not in the LIMS")
    send_back_entry.send_back(vault, serial, checker, "wrong test")
    vault.clock = (lambda now: lambda: now + timedelta(minutes=5))(vault.clock())
    answers = {k: v for k, v in BLOODS.items() if k != "test.ue"} | {"test.crp": "true"}
    submit_checked(vault, settings, serial, answers, actor)
    see_through(vault, settings, serial, checker)
    run_comparison.run_comparison(vault, settings, actor, "corrected")
    with pytest.raises(NotFoundError):
        find_items.get_item(vault, key)
    assert find_items.get_item(vault, f"{serial}-test.crp").is_open


def test_an_unknown_item_is_said_to_be_unknown(vault, outage, checker):
    with pytest.raises(NotFoundError):
        decide_item.decide_item(vault, "K7000001X-nothing", "leave", checker, "tidy")
