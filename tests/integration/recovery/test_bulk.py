"""Decisions by rule: looked at first, one person or two, undone as one step."""

import pytest

from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.reconcile import decide_in_bulk, decide_item, find_items
from downtime.reconcile.model import ItemFilter
from downtime.reconcile.policies import check_decision
from downtime.vault.model import Actor

from .conftest import BLOODS, FBC_THERE, HOSPITAL, LIMS_SAYS, OBSERVED, PHONED

THIRD = Actor("u-3", "Cas Lead", "laptop-1")
NEW_IN_LIMS = ItemFilter(state="new", system="LIMS")


@pytest.fixture
def compared(outage, keyed, compare):
    keyed("blood-sciences-request", BLOODS)
    keyed("blood-sciences-request", {**BLOODS, "collected": "2026-11-02T13:10"})
    keyed("observations", OBSERVED)
    keyed("phoned-result", PHONED)
    compare((*HOSPITAL, *LIMS_SAYS))
    return outage.id


def decided(vault, outage):
    rows = find_items.list_items(vault, outage)
    return sorted((row.item.fact.title, row.decided.decision) for row in rows)


def test_a_rule_decides_exactly_what_its_preview_showed(vault, compared, checker):
    shown = decide_in_bulk.preview_bulk_decision(vault, compared, NEW_IN_LIMS, "return", checker)
    assert len(shown.rows) == 4
    assert shown.count_items("form") == [("blood-sciences-request", 4)]
    assert decided(vault, compared)[0][1] == "open"
    batch = decide_in_bulk.apply_bulk_decision(
        vault, compared, NEW_IN_LIMS, "return", shown.token, checker, "never reached the LIMS"
    )
    assert batch.items == 4
    rows = find_items.list_items(vault, compared, decision="return")
    assert {row.item.fact.form for row in rows} == {"blood-sciences-request"}
    assert {row.decided.decided_by_name for row in rows} == {"Ben Records"}


def test_what_changed_since_the_preview_is_not_decided(vault, compared, checker):
    shown = decide_in_bulk.preview_bulk_decision(vault, compared, NEW_IN_LIMS, "return", checker)
    decide_item.decide_item(vault, shown.rows[0].key, "leave", THIRD, "asked again")
    with pytest.raises(ConflictError, match="changed since you looked"):
        decide_in_bulk.apply_bulk_decision(
            vault, compared, NEW_IN_LIMS, "return", shown.token, checker, "why"
        )
    assert find_items.list_items(vault, compared, decision="return") == []


def test_undoing_puts_all_back_in_one_step_but_not_what_moved_on(vault, compared, checker):
    before = decided(vault, compared)
    shown = decide_in_bulk.preview_bulk_decision(vault, compared, NEW_IN_LIMS, "return", checker)
    batch = decide_in_bulk.apply_bulk_decision(
        vault, compared, NEW_IN_LIMS, "return", shown.token, checker, "why"
    )
    undone = decide_in_bulk.undo_bulk_decision(vault, batch.id, checker, "wrong filter")
    assert (undone.restored, undone.unchanged) == (4, 0)
    assert decided(vault, compared) == before
    with pytest.raises(ConflictError, match="undone already"):
        decide_in_bulk.undo_bulk_decision(vault, batch.id, checker, "again")

    shown = decide_in_bulk.preview_bulk_decision(vault, compared, NEW_IN_LIMS, "return", checker)
    batch = decide_in_bulk.apply_bulk_decision(
        vault, compared, NEW_IN_LIMS, "return", shown.token, checker, "why"
    )
    one = shown.rows[0].key
    decide_item.decide_item(vault, one, "open", checker, "look again")
    decide_item.decide_item(vault, one, "leave", checker, "asked again")
    undone = decide_in_bulk.undo_bulk_decision(vault, batch.id, checker, "wrong filter")
    assert (undone.restored, undone.unchanged) == (3, 1)
    assert find_items.get_item(vault, one).decided.decision == "leave"


