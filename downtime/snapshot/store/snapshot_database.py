"""The database of an opened snapshot: connections, whole records, records side by side."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, Self, TypeVar

import orjson
import sqlite_utils

from downtime.clinical.model import Record
from downtime.clinical.record_types import TYPES, RecordType
from downtime.errors import NotFoundError
from downtime.snapshot.header import SnapshotHeader, SystemTime
from downtime.snapshot.row_layout import BATCH, Row, columns, from_row
from downtime.vault.database import connect

R = TypeVar("R", bound=Record)


class SnapshotDatabase:
    """The database of one opened snapshot, whatever is asked of it."""

    def __init__(self, path: Path, key: bytes) -> None:
        if not path.exists():
            raise NotFoundError(
                "snapshot.missing",
                "This snapshot is no longer on this computer.",
                "Load its bundle again from the bundles folder.",
            )
        self._path, self._key = path, key
        self._local = threading.local()
        self._opened: list[sqlite_utils.Database] = []
        self._lock = threading.Lock()
        row = self._db.conn.execute("SELECT body FROM header").fetchone()
        self.header = SnapshotHeader.parse(orjson.loads(row[0]))
        self.id = self.header.id
        tables = self._db.conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        self.types = TYPES.keys() & {name for (name,) in tables}
        """The types of record that there were when it was written."""
        self._columns = {name: self._list_stored_columns(name) for name in self.types}

    @property
    def _db(self) -> sqlite_utils.Database:
        """This thread's connection."""
        db: sqlite_utils.Database | None = getattr(self._local, "db", None)
        if db is None:
            db = self._local.db = connect(self._path, self._key, read_only=True)
            with self._lock:
                self._opened.append(db)
        return db

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for db in self._opened:
                db.conn.close()
            self._opened.clear()
        self._local = threading.local()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def count_rows(self) -> dict[str, int]:
        """Number of records of each type."""
        sql = "SELECT count(*) FROM {}"
        return {t: self._db.conn.execute(sql.format(t)).fetchone()[0] for t in self.types}

    def is_sound(self) -> bool:
        """Whether every page of the file is as it was written (its own authentication codes)."""
        return not self._db.conn.execute("PRAGMA cipher_integrity_check").fetchall()

    def list_systems(self) -> list[SystemTime]:
        """Each source system with the time of its newest data."""
        return [SystemTime(name, newest) for name, newest in self.header.systems.items()]

    def has_type(self, type_name: str) -> bool:
        """Whether any system delivered this type of record: if not, it is unavailable, not empty."""
        return type_name in self.header.holds

    def has_all_columns(self, type_name: str) -> bool:
        """Whether it was written with every field that records of a type have now."""
        return self._columns.get(type_name) == frozenset(columns(TYPES[type_name]))

    def iterate_rows(self, type_name: str) -> Iterator[list[Row]]:
        """Every row of a type, or of `SEARCH`, some thousand at a time, in the order of writing."""
        names, table = "*", "search"
        if type_name in TYPES:
            names, table = self._list_columns(TYPES[type_name]), type_name
        rows = self._db.conn.execute(f"SELECT {names} FROM {table} t ORDER BY rowid")
        while batch := rows.fetchmany(BATCH):
            yield list(map(tuple, batch))

    def iterate_records(self, type_name: str) -> Iterator[Record]:
        """Every record of a type, in the order of its id."""
        if type_name in self.types:
            kind = TYPES[type_name]
            query = f"SELECT {self._list_columns(kind)} FROM {type_name} t ORDER BY id"
            yield from (from_row(kind, row) for row in self._db.conn.execute(query))

    @contextmanager
    def attach_other(self, other: "SnapshotDatabase") -> Iterator[sqlite_utils.Database]:
        """A connection in which this snapshot is `main`, and the other one is `other`."""
        db = connect(self._path, self._key, read_only=True)
        try:
            name = f"{other._path.absolute().as_uri()}?mode=ro"
            db.conn.execute(f"ATTACH DATABASE ? AS other KEY \"x'{other._key.hex()}'\"", (name,))
            yield db
        finally:
            db.conn.close()

    def find_records(self, record_type: type[R], field: str, values: Iterable[str]) -> list[R]:
        """Records of a type that have one of these values in a field, in the order of their ids."""
        wanted = list(values)
        if not wanted:
            return []
        where = f"WHERE t.{field} IN (SELECT value FROM json_each(?)) ORDER BY id"
        return self._select_records(record_type, where, orjson.dumps(wanted).decode())

    def find_records_between(
        self, record_type: type[R], field: str, since: str, until: str
    ) -> list[R]:
        """Records of a type with a stored time in a field from `since` to before `until`, by their ids."""
        where = f"WHERE t.{field} >= ? AND t.{field} < ? ORDER BY id"
        return self._select_records(record_type, where, since, until)

    def list_merges(self) -> list[tuple[str, str]]:
        """Every patient who was merged into another, with that one, by their ids."""
        query = "SELECT id, replaced_by FROM Patient WHERE replaced_by <> '' ORDER BY id"
        return [(row[0], row[1]) for row in self._db.conn.execute(query)]

    def list_patient_records(self, record_type: RecordType, patient_id: str) -> list[Record]:
        """A patient's records of a type, in the order of its table on their page."""
        order = (*(record_type.section.order if record_type.section else ()), "id")
        where = f"WHERE patient = ? ORDER BY {', '.join(order)}"
        return self._select_records(record_type.record, where, patient_id)

    def _select_records(self, record_type: type[R], where: str, *values: object) -> list[R]:
        if record_type.__name__ not in self.types:
            return []
        sql = f"SELECT {self._list_columns(record_type)} FROM {record_type.__name__} t {where}"
        return [from_row(record_type, row) for row in self._db.conn.execute(sql, values)]

    def _select_joined(
        self, kinds: tuple[type[Record], ...], tables_and_where: str, values: Sequence[object]
    ) -> Iterator[list[Any]]:
        """Rows of several records side by side, in tables `t0`, `t1` …; an absent one is None."""
        names = ", ".join(
            self._list_columns(record_type, f"t{n}") for n, record_type in enumerate(kinds)
        )
        for row in self._db.conn.execute(f"SELECT {names} FROM {tables_and_where}", tuple(values)):
            cells = list(row)
            records: list[Record | None] = []
            for record_type in kinds:
                part, cells = cells[: len(columns(record_type))], cells[len(columns(record_type)) :]
                records.append(from_row(record_type, part) if part[0] is not None else None)
            yield records

    def _list_stored_columns(self, type_name: str) -> frozenset[str]:
        rows = self._db.conn.execute("SELECT name FROM pragma_table_info(?)", (type_name,))
        return frozenset(name for (name,) in rows)

    def _list_columns(self, record_type: type[Record], table: str = "t") -> str:
        """The columns of a type; a field that is younger than the snapshot is not said."""
        stored = self._columns[record_type.__name__]
        young = {field.name: field.default for field in fields(record_type)}
        return ", ".join(
            f"{table}.{name}" if name in stored else f"{young[name]!r} AS {name}"
            for name in columns(record_type)
        )
