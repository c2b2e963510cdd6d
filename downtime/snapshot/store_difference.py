"""The SQL of two snapshots side by side (`Snapshot.beside`)."""

from typing import TypeVar

from sqlite_utils import Database

from downtime.clinical.records import Record
from downtime.snapshot.tables import columns, from_row

R = TypeVar("R", bound=Record)


def unlike(db: Database, kind: type[R]) -> list[R]:
    """What is not the same in both: of a changed record both versions, and what only one holds."""
    table, size = kind.__name__, len(columns(kind))
    differs = " OR ".join(f"m.{name} IS NOT o.{name}" for name in columns(kind)[1:])
    changed = db.conn.execute(
        f"SELECT m.*, o.* FROM main.{table} m JOIN other.{table} o ON o.id = m.id WHERE {differs}"  # noqa: S608
    )
    found = [from_row(kind, part) for row in changed for part in (row[:size], row[size:])]
    for here, there in (("main", "other"), ("other", "main")):
        alone = f"SELECT id FROM {here}.{table} EXCEPT SELECT id FROM {there}.{table}"  # noqa: S608
        sql = f"SELECT * FROM {here}.{table} WHERE id IN ({alone})"  # noqa: S608
        found += [from_row(kind, row) for row in db.conn.execute(sql)]
    return found
