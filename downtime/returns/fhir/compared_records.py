"""The live records that items speak of, as the comparison saw them."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing

from downtime.clinical.model import Appointment, Encounter, Patient, Record
from downtime.errors import NotFoundError
from downtime.reconcile.model import StoredItem
from downtime.snapshot import local_snapshots
from downtime.vault.vault import Vault

_KINDS: Mapping[str, type[Record]] = {
    kind.__name__: kind for kind in (Encounter, Appointment, Patient)
}
"""The types of records that a returned item may change."""


def find_compared_records(vault: Vault, rows: Sequence[StoredItem]) -> dict[str, Record]:
    """Item key to the record it was found to mean; nothing where the snapshot is no longer held."""
    wanted: dict[str, list[StoredItem]] = {}
    for row in rows:
        if row.item.matched_ids and row.item.fact.type in _KINDS:
            wanted.setdefault(row.snapshot, []).append(row)
    return {
        key: record
        for snapshot, some in wanted.items()
        for key, record in _load_records(vault, snapshot, some)
    }


def _load_records(
    vault: Vault, snapshot_id: str, rows: Sequence[StoredItem]
) -> Iterable[tuple[str, Record]]:
    try:
        snapshot = local_snapshots.open_snapshot(vault, snapshot_id)
    except NotFoundError:
        return []
    held: dict[str, Record] = {}
    with closing(snapshot):
        for name, kind in _KINDS.items():
            ids = {row.item.matched_ids[0] for row in rows if row.item.fact.type == name}
            held |= {record.id: record for record in snapshot.find_records(kind, "id", ids)}
    pairs = ((row.key, held.get(row.item.matched_ids[0])) for row in rows)
    return [(key, record) for key, record in pairs if record]
