"""The tables of one opened snapshot, and writing them from a list of records.

Every type of record is a table with the record's own fields as columns. Beside them stand what the
questions of a ward need: who is an inpatient now, which requests have no result, which words find
a patient.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import sqlite_utils

from downtime.clinical.model import Patient, Record
from downtime.clinical.record_types import RECORD_TYPES, TYPES, RecordType
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.row_layout import COLUMNS, TypeRows, columns, from_row, list_rows
from downtime.snapshot.search_rows import SEARCH, list_search_rows
from downtime.vault.database import connect, transaction

CACHE = "cache_size = -131072"
"""128 MiB of pages: records come in no order, and a page that leaves the cache is encrypted."""
SMALLER_CACHE = "cache_size = -65536"
_MANY_ROWS = 1_000_000
"""From so many on sorting an index takes what the cache must leave: temporary files would be clear."""

_TABLES = """
CREATE TABLE header (body TEXT NOT NULL);
CREATE TABLE inpatient (patient TEXT PRIMARY KEY, encounter TEXT NOT NULL, ward TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE outstanding (request TEXT PRIMARY KEY, patient TEXT NOT NULL,
    department TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE local_day (day TEXT NOT NULL, start TEXT NOT NULL, PRIMARY KEY (day, start))
    WITHOUT ROWID;
CREATE TABLE search (patient TEXT NOT NULL, tokens TEXT NOT NULL, family_name TEXT NOT NULL,
    given_name TEXT NOT NULL, birth_date TEXT NOT NULL, numbers TEXT NOT NULL);
CREATE TABLE identifier (value TEXT NOT NULL, patient TEXT NOT NULL,
    PRIMARY KEY (value, patient)) WITHOUT ROWID;
CREATE TABLE found (rank INTEGER PRIMARY KEY, patient TEXT NOT NULL, search INTEGER NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(tokens, content='', detail='none', columnsize=0,
    prefix='1 2', tokenize='ascii');
"""

_INDEXES = """
CREATE INDEX report_request ON DiagnosticReport (based_on);
CREATE INDEX observation_report ON Observation (report);
CREATE INDEX patient_merged ON Patient (replaced_by) WHERE replaced_by <> '';
CREATE INDEX inpatient_ward ON inpatient (ward);
CREATE INDEX inpatient_name ON inpatient (name);
CREATE INDEX appointment_list ON Appointment (kind, start, location);
"""

# Who is in hospital is said as by `data_quality.is_in_hospital`, on a known ward or not. A patient is
# in one place: of several open stays one with a ward is believed, then the one that began last.
_INPATIENTS = """
INSERT INTO inpatient (patient, encounter, ward)
SELECT patient, id, ward FROM (
    SELECT patient, id, ward, row_number() OVER (
        PARTITION BY patient ORDER BY ward = '', started DESC, updated DESC, id) AS place
    FROM Encounter WHERE status IN ('in-progress', '') AND patient <> ''
    AND (kind <> 'outpatient' OR bed <> ''))
WHERE place = 1
"""

_OUTSTANDING = """
INSERT INTO outstanding (request, patient, department)
SELECT id, patient, department FROM ServiceRequest AS r
WHERE stage IN ('requested', 'collected', 'received', 'in-progress') AND NOT EXISTS (
    SELECT 1 FROM DiagnosticReport WHERE based_on = r.id
    AND status IN ('final', 'amended', 'corrected'))
"""


_INSERT_SEARCH = "INSERT INTO search VALUES (?, ?, ?, ?, ?, ?)"
_IDENTIFIERS = """
INSERT INTO identifier (value, patient)
SELECT DISTINCT n.value, s.patient FROM search s, json_each(s.numbers) n ORDER BY 1, 2
"""
_RANKED_PATIENTS = """
INSERT INTO found (patient, search)
SELECT s.patient, s.rowid FROM search s LEFT JOIN inpatient i ON i.patient = s.patient
ORDER BY i.patient IS NULL, s.family_name, s.given_name, s.birth_date, s.patient
"""
_RANKED_TOKENS = """
INSERT INTO words (rowid, tokens)
SELECT f.rank, s.tokens FROM found f CROSS JOIN search s ON s.rowid = f.search
"""
# Inpatients have the first ranks; one whose patient was merged into another has none.
_INPATIENT_NAMES = """
UPDATE inpatient SET name = f.name FROM (
    SELECT f.patient, s.family_name || '|' || s.given_name AS name
    FROM found f CROSS JOIN search s ON s.rowid = f.search
    WHERE f.rank <= (SELECT count(*) FROM inpatient)) f
WHERE f.patient = inpatient.patient
"""
_ANALYSED_ROWS = 1_000
"""Of each index: enough to choose between indexes."""
_BULK_WORDS = (("automerge", 0), ("hashsize", 1 << 25))
"""All words are written at once: nothing is merged meanwhile, and 32 MiB of them wait in memory."""


def create_database(
    path: Path, key: bytes, header: SnapshotHeader, records: Iterable[Record]
) -> dict[str, int]:
    """Write a snapshot's database of records (`write_database`)."""
    return write_database(path, key, header, list_rows(records))


def write_database(
    path: Path, key: bytes, header: SnapshotHeader, rows: Iterable[TypeRows]
) -> dict[str, int]:
    """Write a snapshot's database at `path`; returns the number of rows of each type.

    Nothing guards it against a power cut while it is written: it is built aside, and counts as
    there only once it is complete.
    """
    db = connect(path, key)
    try:
        for pragma in (
            "journal_mode = OFF",
            "synchronous = OFF",
            "locking_mode = EXCLUSIVE",
            CACHE if sum(header.counts.values()) < _MANY_ROWS else SMALLER_CACHE,
        ):
            db.conn.execute(f"PRAGMA {pragma}")
        with transaction(db):
            _execute_script(db, _TABLES)
            counts = _insert_rows(db, rows)
            for row in RECORD_TYPES.values():
                _index_records(db, row)
            _execute_script(db, _INDEXES)
            db.conn.execute(_INPATIENTS)
            db.conn.execute(_OUTSTANDING)
            _index_appointments(db, ZoneInfo(header.time_zone))
            _index_patients(db)
            body = orjson.dumps(header.to_json()).decode()
            db.conn.execute("INSERT INTO header VALUES (?)", (body,))
        db.conn.execute(f"PRAGMA analysis_limit = {_ANALYSED_ROWS}")
        db.conn.execute("ANALYZE")
    finally:
        db.conn.close()
    return counts


def _execute_script(db: sqlite_utils.Database, sql: str) -> None:
    for statement in filter(str.strip, sql.split(";")):
        db.conn.execute(statement)


def _insert_rows(db: sqlite_utils.Database, rows: Iterable[TypeRows]) -> dict[str, int]:
    for name, names in COLUMNS.items():
        definitions = ", ".join(f"{column} NOT NULL" for column in names[1:])
        db.conn.execute(f"CREATE TABLE {name} (id TEXT NOT NULL, {definitions})")
    inserts = {name: insert_statement(name) for name in TYPES} | {SEARCH: _INSERT_SEARCH}
    counts = dict.fromkeys(inserts, 0)
    for name, listed in rows:
        db.conn.executemany(inserts[name], listed)
        counts[name] += len(listed)
    del counts[SEARCH]
    return counts


def insert_statement(name: str) -> str:
    """What puts a row into the table of a type."""
    return f"INSERT INTO {name} VALUES ({', '.join('?' * len(COLUMNS[name]))})"


def _index_records(db: sqlite_utils.Database, row: RecordType) -> None:
    name = row.name
    db.conn.execute(f"CREATE UNIQUE INDEX {name}_id ON {name} (id)")
    for column in ("patient",) * row.has_patient + row.source_number_fields:
        db.conn.execute(f"CREATE INDEX {name}_{column} ON {name} ({column})")


def _index_appointments(db: sqlite_utils.Database, zone: ZoneInfo) -> None:
    starts = db.conn.execute("SELECT DISTINCT start FROM Appointment WHERE start <> ''").fetchall()
    days = ((local_day(start, zone), start) for (start,) in starts)
    db.conn.executemany("INSERT INTO local_day VALUES (?, ?)", days)


@lru_cache(maxsize=65536)
def local_day(start: str, zone: ZoneInfo) -> str:
    """The ISO day in the site's zone of a FHIR date or UTC instant."""
    if "T" not in start:
        return start[:10]
    moment = datetime.fromisoformat(start)
    return (
        (moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        .astimezone(zone)
        .date()
        .isoformat()
    )


def iterate_patients(db: sqlite_utils.Database) -> Iterator[Patient]:
    """Every patient, the merged ones included."""
    names = ", ".join(columns(Patient))
    for row in db.conn.execute(f"SELECT {names} FROM Patient"):
        yield from_row(Patient, row)


def _index_patients(db: sqlite_utils.Database) -> None:
    """Words and identifiers of a merged patient lead to the one who survives.

    Words are numbered in the order in which a list shows its finds: inpatients first, then names.
    """
    if not db.conn.execute("SELECT 1 FROM search LIMIT 1").fetchone():
        for _, rows in list_search_rows(iterate_patients(db)):
            db.conn.executemany(_INSERT_SEARCH, rows)
    db.conn.execute(_IDENTIFIERS)
    db.conn.execute(_RANKED_PATIENTS)
    for option, value in _BULK_WORDS:
        db.conn.execute("INSERT INTO words (words, rank) VALUES (?, ?)", (option, value))
    db.conn.execute(_RANKED_TOKENS)
    db.conn.execute(_INPATIENT_NAMES)
