"""The tables of the publisher's state: all that the feeds have sent so far."""

import secrets
from collections.abc import Iterator

import orjson
import sqlcipher3
import sqlite_utils

from downtime.clinical.identifiers import Identifier
from downtime.snapshot.identity import Mention
from downtime.snapshot.record_state import ExtractCutoff, RecordState, apply_changes
from downtime.snapshot.store.record_tables import CACHE
from downtime.vault.database import transaction

_TABLES = (
    "CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS record (type TEXT NOT NULL, source TEXT NOT NULL,"
    " key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (type, source, key)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS mention (id INTEGER PRIMARY KEY,"
    " identifiers TEXT NOT NULL UNIQUE, newest TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS merge (moment TEXT, sent TEXT, file TEXT, number INTEGER,"
    " survivor INTEGER, merged INTEGER, PRIMARY KEY (moment, sent, file, number, survivor, merged))",
    "CREATE TABLE IF NOT EXISTS person (anchor TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
    "CREATE TABLE IF NOT EXISTS extract (type TEXT, source TEXT, sent TEXT NOT NULL,"
    " file TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL,"
    " PRIMARY KEY (type, source))",
    "CREATE TABLE IF NOT EXISTS system (name TEXT PRIMARY KEY, newest TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS delivered (type TEXT PRIMARY KEY)",
)

Name = tuple[str, str, str]
"""Type, source and key of a record."""


def open_in_memory() -> sqlite_utils.Database:
    """A state that is nowhere but in memory."""
    connection = sqlcipher3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA temp_store = MEMORY")
    return sqlite_utils.Database(connection, recursive_triggers=False)


def create_tables(db: sqlite_utils.Database) -> None:
    """Make the tables when they are not there yet."""
    db.conn.execute(f"PRAGMA {CACHE}")
    for statement in _TABLES:
        db.conn.execute(statement)
    db.conn.execute("INSERT OR IGNORE INTO setting VALUES ('salt', ?)", (secrets.token_hex(16),))


def get_salt(db: sqlite_utils.Database) -> bytes:
    """Random once and for all: makes record ids that say nothing of a number, and stay the same."""
    row = db.conn.execute("SELECT value FROM setting WHERE name = 'salt'").fetchone()
    return bytes.fromhex(row[0])


def start_run(db: sqlite_utils.Database) -> int:
    """Number this application of feeds."""
    db.conn.execute(
        "INSERT INTO setting VALUES ('run', '1') ON CONFLICT DO UPDATE SET value = value + 1"
    )
    return int(db.conn.execute("SELECT value FROM setting WHERE name = 'run'").fetchone()[0])


def select_states(db: sqlite_utils.Database, names: list[Name]) -> dict[Name, RecordState]:
    """The held state of some records."""
    rows = db.conn.execute(
        "SELECT r.type, r.source, r.key, r.body FROM json_each(?) j JOIN record r"
        " ON r.type = j.value ->> 0 AND r.source = j.value ->> 1 AND r.key = j.value ->> 2",
        (orjson.dumps(names).decode(),),
    )
    return {(kind, source, key): RecordState.from_json(body) for kind, source, key, body in rows}


def save_states(db: sqlite_utils.Database, states: dict[Name, RecordState]) -> None:
    """Write the state of some records."""
    db.conn.executemany(
        "INSERT INTO record VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
        [(*name, state.to_json()) for name, state in states.items()],
    )


def select_extracts(db: sqlite_utils.Database) -> dict[tuple[str, str], ExtractCutoff]:
    """The extract that holds for each (type, source)."""
    rows = db.conn.execute("SELECT type, source, sent, file, number, digest FROM extract")
    return {(row[0], row[1]): ExtractCutoff(*tuple(row)[2:]) for row in rows}


def save_extract(
    db: sqlite_utils.Database, type_name: str, source: str, cutoff: ExtractCutoff
) -> None:
    """Let an extract hold from now on."""
    db.conn.execute(
        "INSERT OR REPLACE INTO extract VALUES (?, ?, ?, ?, ?, ?)", (type_name, source, *cutoff)
    )


