"""Decisions by rule: looked at first, one person or two, undone as one step."""

from dataclasses import replace

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


def test_a_rule_decides_exactly_what_its_preview_showed(vault, settings, compared, checker):
    shown = decide_in_bulk.preview_bulk_decision(
        vault, settings, compared, NEW_IN_LIMS, "return", checker
    )
    assert len(shown.rows) == 4
    assert decided(vault, compared)[0][1] == "open"
    batch = decide_in_bulk.apply_bulk_decision(
        vault, compared, NEW_IN_LIMS, "return", shown.versions, checker, "never reached the LIMS"
    )
    assert (batch.batch.items, batch.changed) == (4, ())
    rows = find_items.list_items(vault, compared, decision="return")
    assert {row.item.fact.form for row in rows} == {"blood-sciences-request"}
    assert {row.decided.decided_by_name for row in rows} == {"Ben Records"}


def test_what_changed_since_it_was_shown_is_not_decided_and_is_named(
    vault, settings, compared, checker
):
    shown = decide_in_bulk.preview_bulk_decision(
        vault, settings, compared, NEW_IN_LIMS, "return", checker
    )
    decided_meanwhile = shown.rows[0].key
    decide_item.decide_item(vault, decided_meanwhile, "leave", THIRD, "asked again")
    outcome = decide_in_bulk.apply_bulk_decision(
        vault, compared, NEW_IN_LIMS, "return", shown.versions, checker, "why"
    )
    assert (outcome.batch.items, outcome.changed) == (3, (decided_meanwhile,))
    assert find_items.get_item(vault, decided_meanwhile).decided.decision == "leave"
    with pytest.raises(ConflictError, match="changed since you looked"):
        decide_in_bulk.apply_bulk_decision(
            vault, compared, NEW_IN_LIMS, "return", shown.versions, checker, "why"
        )


def test_an_item_whose_live_value_has_moved_since_is_not_decided(
    vault, settings, compared, compare, checker
):
    """The state is the same, a conflict, and so is the paper: but nobody has seen the new value."""
    conflicts = ItemFilter(state="conflict")
    shown = decide_in_bulk.preview_bulk_decision(
        vault, settings, compared, conflicts, "leave", checker
    )
    assert [line.now for line in shown.shown[0].sides[0] if line.name == "value"] == ["4.1"]
    report, potassium = LIMS_SAYS
    compare((*HOSPITAL, report, replace(potassium, value="5.2")), 3)
    (row,) = find_items.list_items(vault, compared, state="conflict")
    assert row.is_open
    with pytest.raises(ConflictError, match="changed since you looked"):
        decide_in_bulk.apply_bulk_decision(
            vault, compared, conflicts, "leave", shown.versions, checker, "why"
        )
    with pytest.raises(ConflictError, match="changed since you looked"):
        decide_item.decide_item(
            vault, row.key, "leave", checker, "why", version=shown.shown[0].version
        )


def test_nothing_beyond_the_page_is_decided(vault, settings, compared, checker):
    narrow = with_page_of(settings, 1)
    pages, after = [], ""
    while True:
        page = decide_in_bulk.preview_bulk_decision(
            vault, narrow, compared, NEW_IN_LIMS, "return", checker, after=after
        )
        pages.append([row.key for row in page.rows])
        if not page.next_after:
            break
        after = page.next_after
    assert [len(keys) for keys in pages] == [1, 1, 1, 1]
    first = decide_in_bulk.preview_bulk_decision(
        vault, narrow, compared, NEW_IN_LIMS, "return", checker
    )
    assert first.waiting == 4
    decide_in_bulk.apply_bulk_decision(
        vault, compared, NEW_IN_LIMS, "return", first.versions, checker, "not there"
    )
    rows = find_items.list_items(vault, compared, decision="return")
    assert [row.key for row in rows] == pages[0]


def test_a_version_that_nobody_was_shown_decides_nothing(vault, settings, compared, checker):
    rows = find_items.list_items(vault, compared, state="new")
    for guess in ("", "0" * 16):
        with pytest.raises(ConflictError, match="changed since you looked"):
            decide_in_bulk.apply_bulk_decision(
                vault, compared, NEW_IN_LIMS, "return", {rows[0].key: guess}, checker, "why"
            )


def test_observations_written_together_are_one_set_that_no_page_parts(
    vault, settings, compared, checker
):
    charted = ItemFilter(state="new", type="Observation")
    page = decide_in_bulk.preview_bulk_decision(
        vault, with_page_of(settings, 2), compared, charted, "return", checker
    )
    times = [{item.row.item.fact.event for item in group} for group in page.sets]
    assert all(len(of_set) == 1 for of_set in times)
    assert len({item.row.item.fact.serial for group in page.sets for item in group}) == 1
    whole = decide_in_bulk.preview_bulk_decision(
        vault, settings, compared, charted, "return", checker
    )
    assert sorted(len(group) for group in whole.sets) == [1, 2]


def with_page_of(settings, items):
    return replace(settings, reconcile=replace(settings.reconcile, bulk_items_shown=items))


