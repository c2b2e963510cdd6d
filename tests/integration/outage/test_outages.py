"""Systems fail and return one by one; drills and outages never mix; the audit names each step."""

import pytest

from downtime.errors import ConflictError, InputError
from downtime.outage import outages

KNOWN = ("PAS", "EPR", "LIMS")


def declare(vault, who, *systems, **more):
    return outages.declare(vault, systems, who, "power lost", known=KNOWN, **more)


def test_one_system_fails_and_the_others_stay_up(vault, who):
    outage = declare(vault, who, "LIMS", snapshot="s-1")
    assert outage.down == ("LIMS",)
    assert outage.snapshot == "s-1"
    assert outages.current(vault) == outage


def test_a_second_failure_joins_the_same_outage_and_keeps_its_t0(vault, who):
    first = declare(vault, who, "LIMS", snapshot="s-1")
    second = declare(vault, who, "PAS", snapshot="s-2")
    assert second.id == first.id
    assert second.snapshot == "s-1"
    assert set(second.down) == {"LIMS", "PAS"}


def test_it_recovers_when_the_last_system_is_back_and_then_closes(vault, who):
    declare(vault, who, "LIMS", "PAS")
    assert outages.end(vault, ["PAS"], who, "back").state == "open"
    recovering = outages.end(vault, ["LIMS"], who, "back")
    assert recovering.state == "recovering"
    assert outages.close(vault, recovering.id, who, "signed").state == "closed"
    assert outages.current(vault) is None


def test_a_system_that_fails_again_reopens_the_outage(vault, who):
    declare(vault, who, "LIMS")
    outages.end(vault, ["LIMS"], who, "back")
    again = declare(vault, who, "LIMS")
    assert again.state == "open"
    assert len(again.systems) == 2


def test_books_cannot_be_closed_while_a_system_is_down(vault, who):
    outage = declare(vault, who, "LIMS")
    with pytest.raises(ConflictError):
        outages.close(vault, outage.id, who, "tired")


def test_a_drill_never_joins_an_outage(vault, who):
    declare(vault, who, "LIMS")
    with pytest.raises(ConflictError, match="drill never mixes"):
        declare(vault, who, "PAS", drill=True)


@pytest.mark.parametrize("systems", [(), ("FAX",)])
def test_unknown_or_no_systems_are_refused_with_the_names(vault, who, systems):
    with pytest.raises(InputError, match="PAS, EPR, LIMS"):
        declare(vault, who, *systems)


def test_a_refused_step_changes_nothing(vault, who):
    declare(vault, who, "LIMS")
    with pytest.raises(ConflictError, match="already declared"):
        declare(vault, who, "PAS", "LIMS")
    assert outages.current(vault).down == ("LIMS",)
    assert vault.db["audit"].count == 1
