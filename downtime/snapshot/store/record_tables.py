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
from downtime.snapshot import search_terms
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.row_layout import COLUMNS, TypeRows, columns, from_row, list_rows
from downtime.vault.database import connect, transaction

CACHE = "cache_size = -131072"
"""128 MiB of pages: records come in no order, and a page that leaves the cache is encrypted."""

_TABLES = """
CREATE TABLE header (body TEXT NOT NULL);
CREATE TABLE inpatient (patient TEXT PRIMARY KEY, encounter TEXT NOT NULL, ward TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE outstanding (request TEXT PRIMARY KEY, patient TEXT NOT NULL,
    department TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE appointment_day (appointment TEXT PRIMARY KEY, day TEXT NOT NULL, kind TEXT NOT NULL,
    location TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE identifier (value TEXT NOT NULL, patient TEXT NOT NULL,
    PRIMARY KEY (value, patient)) WITHOUT ROWID;
CREATE TABLE found (rank INTEGER PRIMARY KEY, patient TEXT NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(tokens, content='', detail='none', prefix='1 2 3 4',
    tokenize='unicode61 remove_diacritics 0');
"""

_INDEXES = """
CREATE INDEX report_request ON DiagnosticReport (based_on);
CREATE INDEX observation_report ON Observation (report);
CREATE INDEX patient_merged ON Patient (replaced_by) WHERE replaced_by <> '';
CREATE INDEX inpatient_ward ON inpatient (ward);
CREATE INDEX inpatient_name ON inpatient (name);
CREATE INDEX appointment_list ON appointment_day (kind, day, location);
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
            CACHE,
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
    inserts = {name: insert_statement(name) for name in TYPES}
    counts = dict.fromkeys(TYPES, 0)
    for name, listed in rows:
        db.conn.executemany(inserts[name], listed)
        counts[name] += len(listed)
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
    rows = db.conn.execute("SELECT id, start, kind, location FROM Appointment WHERE start <> ''")
    db.conn.executemany(
        "INSERT INTO appointment_day VALUES (?, ?, ?, ?)",
        [(key, local_day(start, zone), kind, place) for key, start, kind, place in rows],
    )


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
    known = {patient.id: patient for patient in iterate_patients(db)}
    present = {row[0] for row in db.conn.execute("SELECT patient FROM inpatient")}
    terms_by_patient: dict[str, set[str]] = {}
    numbers: set[tuple[str, str]] = set()
    for patient in known.values():
        final = find_survivor(known, patient).id
        terms_by_patient.setdefault(final, set()).update(search_terms.search_tokens(patient))
        values = [patient.mrn, patient.nhs_number]
        values += [text.split("|", 2)[-1] for text in patient.identifiers]
        numbers.update((search_terms.compact_text(value), final) for value in values if value)
    ranked = sorted(
        terms_by_patient,
        key=lambda p: (p not in present, search_terms.name_key(known[p]), known[p].birth_date, p),
    )
    db.conn.executemany("INSERT INTO identifier VALUES (?, ?)", sorted(numbers))
    db.conn.executemany("INSERT INTO found VALUES (?, ?)", enumerate(ranked))
    db.conn.executemany(
        "INSERT INTO words (rowid, tokens) VALUES (?, ?)",
        (
            (rank, " ".join(sorted(terms_by_patient[patient])))
            for rank, patient in enumerate(ranked)
        ),
    )
    db.conn.executemany(
        "UPDATE inpatient SET name = ? WHERE patient = ?",
        [("|".join(search_terms.name_key(known[p])), p) for p in present if p in known],
    )


def find_survivor(known: dict[str, Patient], patient: Patient) -> Patient:
    """The patient who survives after all merges."""
    seen: set[str] = set()
    while patient.replaced_by in known and patient.id not in seen:
        seen.add(patient.id)
        patient = known[patient.replaced_by]
    return patient
