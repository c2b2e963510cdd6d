"""The rows of a snapshot that a delta gives, from those of the one before it."""

from collections.abc import Iterator
from itertools import chain

from downtime.errors import ConflictError, NotFoundError
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.local_snapshots import database_key, database_path
from downtime.snapshot.payload import REMOVED, Payload, format_digest, pack_row, row_digest
from downtime.snapshot.row_layout import Row, TypeRows
from downtime.snapshot.search_rows import SEARCH
from downtime.snapshot.store import snapshot_index
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.vault import Vault


def open_base(vault: Vault, header: SnapshotHeader) -> Snapshot:
    """The snapshot that a delta changes; NotFoundError when it is not opened here."""
    for entry in snapshot_index.list_entries(vault.db):
        base = entry.header
        wanted = (header.key, header.scope, header.epoch, header.base)
        path = database_path(vault, entry.id)
        is_base = (base.key, base.scope, base.epoch, base.sequence) == wanted
        if is_base and base.content and path.exists():
            return Snapshot(path, database_key(vault, entry.id))
    raise NotFoundError(
        "bundle.base-missing",
        f"This bundle only says what has changed since number {header.base}, which is not here.",
        "Load the full bundle.",
    )


class DeltaReader:
    """Lays a delta over the rows of its base; of both no more is in memory than ids that go."""

    def __init__(self, base: Snapshot, delta: Payload) -> None:
        self._base, self._header = base, delta.header
        self._removed: dict[str, set[str]] = {}
        self._rows = delta.rows
        self._digest = int(base.header.content, 16)

    def iterate_rows(self) -> Iterator[TypeRows]:
        """All rows. ConflictError at their end when they are not those of the publisher."""
        first_added = self._read_removed()
        for name in (*sorted(self._base.types), SEARCH):
            removed = self._removed.pop(name, set())
            for rows in self._base.iterate_rows(name):
                yield name, list(self._drop(name, rows, removed)) if removed else rows
            if removed:
                self._removed[name] = removed
        for name, rows in chain(first_added, self._rows):
            self._digest += sum(row_digest(name, pack_row(row)) for row in rows)
            yield name, rows
        if any(self._removed.values()) or format_digest(self._digest) != self._header.content:
            raise ConflictError(
                "bundle.delta-differs",
                "This bundle and the snapshot before it do not give what the publisher has.",
                "Load the full bundle.",
            )

    def _read_removed(self) -> list[TypeRows]:
        """The ids that go, which stand first; the first rows that come were read with them."""
        for name, rows in self._rows:
            if not name.startswith(REMOVED):
                return [(name, rows)]
            self._removed.setdefault(name.removeprefix(REMOVED), set()).update(map(str, rows))
        return []

    def _drop(self, name: str, rows: list[Row], removed: set[str]) -> Iterator[Row]:
        for row in rows:
            if row[0] in removed:
                removed.remove(row[0])
                self._digest -= row_digest(name, pack_row(row))
            else:
                yield row
