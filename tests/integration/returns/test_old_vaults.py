"""A vault with messages that went out before there was an outbox: none of them is ever sent again."""

import pytest
import sqlcipher3
import sqlite_utils

from downtime.clock import system_clock
from downtime.returns.store import outbox_messages
from downtime.vault import schema
from downtime.vault.schema import Migration

OUTBOX = "0020_outbox"


@pytest.fixture
def migrated(monkeypatch, tmp_path):
    """A database of the old schema with three rows, brought to the present one."""
    db = sqlite_utils.Database(sqlcipher3.connect(str(tmp_path / "old.db"), isolation_level=None))
    db.conn.row_factory = sqlcipher3.Row
    every = schema.list_migrations()
    monkeypatch.setattr(schema, "list_migrations", lambda: [one for one in every if _is_old(one)])
    schema.create_schema(db, system_clock)
    for number, item, channel, at in (
        ("DT2", "K7000002B-form", "hl7v2", "2026-10-02T10:00:00Z"),
        ("DT1", "K7000001A-form", "hl7v2", "2026-10-01T10:00:00Z"),
        ("DT3", "K7000003C-form", "worklist", "2026-10-02T10:00:00Z"),
    ):
        db.conn.execute(
            "INSERT INTO returned_message VALUES (?, ?, 'o-1', ?, 'ORU^R01', 'LIMS', 'abc',"
            " ?, ?, 'u-1')",
            [number, item, channel, f"LIMS/{number}.hl7", at],
        )
    monkeypatch.setattr(schema, "list_migrations", lambda: every)
    schema.create_schema(db, system_clock)
    return db


def _is_old(one: Migration) -> bool:
    return one.name < OUTBOX


def test_each_row_is_a_message_that_was_handed_over_in_its_order(migrated):
    found = list(outbox_messages.list_messages(migrated, "o-1"))
    assert [(m.control_id, m.channel, m.state) for m in found] == [
        ("DT1", "file", "sent"),
        ("DT2", "file", "sent"),
        ("DT3", "worklist", "sent"),
    ]
    assert found[0].items == ("K7000001A-form",)
    assert (found[0].file, found[0].queued, found[0].queued_by) == (
        "LIMS/DT1.hl7", "2026-10-01T10:00:00Z", "u-1",
    )  # fmt: skip


def test_nothing_of_it_is_sent_and_new_messages_stand_behind(migrated):
    assert outbox_messages.claim_next(migrated, "LIMS", "file", "2026-11-01T00:00:00Z") is None
    assert outbox_messages.count_waiting(migrated, "LIMS", "file") == 0
    assert set(outbox_messages.find_carriers(migrated, ["K7000001A-form", "K7000003C-form"])) == {
        "K7000001A-form",
        "K7000003C-form",
    }
    assert migrated.execute("SELECT max(position) FROM outbox").fetchone()[0] == 3


def test_the_old_table_is_gone(migrated):
    assert "returned_message" not in migrated.table_names()
    assert schema.list_pending(migrated) == []
