"""The SQL of whole rows: every table of the ledger leaves in bundles, and comes back from others'."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlite_utils import Database


def fetch_table(db: Database, table: str) -> Iterator[dict[str, Any]]:
    """All rows of a table of this room."""
    return db.query(f"SELECT * FROM {table}")


class RowInserter:
    """Inserts rows of this room's tables; columns are the tables' own, never another machine's."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._statements: dict[str, tuple[tuple[str, ...], str]] = {}

    def insert_if_new(self, table: str, row: Mapping[str, Any]) -> bool:
        """Insert a row unless its key is there; whether it was new."""
        if table not in self._statements:
            names = tuple(self._db.table(table).columns_dict)
            values = ", ".join("?" * len(names))
            statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})"
            self._statements[table] = names, f"{statement} ON CONFLICT DO NOTHING"
        names, statement = self._statements[table]
        cursor = self._db.conn.execute(statement, [row[name] for name in names])
        return bool(cursor.rowcount > 0)