def test_undoing_puts_all_back_in_one_step_but_not_what_moved_on(
    vault, settings, compared, checker
):
    before = decided(vault, compared)
    shown = decide_in_bulk.preview_bulk_decision(
        vault, settings, compared, NEW_IN_LIMS, "return", checker
    )
    batch = decide_in_bulk.apply_bulk_decision(
        vault, compared, NEW_IN_LIMS, "return", shown.versions, checker, "why"
    )
    undone = decide_in_bulk.undo_bulk_decision(vault, batch.batch.id, checker, "wrong filter")
    assert (undone.restored, undone.unchanged) == (4, 0)
    assert decided(vault, compared) == before
    with pytest.raises(ConflictError, match="undone already"):
        decide_in_bulk.undo_bulk_decision(vault, batch.batch.id, checker, "again")

    shown = decide_in_bulk.preview_bulk_decision(
        vault, settings, compared, NEW_IN_LIMS, "return", checker
    )
    batch = decide_in_bulk.apply_bulk_decision(
        vault, compared, NEW_IN_LIMS, "return", shown.versions, checker, "why"
    )
    one = shown.rows[0].key
    decide_item.decide_item(vault, one, "open", checker, "look again")
    decide_item.decide_item(vault, one, "leave", checker, "asked again")
    undone = decide_in_bulk.undo_bulk_decision(vault, batch.batch.id, checker, "wrong filter")
    assert (undone.restored, undone.unchanged) == (3, 1)
    assert find_items.get_item(vault, one).decided.decision == "leave"


def test_nobody_decides_in_bulk_about_what_they_entered(vault, settings, compared, actor):
    shown = decide_in_bulk.preview_bulk_decision(
        vault, settings, compared, NEW_IN_LIMS, "return", actor
    )
    assert shown.rows == ()
    assert shown.refused == {"You entered this form, so somebody else decides about it.": 4}
    with pytest.raises(ConflictError, match="nothing to decide"):
        decide_in_bulk.apply_bulk_decision(
            vault, compared, NEW_IN_LIMS, "return", shown.versions, actor, "why"
        )


def test_a_filter_a_reason_and_a_decision_are_needed(vault, settings, compared, checker):
    with pytest.raises(InputError, match="needs a filter"):
        decide_in_bulk.preview_bulk_decision(
            vault, settings, compared, ItemFilter(), "return", checker
        )
    with pytest.raises(InputError, match="in bulk"):
        decide_in_bulk.preview_bulk_decision(
            vault, settings, compared, NEW_IN_LIMS, "open", checker
        )
    with pytest.raises(InputError, match="reason"):
        decide_in_bulk.apply_bulk_decision(vault, compared, NEW_IN_LIMS, "return", {}, checker, " ")


def test_a_mismatch_of_results_takes_two_people_singly_and_in_bulk(
    vault, settings, compared, checker
):
    (row,) = find_items.list_items(vault, compared, state="conflict")
    first = decide_item.decide_item(vault, row.key, "leave", checker, "clinician believes the LIMS")
    assert (first.decided.decision, first.is_open) == ("open", True)
    with pytest.raises(ForbiddenError, match="You proposed this"):
        decide_item.decide_item(vault, row.key, "leave", checker, "again")
    conflicts = ItemFilter(state="conflict")
    assert (
        decide_in_bulk.preview_bulk_decision(
            vault, settings, compared, conflicts, "leave", checker
        ).rows
        == ()
    )
    shown = decide_in_bulk.preview_bulk_decision(
        vault, settings, compared, conflicts, "leave", THIRD
    )
    assert (shown.confirmed, shown.proposed) == (1, 0)
    batch = decide_in_bulk.apply_bulk_decision(
        vault, compared, conflicts, "leave", shown.versions, THIRD, "agreed"
    )
    held = find_items.get_item(vault, row.key).decided
    assert (held.decision, held.proposed_by_name, held.decided_by_name) == (
        "leave", "Ben Records", "Cas Lead",
    )  # fmt: skip
    decide_in_bulk.undo_bulk_decision(vault, batch.batch.id, THIRD, "not sure")
    back = find_items.get_item(vault, row.key)
    assert (back.decided.proposal, back.is_open) == ("leave", True)


def test_a_second_person_who_decides_otherwise_proposes_anew(vault, settings, compared, checker):
    (row,) = find_items.list_items(vault, compared, state="conflict")
    decide_item.decide_item(vault, row.key, "leave", checker, "believe the LIMS")
    other = decide_item.decide_item(vault, row.key, "return", THIRD, "believe the telephone")
    assert (other.decided.decision, other.decided.proposal) == ("open", "return")
    assert other.decided.proposed_by_name == "Cas Lead"


def test_a_proposal_and_a_bulk_decision_survive_a_comparison_that_finds_the_same(
    vault, settings, compared, compare, checker
):
    (row,) = find_items.list_items(vault, compared, state="conflict")
    decide_item.decide_item(vault, row.key, "leave", checker, "believe the LIMS")
    compare((*HOSPITAL, *LIMS_SAYS, FBC_THERE), 3)
    assert find_items.get_item(vault, row.key).decided.proposal == "leave"


def test_undoing_leaves_what_the_person_who_undoes_has_keyed(
    vault, settings, compared, checker, actor
):
    shown = decide_in_bulk.preview_bulk_decision(
        vault, settings, compared, NEW_IN_LIMS, "return", checker
    )
    batch = decide_in_bulk.apply_bulk_decision(
        vault, compared, NEW_IN_LIMS, "return", shown.versions, checker, "not there"
    )
    undone = decide_in_bulk.undo_bulk_decision(vault, batch.batch.id, actor, "I keyed them")
    assert (undone.restored, undone.unchanged) == (0, 4)
    assert len(find_items.list_items(vault, compared, decision="return")) == 4


def test_a_word_that_is_no_decision_is_refused():
    with pytest.raises(InputError):
        check_decision("confict")
