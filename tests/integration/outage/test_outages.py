"""Systems fail and return one by one; drills and outages never mix; the audit names each step."""

import pytest

from downtime.errors import ConflictError, InputError
from downtime.outage import correct_outage, outages
from downtime.outage.outage_at_hand import choose_outage, find_outage_at_hand
from tests.closing import close_outage

KNOWN = ("PAS", "EPR", "LIMS")


def declare(vault, actor, *systems, **more):
    return outages.declare_systems_down(vault, systems, actor, "power lost", known=KNOWN, **more)


def test_one_system_fails_and_the_others_stay_up(vault, actor):
    outage = declare(vault, actor, "LIMS", snapshot="s-1")
    assert outage.down == ("LIMS",)
    assert outage.snapshot == "s-1"
    assert outages.find_current(vault) == outage


def test_a_second_failure_joins_the_same_outage_and_keeps_its_t0(vault, actor):
    first = declare(vault, actor, "LIMS", snapshot="s-1")
    second = declare(vault, actor, "PAS", snapshot="s-2")
    assert second.id == first.id
    assert second.snapshot == "s-1"
    assert set(second.down) == {"LIMS", "PAS"}


def test_it_recovers_when_the_last_system_is_back_and_then_closes(vault, actor):
    declare(vault, actor, "LIMS", "PAS")
    assert outages.mark_restored(vault, ["PAS"], actor, "back").state == "open"
    recovering = outages.mark_restored(vault, ["LIMS"], actor, "back")
    assert recovering.state == "recovering"
    assert close_outage(vault, recovering.id, actor, "signed").state == "closed"
    assert outages.find_current(vault) is None


def test_a_failure_during_a_recovery_is_an_outage_of_its_own(vault, actor):
    first = declare(vault, actor, "LIMS", snapshot="s-1")
    outages.mark_restored(vault, ["LIMS"], actor, "back")
    second = declare(vault, actor, "PAS", snapshot="s-2")
    assert second.id != first.id
    assert (second.snapshot, second.down) == ("s-2", ("PAS",))
    assert outages.get_outage(vault, first.id).state == "recovering"
    assert outages.find_current(vault) == second, "what is printed now belongs to the new one"
    assert find_outage_at_hand(vault).id == first.id, "its recovery goes on meanwhile"
    assert outages.list_down_systems(vault) == {"PAS": second.opened}


def test_the_recovery_that_is_worked_on_is_chosen_until_its_books_are_closed(vault, actor):
    first, second = declare(vault, actor, "LIMS"), None
    outages.mark_restored(vault, ["LIMS"], actor, "back")
    second = declare(vault, actor, "PAS")
    choose_outage(vault, second.id, actor)
    assert find_outage_at_hand(vault).id == second.id
    outages.mark_restored(vault, ["PAS"], actor, "back")
    close_outage(vault, second.id, actor, "signed")
    assert find_outage_at_hand(vault).id == first.id
    with pytest.raises(ConflictError, match="is closed"):
        choose_outage(vault, second.id, actor)


def test_a_real_failure_ends_the_drill_and_takes_nothing_of_it_over(vault, actor):
    drill = declare(vault, actor, "LIMS", "PAS", drill=True, snapshot="s-1")
    real = declare(vault, actor, "LIMS", snapshot="s-2")
    assert real.id != drill.id
    assert (real.drill, real.down, real.snapshot) == (False, ("LIMS",), "s-2")
    ended = outages.get_outage(vault, drill.id)
    assert (ended.drill, ended.down, ended.state) == (True, (), "recovering")
    assert outages.find_current(vault) == real
    assert find_outage_at_hand(vault) == real, "a drill is never worked on before the real one"
    steps = [(row["action"], row["target"]) for row in vault.db["audit"].rows]
    assert ("outage.end", "LIMS,PAS") in steps


def test_what_is_said_in_a_drill_never_stands_beside_what_is_real(vault, actor):
    assert outages.list_current_kind(vault) == []
    drill = declare(vault, actor, "LIMS", drill=True)
    assert outages.list_current_kind(vault) == [drill]
    first = declare(vault, actor, "LIMS")
    outages.mark_restored(vault, ["LIMS"], actor, "back")
    second = declare(vault, actor, "PAS")
    assert [item.id for item in outages.list_current_kind(vault)] == [second.id, first.id]


def test_no_drill_begins_while_a_real_outage_is_not_closed(vault, actor):
    declare(vault, actor, "LIMS")
    outages.mark_restored(vault, ["LIMS"], actor, "back")
    with pytest.raises(ConflictError, match="is not closed, and a drill never mixes"):
        declare(vault, actor, "PAS", drill=True)


def test_each_system_keeps_the_snapshot_of_its_own_loss(vault, actor):
    declare(vault, actor, "LIMS", snapshot="s-1")
    outage = declare(vault, actor, "PAS", snapshot="s-2")
    assert [outage.get_snapshot(name) for name in ("LIMS", "PAS", "EPR")] == ["s-1", "s-2", "s-1"]


