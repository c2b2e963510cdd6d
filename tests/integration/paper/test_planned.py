"""A planned downtime: what was printed beforehand becomes part of its outage, form by form."""

from datetime import timedelta

import pytest

from downtime.errors import ConflictError, InputError
from downtime.outage import outages
from downtime.paper import ledger
from downtime.paper.adopt_packs import adopt_packs, list_packs_ahead
from tests.closing import close_outage
from tests.conftest import NOW


def declare(vault, actor, **options):
    return outages.declare_systems_down(vault, ["EPR"], actor, "upgrade", known=["EPR"], **options)


def test_packs_printed_before_a_planned_downtime_are_accounted_for_in_its_outage(
    vault, settings, actor, pack, monkeypatch
):
    printed = pack(forms=["observations"], blanks=1)
    monkeypatch.setattr(vault, "clock", lambda: NOW + timedelta(hours=6))
    outage = declare(vault, actor)
    (ahead,) = list_packs_ahead(vault, settings, outage)
    assert ahead.id == printed.result.id
    assert ledger.list_missing(vault, outage.id) == []
    adopt_packs(vault, outage.id, [ahead.id], actor, "printed for the upgrade")
    forms = printed.result.forms + printed.result.blank_forms
    assert len(ledger.list_missing(vault, outage.id)) == forms, "every one of them has to come back"
    assert list_packs_ahead(vault, settings, outage) == []
    with pytest.raises(ConflictError, match="was not printed outside"):
        adopt_packs(vault, outage.id, [ahead.id], actor, "again")


def test_what_was_printed_long_before_or_for_a_drill_is_not_offered(
    vault, settings, actor, pack, monkeypatch
):
    drill = declare(vault, actor, drill=True)
    pack(forms=[], blanks=0)
    outages.mark_restored(vault, ["EPR"], actor, "done")
    close_outage(vault, drill.id, actor, "done")
    printed = pack(forms=[], blanks=0)
    monkeypatch.setattr(vault, "clock", lambda: NOW + timedelta(hours=30))
    outage = declare(vault, actor)
    assert list_packs_ahead(vault, settings, outage) == []
    with pytest.raises(ConflictError, match="takes no packs"):
        adopt_packs(vault, drill.id, [printed.result.id], actor, "wrong one")
    with pytest.raises(InputError, match="No pack was chosen"):
        adopt_packs(vault, outage.id, [], actor, "nothing")
