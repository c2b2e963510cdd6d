"""The SQL of `bound_row`: a short digest of every row that counts, and the audit entry that wrote it.

The sums prove that something was changed; these rows tell which.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

TABLE = "bound_row"
DIGEST_BYTES = 16


class RowIdentity(NamedTuple):
    """One row as it was written: its table, what names it there, and a digest of what it says."""

    table: str
    key: str
    digest: bytes


class RowChange(StrEnum):
    """What something else than this program did to a row."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"


class ChangedRow(NamedTuple):
    """A row that is not as the audit wrote it; `entry` is the last that did, 0 when that is not known."""

    key: str
    change: RowChange
    entry: int

    @property
    def sentence(self) -> str:
        """`K7000042X is missing (audit entry 812 wrote it)`."""
        verb = {"missing": "is missing", "changed": "was changed", "added": "was put in"}
        writer = f" (audit entry {self.entry} wrote it)" if self.entry else ""
        return f"{self.key} {verb[self.change]}{writer}"


def save_changes(
    connection: sqlite3.Connection, changes: Mapping[RowIdentity, int], entry: int
) -> None:
    """Rows that came (above 0) and went (below), as written together with an audit entry."""
    gone = [(*row, -count) for row, count in changes.items() if count < 0]
    new = [(*row, entry, count) for row, count in changes.items() if count > 0]
    for row in gone:
        connection.execute(
            f"UPDATE {TABLE} SET copies = copies - ?4 WHERE name = ?1 AND key = ?2 AND digest = ?3",
            row,
        )
    connection.executemany(
        f"DELETE FROM {TABLE} WHERE name = ? AND key = ? AND digest = ? AND copies < 1",
        (row[:3] for row in gone),
    )
    connection.executemany(
        f"INSERT INTO {TABLE} (name, key, digest, entry, copies) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (name, key, digest) DO UPDATE SET copies = copies + excluded.copies,"
        " entry = excluded.entry",
        new,
    )


def delete_all(connection: sqlite3.Connection) -> None:
    """Before all of them are written anew."""
    connection.execute(f"DELETE FROM {TABLE}")


def compare_rows(
    connection: sqlite3.Connection, table: str, present: Iterable[RowIdentity]
) -> list[ChangedRow]:
    """How the rows of a table differ from what was written of it, by what names them."""
    query = f"SELECT key, digest, entry, copies FROM {TABLE} WHERE name = ?"
    written = {
        (row[0], bytes(row[1])): (row[2], row[3]) for row in connection.execute(query, (table,))
    }
    counts = Counter((row.key, row.digest) for row in present)
    missing = {row[0]: entry for row, (entry, copies) in written.items() if counts[row] < copies}
    added = {row[0] for row, count in counts.items() if count > written.get(row, (0, 0))[1]}
    return [
        *(ChangedRow(key, _judge(key, added), entry) for key, entry in sorted(missing.items())),
        *(ChangedRow(key, RowChange.ADDED, 0) for key in sorted(added - missing.keys())),
    ]


def _judge(key: str, added: set[str]) -> RowChange:
    return RowChange.CHANGED if key in added else RowChange.MISSING
