"""What T0 held of a system is what the snapshot of its own loss held, whichever failed first."""

from dataclasses import dataclass

from downtime.outage.model import Outage, OutageState, SystemOutage
from downtime.reconcile.t0_snapshots import T0Snapshots


@dataclass(frozen=True)
class Row:
    source: str
    value: str


def read(t0, rows):
    return sorted((r.source, r.value) for r in t0.read(rows.__getitem__, lambda row: row.source))


def test_each_system_is_read_from_the_snapshot_of_its_own_loss():
    rows = {
        "first": [Row("LIMS", "old"), Row("PAS", "old"), Row("EPR", "old")],
        "later": [Row("LIMS", "new"), Row("PAS", "new"), Row("EPR", "new")],
    }
    t0 = T0Snapshots("first", {"PAS": "later"})
    assert read(t0, rows) == [("EPR", "old"), ("LIMS", "old"), ("PAS", "new")]
    assert read(T0Snapshots("first", {}), rows) == [("EPR", "old"), ("LIMS", "old"), ("PAS", "old")]


def test_a_system_that_was_lost_once_a_snapshot_had_come_has_it_where_the_outage_began_without():
    rows = {"later": [Row("LIMS", "new"), Row("PAS", "new")]}
    assert read(T0Snapshots(None, {"PAS": "later"}), rows) == [("PAS", "new")]


def test_an_outage_names_the_snapshot_of_each_loss_and_of_the_last_one_of_a_system():
    failures = (
        SystemOutage("LIMS", "2026-11-02T10:00:00Z", "2026-11-02T11:00:00Z", "s-1"),
        SystemOutage("PAS", "2026-11-02T10:30:00Z", "", "s-2"),
        SystemOutage("LIMS", "2026-11-02T12:00:00Z", "", "s-3"),
    )
    outage = Outage("2026-11-02-1", False, OutageState.OPEN, "s-1", "", "", failures)
    assert [outage.get_snapshot(name) for name in ("LIMS", "PAS", "EPR")] == ["s-3", "s-2", "s-1"]
    assert outage.t0_snapshots == {"s-1", "s-2", "s-3"}