def test_nobody_decides_in_bulk_about_what_they_entered(vault, compared, actor):
    shown = decide_in_bulk.preview_bulk_decision(vault, compared, NEW_IN_LIMS, "return", actor)
    assert shown.rows == ()
    assert shown.refused == {"You entered this form, so somebody else decides about it.": 4}
    with pytest.raises(ConflictError, match="nothing to decide"):
        decide_in_bulk.apply_bulk_decision(
            vault, compared, NEW_IN_LIMS, "return", shown.token, actor, "why"
        )


def test_a_filter_a_reason_and_a_decision_are_needed(vault, compared, checker):
    with pytest.raises(InputError, match="needs a filter"):
        decide_in_bulk.preview_bulk_decision(vault, compared, ItemFilter(), "return", checker)
    with pytest.raises(InputError, match="in bulk"):
        decide_in_bulk.preview_bulk_decision(vault, compared, NEW_IN_LIMS, "open", checker)
    with pytest.raises(InputError, match="reason"):
        decide_in_bulk.apply_bulk_decision(vault, compared, NEW_IN_LIMS, "return", "", checker, " ")


def test_a_mismatch_of_results_takes_two_people_singly_and_in_bulk(vault, compared, checker):
    (row,) = find_items.list_items(vault, compared, state="conflict")
    first = decide_item.decide_item(vault, row.key, "leave", checker, "clinician believes the LIMS")
    assert (first.decided.decision, first.is_open) == ("open", True)
    with pytest.raises(ForbiddenError, match="You proposed this"):
        decide_item.decide_item(vault, row.key, "leave", checker, "again")
    conflicts = ItemFilter(state="conflict")
    assert (
        decide_in_bulk.preview_bulk_decision(vault, compared, conflicts, "leave", checker).rows
        == ()
    )
    shown = decide_in_bulk.preview_bulk_decision(vault, compared, conflicts, "leave", THIRD)
    assert (shown.confirmed, shown.proposed) == (1, 0)
    batch = decide_in_bulk.apply_bulk_decision(
        vault, compared, conflicts, "leave", shown.token, THIRD, "agreed"
    )
    held = find_items.get_item(vault, row.key).decided
    assert (held.decision, held.proposed_by_name, held.decided_by_name) == (
        "leave", "Ben Records", "Cas Lead",
    )  # fmt: skip
    decide_in_bulk.undo_bulk_decision(vault, batch.id, THIRD, "not sure")
    back = find_items.get_item(vault, row.key)
    assert (back.decided.proposal, back.is_open) == ("leave", True)


def test_a_second_person_who_decides_otherwise_proposes_anew(vault, compared, checker):
    (row,) = find_items.list_items(vault, compared, state="conflict")
    decide_item.decide_item(vault, row.key, "leave", checker, "believe the LIMS")
    other = decide_item.decide_item(vault, row.key, "return", THIRD, "believe the telephone")
    assert (other.decided.decision, other.decided.proposal) == ("open", "return")
    assert other.decided.proposed_by_name == "Cas Lead"


def test_a_proposal_and_a_bulk_decision_survive_a_comparison_that_finds_the_same(
    vault, compared, compare, checker
):
    (row,) = find_items.list_items(vault, compared, state="conflict")
    decide_item.decide_item(vault, row.key, "leave", checker, "believe the LIMS")
    compare((*HOSPITAL, *LIMS_SAYS, FBC_THERE), 3)
    assert find_items.get_item(vault, row.key).decided.proposal == "leave"


def test_undoing_leaves_what_the_person_who_undoes_has_keyed(vault, compared, checker, actor):
    shown = decide_in_bulk.preview_bulk_decision(vault, compared, NEW_IN_LIMS, "return", checker)
    batch = decide_in_bulk.apply_bulk_decision(
        vault, compared, NEW_IN_LIMS, "return", shown.token, checker, "not there"
    )
    undone = decide_in_bulk.undo_bulk_decision(vault, batch.id, actor, "I keyed them")
    assert (undone.restored, undone.unchanged) == (0, 4)
    assert len(find_items.list_items(vault, compared, decision="return")) == 4


def test_a_word_that_is_no_decision_is_refused():
    with pytest.raises(InputError):
        check_decision("confict")
