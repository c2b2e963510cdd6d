"""Whose records differ between two snapshots, also of one that an older program opened here."""

from contextlib import closing

from downtime.clinical.model import MedicationRequest, Patient
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.store import record_tables
from downtime.snapshot.store.changed_patients import find_changed_patients
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.database import connect

KEY, MOMENT = bytes(32), "2026-11-02T14:30:00Z"
ANN, BOB = Patient(id="p-ann", family="Hill"), Patient(id="p-bob", family="Hill")
ORDER = MedicationRequest(id="q", patient="p-ann", medicine="NovoRapid", codes="SCT|1001000")


def write(folder, name, records):
    header = SnapshotHeader(hospital="DEMO", created=MOMENT, expires=MOMENT, key="k")
    record_tables.create_database(folder / name, KEY, header, records)
    return folder / name


def drop_column(path, table, column):
    """As a program wrote it that did not know the field."""
    with closing(connect(path, KEY).conn) as conn:
        conn.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def find_changed(before, after):
    with Snapshot(before, KEY) as earlier, Snapshot(after, KEY) as later:
        return find_changed_patients(earlier, later, (MedicationRequest,))


def test_only_who_changed_is_named(tmp_path):
    before = write(tmp_path, "before", (ANN, BOB, ORDER))
    after = write(tmp_path, "after", (ANN, BOB))
    assert find_changed(before, before).ids == frozenset()
    assert find_changed(before, after).ids == {"p-ann"}


def test_a_snapshot_of_before_there_was_a_field_is_compared_whole(tmp_path):
    before = write(tmp_path, "before", (ANN, BOB, ORDER))
    after = write(tmp_path, "after", (ANN, BOB, ORDER))
    drop_column(before, "MedicationRequest", "codes")
    assert find_changed(before, after).ids == {"p-ann"}
    drop_column(before, "Patient", "phone")
    changed = find_changed(before, after)
    assert changed.ids == {"p-ann", "p-bob"}
    assert set(changed.patients) == {ANN, BOB}
