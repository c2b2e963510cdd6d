"""The SQL of taking a ledger over from another machine."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlite_utils import Database


def fetch_table(db: Database, table: str) -> Iterator[dict[str, Any]]:
    """A whole table of this room."""
    return db.query(f"SELECT * FROM {table}")  # noqa: S608


def fetch_pack_row(db: Database, pack_id: str) -> dict[str, Any]:
    """One pack."""
    return next(db.query("SELECT * FROM pack WHERE id = ?", [pack_id]))


class RowInserter:
    """Inserts rows of this room's tables; columns are the tables' own, never another machine's."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._insert: dict[str, tuple[tuple[str, ...], str]] = {}

    def insert_if_new(self, table: str, row: Mapping[str, Any]) -> bool:
        """Insert a row unless its key is there; whether it was new."""
        if table not in self._insert:
            names = tuple(self._db.table(table).columns_dict)
            marks = ", ".join("?" * len(names))
            query = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608
            self._insert[table] = names, f"{query} ON CONFLICT DO NOTHING"
        names, query = self._insert[table]
        done = self._db.conn.execute(query, [row[name] for name in names])
        return bool(done.rowcount > 0)


def set_earlier_time(db: Database, digest: str, made: str) -> None:
    """Of a layout that several machines made, the earliest time counts."""
    db.execute("UPDATE form_layout SET made = min(made, ?) WHERE digest = ?", [made, digest])


def set_pack_outcome(db: Database, row: Mapping[str, Any]) -> None:
    """What became of a pack."""
    db.execute(
        "UPDATE pack SET state = :state, pages = :pages, checksum = :checksum, failure = :failure"
        " WHERE id = :id",
        {name: row[name] for name in ("id", "state", "pages", "checksum", "failure")},
    )


def is_printed_differently(db: Database, row: Mapping[str, Any]) -> bool:
    """Whether the form that is held under this serial is another paper than this row's."""
    names = ("form", "layout", "patient", "downtime_number", "pack", "issued_by", "issued_at")
    said = f"SELECT {', '.join(names)} FROM form_issue WHERE serial = ?"  # noqa: S608
    held = db.execute(said, [row["serial"]]).fetchone()
    return held is not None and tuple(held) != tuple(row[name] for name in names)


def raise_page_count(db: Database, serial: str, pages: int) -> None:
    """A form that took continuation pages once it was printed."""
    query = "UPDATE form_issue SET pages = ? WHERE serial = ? AND pages < ?"
    db.execute(query, [pages, serial, pages])


def regroup(db: Database, origin: str, outage: str) -> dict[str, str]:
    """Put the forms of a laptop's outage under another one here: serial to outage of the changed."""
    changed = db.execute(
        "UPDATE form_issue SET outage = ? WHERE origin = ? AND outage <> ? RETURNING serial",
        [outage, origin, outage],
    ).fetchall()
    db.execute("UPDATE pack SET outage = ? WHERE origin = ?", [outage, origin])
    return {str(row[0]): outage for row in changed}