def test_systems_failed_before_somebody_said_so(vault, actor):
    outage = declare(vault, actor, "LIMS", since="2026-11-02T13:00:00Z")
    assert (outage.opened, outage.systems[0].declared) == ("2026-11-02T13:00:00Z",) * 2
    with pytest.raises(InputError, match="in the future"):
        declare(vault, actor, "PAS", since="2026-11-02T14:31:00Z")
    with pytest.raises(InputError, match="more than 31 days ago"):
        declare(vault, actor, "PAS", since="1926-11-02T14:31:00Z")
    with pytest.raises(InputError, match="after it was lost"):
        outages.mark_restored(vault, ["LIMS"], actor, "back", at="2026-11-02T12:59:00Z")
    back = outages.mark_restored(vault, ["LIMS"], actor, "back", at="2026-11-02T14:00:00Z")
    assert back.last_end == "2026-11-02T14:00:00Z"
    with pytest.raises(ConflictError, match="was down until later"):
        declare(vault, actor, "LIMS", since="2026-11-02T13:30:00Z")


def test_a_wrong_system_is_taken_out_and_a_wrong_start_is_moved(vault, actor):
    outage = declare(vault, actor, "LIMS", "PAS")
    since = "2026-11-02T13:00:00Z"
    moved = correct_outage.correct_start(vault, outage.id, "PAS", since, actor, "the log says so")
    assert (moved.opened, moved.systems[0].name) == (since, "PAS")
    left = correct_outage.withdraw_system(vault, outage.id, "PAS", actor, "it was the network")
    assert (left.down, left.opened) == (("LIMS",), outage.opened)
    nothing = correct_outage.withdraw_system(vault, outage.id, "LIMS", actor, "a mistake")
    assert (nothing.state, nothing.systems) == ("recovering", ())
    assert close_outage(vault, outage.id, actor, "declared by mistake").state == "closed"
    with pytest.raises(ConflictError, match="is closed: its statement stands"):
        correct_outage.withdraw_system(vault, outage.id, "LIMS", actor, "again")


def test_a_system_that_was_not_back_after_all_goes_on_in_its_outage(vault, actor):
    outage = declare(vault, actor, "LIMS")
    outages.mark_restored(vault, ["LIMS"], actor, "back")
    again = correct_outage.resume_system(vault, outage.id, "LIMS", actor, "it answered once")
    assert (again.state, again.systems) == ("open", outage.systems)
    outages.mark_restored(vault, ["LIMS"], actor, "back")
    declare(vault, actor, "PAS")
    with pytest.raises(ConflictError, match="has systems down, and .* is over"):
        correct_outage.resume_system(vault, outage.id, "LIMS", actor, "it was not back")


@pytest.mark.parametrize("drill", [True, False])
def test_what_was_declared_as_the_wrong_kind_goes_on_as_the_other(vault, actor, drill):
    wrong = declare(vault, actor, "LIMS", drill=drill, since="2026-11-02T13:00:00Z", snapshot="s-1")
    right = correct_outage.correct_kind(vault, wrong.id, actor, "the wrong box was ticked")
    assert (right.drill, right.down, right.opened) == (not drill, ("LIMS",), wrong.opened)
    assert right.get_snapshot("LIMS") == "s-1"
    left = outages.get_outage(vault, wrong.id)
    assert (left.systems, left.state) == ((), "recovering"), "what was printed stays in its books"
    assert (outages.list_down_systems(vault) == {}) == right.drill


def test_books_cannot_be_closed_while_a_system_is_down(vault, actor):
    outage = declare(vault, actor, "LIMS")
    with pytest.raises(ConflictError):
        close_outage(vault, outage.id, actor, "tired")


def test_a_drill_never_joins_an_outage(vault, actor):
    declare(vault, actor, "LIMS")
    with pytest.raises(ConflictError, match="drill never mixes"):
        declare(vault, actor, "PAS", drill=True)


@pytest.mark.parametrize("systems", [(), ("FAX",)])
def test_unknown_or_no_systems_are_refused_with_the_names(vault, actor, systems):
    with pytest.raises(InputError, match="PAS, EPR, LIMS"):
        declare(vault, actor, *systems)


def test_a_refused_step_changes_nothing(vault, actor):
    declare(vault, actor, "LIMS")
    with pytest.raises(ConflictError, match="already declared"):
        declare(vault, actor, "PAS", "LIMS")
    assert outages.find_current(vault).down == ("LIMS",)
    assert vault.db["audit"].count == 1


def test_the_first_declaration_keeps_the_snapshot_in_use_by_every_door(vault, actor, monkeypatch):
    pinned = []

    def pin(_, pinned_by, reason):
        pinned.append((pinned_by, reason))
        return "S1"

    monkeypatch.setattr(outages.local_snapshots, "pin_current_snapshot", pin)
    assert declare(vault, actor, "LIMS").snapshot == "S1"
    assert declare(vault, actor, "PAS").snapshot == "S1", "a later system does not move T0"
    assert pinned == [(actor, "power lost")] * 2, "each loss keeps the snapshot of its moment"


def test_a_system_named_twice_is_declared_once(vault, actor):
    assert declare(vault, actor, "LIMS", "LIMS").down == ("LIMS",)
    assert outages.mark_restored(vault, ["LIMS", "LIMS"], actor, "back").state == "recovering"


@pytest.mark.parametrize("reason", ["", "  "])
def test_no_step_is_taken_without_a_reason(vault, actor, reason):
    with pytest.raises(InputError, match="A reason is needed"):
        outages.declare_systems_down(vault, ["LIMS"], actor, reason, known=KNOWN)
    outage = declare(vault, actor, "LIMS")
    with pytest.raises(InputError, match="A reason is needed"):
        outages.mark_restored(vault, ["LIMS"], actor, reason)
    outages.mark_restored(vault, ["LIMS"], actor, "back")
    with pytest.raises(InputError, match="A reason is needed"):
        close_outage(vault, outage.id, actor, reason)
    assert outages.find_current(vault).state == "recovering"