def select_mentions(db: sqlite_utils.Database) -> list[Mention]:
    """Every combination of identifiers ever given for a person."""
    rows = db.conn.execute("SELECT id, identifiers, newest FROM mention")
    return [
        Mention(row[0], tuple(Identifier(*i) for i in orjson.loads(row[1])), row[2]) for row in rows
    ]


def save_mentions(db: sqlite_utils.Database, seen_mentions: list[Mention]) -> None:
    """Remember combinations of identifiers, and when each was last given."""
    db.conn.executemany(
        "INSERT INTO mention VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET newest = max(newest, excluded.newest)",
        [
            (number, orjson.dumps([list(i) for i in identifiers]).decode(), moment)
            for number, identifiers, moment in seen_mentions
        ],
    )


def save_merges(
    db: sqlite_utils.Database, pairs: list[tuple[str, str, str, int, int, int]]
) -> None:
    """Remember merges: moment, sent, file, number, survivor, merged."""
    db.conn.executemany("INSERT OR IGNORE INTO merge VALUES (?, ?, ?, ?, ?, ?)", pairs)


def save_systems(db: sqlite_utils.Database, newest: dict[str, str], types: set[str]) -> None:
    """Remember how new each system's data is, and which types were ever delivered."""
    db.conn.executemany(
        "INSERT INTO system VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET newest = max(newest, excluded.newest)",
        list(newest.items()),
    )
    db.conn.executemany("INSERT OR IGNORE INTO delivered VALUES (?)", [(kind,) for kind in types])


def select_merges(db: sqlite_utils.Database) -> list[tuple[int, int]]:
    """(survivor, merged) in order of time."""
    rows = db.conn.execute(
        "SELECT survivor, merged FROM merge ORDER BY moment, sent, file, number, survivor, merged"
    )
    return [(row[0], row[1]) for row in rows]


def delete_states(db: sqlite_utils.Database, names: list[Name]) -> None:
    """Forget records altogether."""
    db.conn.executemany("DELETE FROM record WHERE type = ? AND source = ? AND key = ?", names)


def iterate_states(
    db: sqlite_utils.Database, type_name: str, source: str | None = None
) -> Iterator[tuple[str, str, RecordState]]:
    """(source, key, state) of every record of a type, as extracts leave it."""
    cutoffs = select_extracts(db)
    rows = db.conn.execute(
        "SELECT source, key, body FROM record WHERE type = ? AND (? IS NULL OR source = ?)",
        (type_name, source, source),
    )
    for row_source, key, body in rows:
        yield (
            row_source,
            key,
            apply_changes(
                RecordState.from_json(body),
                (),
                cutoffs.get((type_name, row_source), ExtractCutoff()),
            ),
        )


def select_keys(db: sqlite_utils.Database, type_name: str) -> list[tuple[str, str]]:
    """(source, key) of every record of a type."""
    return db.conn.execute("SELECT source, key FROM record WHERE type = ?", (type_name,)).fetchall()


def select_people(db: sqlite_utils.Database) -> dict[Identifier, str]:
    """Opaque id of every person, by their anchor (`identity.Identity`)."""
    rows = db.conn.execute("SELECT anchor, id FROM person")
    return {Identifier.parse(row[0]): row[1] for row in rows}


def insert_people(db: sqlite_utils.Database, anchors: set[Identifier]) -> None:
    """Give random ids to new persons."""
    with transaction(db):
        db.conn.executemany(
            "INSERT INTO person VALUES (?, ?)",
            [(str(anchor), secrets.token_hex(8)) for anchor in sorted(anchors)],
        )


def select_newest_times(db: sqlite_utils.Database) -> dict[str, str]:
    """System to the time of its newest data."""
    return {row[0]: row[1] for row in db.conn.execute("SELECT name, newest FROM system")}


def select_delivered_types(db: sqlite_utils.Database) -> set[str]:
    """Types of record that some system has ever delivered."""
    return {row[0] for row in db.conn.execute("SELECT type FROM delivered")}
