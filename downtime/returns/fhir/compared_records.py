"""The live records that items speak of, as the comparison saw them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

from downtime.clinical.model import Appointment, Encounter, Patient, Record
from downtime.errors import NotFoundError
from downtime.reconcile.model import StoredItem
from downtime.snapshot import local_snapshots
from downtime.vault.vault import Vault

_PATCHED: Mapping[str, type[Record]] = {
    record_type.__name__: record_type for record_type in (Encounter, Appointment, Patient)
}
"""The types of records that a returned item may change."""


def find_compared_records(vault: Vault, rows: Sequence[StoredItem]) -> dict[str, Record]:
    """Item key to the record it was found to mean; nothing where the snapshot is no longer held."""
    rows_by_snapshot: dict[str, list[StoredItem]] = {}
    for row in rows:
        if row.item.matched_ids and row.item.fact.type in _PATCHED:
            rows_by_snapshot.setdefault(row.snapshot, []).append(row)
    return {
        key: record
        for snapshot_id, compared in rows_by_snapshot.items()
        for key, record in _load_records(vault, snapshot_id, compared)
    }


def _load_records(
    vault: Vault, snapshot_id: str, rows: Sequence[StoredItem]
) -> Iterator[tuple[str, Record]]:
    try:
        snapshot = local_snapshots.open_snapshot(vault, snapshot_id)
    except NotFoundError:
        return
    records: dict[str, Record] = {}
    with closing(snapshot):
        for name, record_type in _PATCHED.items():
            ids = {row.item.matched_ids[0] for row in rows if row.item.fact.type == name}
            records |= {r.id: r for r in snapshot.find_records(record_type, "id", ids)}
    for row in rows:
        if record := records.get(row.item.matched_ids[0]):
            yield row.key, record
