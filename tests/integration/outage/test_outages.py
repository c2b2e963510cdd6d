"""Systems fail and return one by one; drills and outages never mix; the audit names each step."""

import pytest

from downtime.errors import ConflictError, InputError
from downtime.outage import outages

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
    assert outages.close_outage(vault, recovering.id, actor, "signed").state == "closed"
    assert outages.find_current(vault) is None


def test_a_system_that_fails_again_reopens_the_outage(vault, actor):
    declare(vault, actor, "LIMS")
    outages.mark_restored(vault, ["LIMS"], actor, "back")
    again = declare(vault, actor, "LIMS")
    assert again.state == "open"
    assert len(again.systems) == 2


def test_books_cannot_be_closed_while_a_system_is_down(vault, actor):
    outage = declare(vault, actor, "LIMS")
    with pytest.raises(ConflictError):
        outages.close_outage(vault, outage.id, actor, "tired")


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
    assert declare(vault, actor, "PAS").snapshot == "S1"
    assert pinned == [(actor, "power lost")], "a later system does not move T0"


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
        outages.close_outage(vault, outage.id, actor, reason)
    assert outages.find_current(vault).state == "recovering"
