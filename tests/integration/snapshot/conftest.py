"""A snapshot made from a list of records, as loading makes it, or built from messages."""

import os

import pytest

from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.settings import Settings
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.store import record_tables
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault import device, schema
from downtime.vault.vault import Vault


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


@pytest.fixture
def me(home, clock):
    """A machine that publishes to itself."""
    key = os.urandom(32)
    device.create_device(home, key, "K7", "publisher")
    vault = Vault(home, key, clock)
    schema.create_schema(vault.db, clock)
    yield vault
    vault.close()


@pytest.fixture
def build(me, actor, tmp_path):
    def from_text(*messages, settings=Settings()):  # noqa: B008
        feed = tmp_path / "adt.hl7"
        feed.write_text("".join(messages), encoding="utf-8")
        return publish_snapshot(me, settings, [feed], tmp_path / "share", actor, "test")

    return from_text
