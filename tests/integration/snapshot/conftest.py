"""A snapshot made from a list of records, as loading makes it."""

import os

import pytest

from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.store import record_tables
from downtime.snapshot.store.opened_snapshot import Snapshot


@pytest.fixture
def make(tmp_path):
    """`make(records, holds=…)` → an opened snapshot."""
    opened = []

    def build(records, **header):
        path, key = tmp_path / f"s{len(opened)}.db", os.urandom(32)
        defaults = {
            "hospital": "DEMO",
            "created": "2026-11-02T14:00:00Z",
            "expires": "2026-11-04T14:00:00Z",
            "key": "0123456789abcdef",
            "time_zone": "Europe/London",
        }
        record_tables.create_database(path, key, SnapshotHeader(**defaults | header), records)
        opened.append(Snapshot(path, key))
        return opened[-1]

    yield build
    for snapshot in opened:
        snapshot.close()
