"""Each system is compared only with data newer than its own return, and the statement with the newest."""

from dataclasses import replace

import pytest

from downtime.clinical.model import DiagnosticReport, Observation
from downtime.errors import ConflictError
from downtime.outage import outages
from downtime.reconcile import decide_item, find_items
from downtime.reconcile.compare import run_comparison
from downtime.reconcile.model import Decision, ItemState
from downtime.returns.statement import open_items
from downtime.returns.statement.model import OpenKind
from downtime.vault import device

from .conftest import BLOODS, HOSPITAL, PHONED

REPORT = DiagnosticReport(
    id="d-6", patient="p-ann", collected="2026-11-02T13:30:00Z", filler="L6", status="final"
)
RESULT = Observation(
    id="o-6", patient="p-ann", report="d-6", display="Potassium", value="6.1", units="mmol/L",
    status="final",
)  # fmt: skip


@pytest.fixture(autouse=True)
def identity(vault):
    return device.create_device(vault.home, vault.data_key, "K7", "records station")


@pytest.fixture
def back(vault, outage, actor):
    """The laboratory's system is back at 14:30, which is now."""
    outages.mark_restored(vault, ["LIMS"], actor, "up again")


def kinds_open(vault, settings, outage):
    current = outages.get_outage(vault, outage.id)
    return {item.kind for item in open_items.find_open_items(vault, settings, current)}


def states(vault, outage):
    return {row.item.state for row in find_items.list_items(vault, outage.id)}


def test_a_system_that_sent_nothing_since_its_return_is_not_compared_yet(
    vault, settings, outage, keyed, hold, back, actor, checker
):
    """A snapshot made after the outage whose laboratory data are from before it."""
    keyed("blood-sciences-request", BLOODS)
    hold(2, HOSPITAL, "2026-11-02T14:29:00Z")
    run_comparison.run_comparison(vault, settings, actor, "too early")
    assert states(vault, outage) == {ItemState.NOT_RECOVERED}
    row, *_ = find_items.list_items(vault, outage.id)
    assert row.is_open
    with pytest.raises(ConflictError, match="cannot be decided"):
        decide_item.decide_item(vault, row.key, Decision.RETURN, checker, "send it")
    assert OpenKind.NOT_RECOVERED in kinds_open(vault, settings, outage)
    hold(3, HOSPITAL, "2026-11-02T14:31:00Z")
    run_comparison.run_comparison(vault, settings, actor, "newer data")
    assert states(vault, outage) == {ItemState.NEW}
    assert OpenKind.NOT_RECOVERED not in kinds_open(vault, settings, outage)


def test_what_the_laboratory_says_later_opens_the_books_again(
    vault, settings, outage, keyed, hold, back, actor
):
    keyed("phoned-result", PHONED)
    hold(2, (*HOSPITAL, REPORT, RESULT), "2026-11-02T14:31:00Z")
    run_comparison.run_comparison(vault, settings, actor, "recovered")
    assert states(vault, outage) == {ItemState.ALREADY_THERE}
    assert OpenKind.NEWER_SNAPSHOT not in kinds_open(vault, settings, outage)
    amended = replace(RESULT, value="4.1", status="corrected")
    hold(3, (*HOSPITAL, REPORT, amended), "2026-11-02T14:40:00Z")
    assert OpenKind.NEWER_SNAPSHOT in kinds_open(vault, settings, outage)
    run_comparison.run_comparison(vault, settings, actor, "newer data")
    assert states(vault, outage) == {ItemState.CONFLICT}
    assert kinds_open(vault, settings, outage) & {OpenKind.UNDECIDED, OpenKind.NEWER_SNAPSHOT} == {
        OpenKind.UNDECIDED
    }


def test_a_newer_snapshot_that_says_the_same_of_those_on_paper_opens_nothing(
    vault, settings, outage, keyed, hold, back, actor
):
    keyed("phoned-result", PHONED)
    hold(2, (*HOSPITAL, REPORT, RESULT), "2026-11-02T14:31:00Z")
    run_comparison.run_comparison(vault, settings, actor, "recovered")
    hold(3, (*HOSPITAL, REPORT, RESULT), "2026-11-02T14:40:00Z")
    assert OpenKind.NEWER_SNAPSHOT not in kinds_open(vault, settings, outage)
