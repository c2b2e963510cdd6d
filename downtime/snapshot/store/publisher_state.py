"""The tables of the publisher's state: all that the feeds have sent so far."""

import secrets
from collections.abc import Collection, Iterable, Iterator
from contextlib import nullcontext
from itertools import groupby
from operator import itemgetter

import orjson
import sqlcipher3
import sqlite_utils

from downtime.clinical.identifiers import Identifier
from downtime.errors import ConflictError
from downtime.feeds.model import Operation
from downtime.feeds.named_resources import REFERENCE_MARK
from downtime.snapshot.identity import IdentityChange
from downtime.snapshot.mentions import Mention
from downtime.snapshot.record_state import ExtractCutoff, RecordState, Stamp
from downtime.snapshot.store import link_tables, older_state
from downtime.snapshot.store.record_tables import CACHE, SMALLER_CACHE
from downtime.vault.database import transaction

VERSION = 3
_WITH_LINKS = 3
"""The first version that has `link_tables`."""
_TABLES = (
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE record (type TEXT NOT NULL, source TEXT NOT NULL, key TEXT NOT NULL,"
    " mention INTEGER NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY (type, source, key, mention)) WITHOUT ROWID",
    "CREATE TABLE mention (id INTEGER PRIMARY KEY, identifiers TEXT NOT NULL,"
    " newest TEXT NOT NULL, has_records INTEGER NOT NULL)",
    "CREATE TABLE identity_change (stamp TEXT NOT NULL, operation TEXT NOT NULL,"
    " source TEXT NOT NULL, key TEXT NOT NULL, person INTEGER NOT NULL, other INTEGER NOT NULL,"
    " PRIMARY KEY (stamp, operation, person, other)) WITHOUT ROWID",
    "CREATE TABLE person (anchor TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
    "CREATE TABLE extract (type TEXT, source TEXT, sent TEXT NOT NULL, arrival INTEGER NOT NULL,"
    " digest TEXT NOT NULL, PRIMARY KEY (type, source))",
    "CREATE TABLE system (name TEXT PRIMARY KEY, newest TEXT NOT NULL)",
    "CREATE TABLE delivered (system TEXT, type TEXT, PRIMARY KEY (system, type))",
)

_MANY_PAGES = 200_000
"""800 MB: more than a cache can hold, so that a larger one helps little and takes memory."""
DataSet = tuple[str, str]
"""Type and source of records."""
Name = tuple[str, str, str, int]
"""Type, source and key of a record, and the mention of its person."""


def open_in_memory() -> sqlite_utils.Database:
    """A state that is nowhere but in memory."""
    connection = sqlcipher3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA temp_store = MEMORY")
    return sqlite_utils.Database(connection, recursive_triggers=False)


def prepare_tables(db: sqlite_utils.Database) -> None:
    """Make the tables when they are not there yet, or bring those of an older version up to date.

    ConflictError when a newer version of the program has written them. Inside a transaction.
    """
    pages = db.conn.execute("PRAGMA page_count").fetchone()[0]
    db.conn.execute(f"PRAGMA {CACHE if pages < _MANY_PAGES else SMALLER_CACHE}")
    version = _read_version(db)
    if version > VERSION:
        raise ConflictError(
            "state.newer",
            "A newer version of Downtime has written what this publisher knows of the feeds.",
            "Build with the newer version; snapshots that were published still open.",
        )
    if version == VERSION:
        return
    if version < _WITH_LINKS - 1:
        _create_tables(db, version)
    link_tables.create_tables(db)
    link_tables.save_mentions(db, _select_mentions(db))
    link_tables.save_people(db, select_people(db))
    db.conn.execute("UPDATE setting SET value = ? WHERE name = 'version'", (str(VERSION),))


def _create_tables(db: sqlite_utils.Database, version: int) -> None:
    if version:
        older_state.set_tables_aside(db)
    for statement in _TABLES:
        db.conn.execute(statement)
    values = [("salt", secrets.token_hex(16)), ("arrival", "0"), ("version", str(VERSION))]
    db.conn.executemany("INSERT INTO setting VALUES (?, ?)", values)
    if version:
        older_state.copy_tables(db)


def _read_version(db: sqlite_utils.Database) -> int:
    """0 when there are no tables yet."""
    if not db["setting"].exists():
        return 0
    row = db.conn.execute("SELECT value FROM setting WHERE name = 'version'").fetchone()
    return int(row[0]) if row else 1


def get_salt(db: sqlite_utils.Database) -> bytes:
    """Random once and for all: makes record ids that say nothing of a number, and stay the same."""
    row = db.conn.execute("SELECT value FROM setting WHERE name = 'salt'").fetchone()
    return bytes.fromhex(row[0])


def get_applied_arrival(db: sqlite_utils.Database) -> int:
    """The highest arrival number of which the state knows; 0 for a new state."""
    if not _read_version(db):
        return 0
    row = db.conn.execute("SELECT value FROM setting WHERE name = 'arrival'").fetchone()
    return int(row[0]) if row else 0


def save_applied_arrival(db: sqlite_utils.Database, arrival: int) -> None:
    """Remember the highest arrival number that was applied."""
    db.conn.execute("UPDATE setting SET value = ? WHERE name = 'arrival'", (str(arrival),))


def get_newest_sent(db: sqlite_utils.Database) -> str:
    """When the newest message that the state knows was sent (UTC); empty for a new state."""
    row = db.conn.execute("SELECT value FROM setting WHERE name = 'newest_sent'").fetchone()
    return str(row[0]) if row else ""


def save_newest_sent(db: sqlite_utils.Database, sent: str) -> None:
    """Remember it for the next build."""
    db.conn.execute("INSERT OR REPLACE INTO setting VALUES ('newest_sent', ?)", (sent,))


def select_states(db: sqlite_utils.Database, names: Iterable[Name]) -> dict[Name, RecordState]:
    """The present state of some records."""
    states = {}
    for data_set, listed in groupby(names, key=itemgetter(0, 1)):
        rows = db.conn.execute(
            "SELECT r.key, r.mention, r.body FROM json_each(?) j CROSS JOIN record r ON r.type = ?"
            " AND r.source = ? AND r.key = j.value ->> 0 AND r.mention = j.value ->> 1",
            (orjson.dumps([name[2:] for name in listed]).decode(), *data_set),
        )
        for key, mention, body in rows:
            states[*data_set, key, mention] = RecordState.from_json(body)
    return states


def save_states(db: sqlite_utils.Database, states: Iterable[tuple[Name, RecordState]]) -> None:
    """Write the state of some records, quickest in the order of their names."""
    db.conn.executemany(
        "INSERT INTO record VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
        ((*name, state.to_json()) for name, state in states),
    )


def iterate_states(
    db: sqlite_utils.Database, type_name: str, source: str | None = None
) -> Iterator[tuple[Name, RecordState]]:
    """Every record of a type as extracts leave it, in the order of source and key."""
    cutoffs = select_extracts(db)
    rows = db.conn.execute(
        "SELECT source, key, mention, body FROM record WHERE type = ?1 AND (?2 IS NULL OR source = ?2)"
        " ORDER BY source, key, mention",
        (type_name, source),
    )
    for row_source, key, mention, body in rows:
        state = RecordState.from_json(body)
        if cutoff := cutoffs.get((type_name, row_source)):
            state.apply_cutoff(cutoff)
        yield (type_name, row_source, key, mention), state


def has_reference_texts(db: sqlite_utils.Database, type_name: str) -> bool:
    """Whether any record of a type waits for the name of something (`feeds.named_resources`)."""
    mark = orjson.dumps(REFERENCE_MARK).strip(b'"')
    sql = "SELECT 1 FROM record WHERE type = ? AND instr(body, ?) LIMIT 1"
    return db.conn.execute(sql, (type_name, mark)).fetchone() is not None


def delete_states(db: sqlite_utils.Database, names: Iterable[Name]) -> None:
    """Forget records altogether."""
    db.conn.executemany(
        "DELETE FROM record WHERE type = ? AND source = ? AND key = ? AND mention = ?", names
    )


def select_names_of(db: sqlite_utils.Database, mentions: Iterable[int]) -> list[Name]:
    """The names of all records of some mentions, and of those that share a key with one."""
    rows = db.conn.execute(
        "SELECT DISTINCT o.type, o.source, o.key, o.mention FROM record r JOIN record o"
        " ON o.type = r.type AND o.source = r.source AND o.key = r.key"
        " WHERE r.type <> 'Patient' AND r.mention IN (SELECT value FROM json_each(?))",
        (orjson.dumps(list(mentions)).decode(),),
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def select_extracts(db: sqlite_utils.Database) -> dict[DataSet, ExtractCutoff]:
    """The extract that holds for each data set."""
    rows = db.conn.execute("SELECT type, source, sent, arrival, digest FROM extract")
    return {(row[0], row[1]): ExtractCutoff(row[2], row[3], row[4]) for row in rows}


def save_extract(db: sqlite_utils.Database, data_set: DataSet, cutoff: ExtractCutoff) -> None:
    """Let an extract hold from now on."""
    db.conn.execute("INSERT OR REPLACE INTO extract VALUES (?, ?, ?, ?, ?)", (*data_set, *cutoff))


def select_identifiers(
    db: sqlite_utils.Database, mentions: Iterable[int]
) -> dict[int, tuple[Identifier, ...]]:
    """The identifiers of some mentions."""
    rows = db.conn.execute(
        "SELECT id, identifiers FROM mention WHERE id IN (SELECT value FROM json_each(?))",
        (orjson.dumps(list(mentions)).decode(),),
    )
    return {row[0]: tuple(Identifier(*i) for i in orjson.loads(row[1])) for row in rows}


def select_mentions(db: sqlite_utils.Database) -> list[Mention]:
    """Every combination of identifiers ever given for a person."""
    return _select_mentions(db)


def _select_mentions(db: sqlite_utils.Database, where: str = "") -> list[Mention]:
    sql = f"SELECT id, identifiers, newest, has_records FROM mention {where} ORDER BY id"
    rows = db.conn.execute(sql)
    return [
        Mention(row[0], tuple(Identifier(*i) for i in orjson.loads(row[1])), row[2], bool(row[3]))
        for row in rows
    ]


def select_addressed_mentions(db: sqlite_utils.Database) -> list[Mention]:
    """Those of which an identifier is the address of a FHIR resource."""
    return _select_mentions(db, "WHERE instr(identifiers, '\"FHIR\"') > 0")


def save_mentions(db: sqlite_utils.Database, mentions: Collection[Mention]) -> None:
    """Remember combinations of identifiers, and when each was last given."""
    link_tables.save_mentions(db, mentions)
    link_tables.mark_changed(db, (mention.id for mention in mentions))
    db.conn.executemany(
        "INSERT INTO mention VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " newest = max(newest, excluded.newest),"
        " has_records = max(has_records, excluded.has_records)",
        (
            (number, orjson.dumps([list(i) for i in identifiers]).decode(), newest, has_records)
            for number, identifiers, newest, has_records in mentions
        ),
    )


def select_identity_changes(db: sqlite_utils.Database) -> list[IdentityChange]:
    """Every merge, its undoing and every move, in order of time."""
    rows = db.conn.execute(
        "SELECT stamp, operation, source, key, person, other FROM identity_change"
    )
    changes = (
        IdentityChange(Stamp(*orjson.loads(row[0])), Operation(row[1]), *tuple(row)[2:])
        for row in rows
    )
    return sorted(changes)


def save_identity_changes(db: sqlite_utils.Database, changes: Collection[IdentityChange]) -> None:
    """Remember merges, undoings and moves."""
    link_tables.mark_changed(db, (change.person for change in changes))
    db.conn.executemany(
        "INSERT OR IGNORE INTO identity_change VALUES (?, ?, ?, ?, ?, ?)",
        ((orjson.dumps(list(change.stamp)).decode(), *change[1:]) for change in changes),
    )


def save_systems(
    db: sqlite_utils.Database, newest: dict[str, str], deliveries: Iterable[tuple[str, str]]
) -> None:
    """Remember how new each system's data is, and which types each has ever delivered."""
    db.conn.executemany(
        "INSERT INTO system VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET newest = max(newest, excluded.newest)",
        list(newest.items()),
    )
    db.conn.executemany("INSERT OR IGNORE INTO delivered VALUES (?, ?)", deliveries)


def select_people(db: sqlite_utils.Database) -> dict[Identifier, str]:
    """Opaque id of every person, by their anchor (`identity.Identity`)."""
    rows = db.conn.execute("SELECT anchor, id FROM person")
    return {Identifier.parse(row[0]): row[1] for row in rows}


def insert_people(db: sqlite_utils.Database, anchors: set[Identifier]) -> dict[Identifier, str]:
    """Give random ids to new persons."""
    ids = {anchor: secrets.token_hex(8) for anchor in sorted(anchors)}
    with nullcontext() if db.conn.in_transaction else transaction(db):
        rows = [(str(anchor), key) for anchor, key in ids.items()]
        db.conn.executemany("INSERT INTO main.person VALUES (?, ?)", rows)
        link_tables.save_people(db, anchors)
    return ids


def select_newest_times(db: sqlite_utils.Database) -> dict[str, str]:
    """System to the time of its newest data."""
    return {row[0]: row[1] for row in db.conn.execute("SELECT name, newest FROM system")}


def select_deliveries(db: sqlite_utils.Database) -> dict[str, set[str]]:
    """System to the types of record that it has ever sent itself."""
    deliveries: dict[str, set[str]] = {}
    sql = "SELECT system, type FROM delivered WHERE system <> ''"
    for system, type_name in db.conn.execute(sql):
        deliveries.setdefault(system, set()).add(type_name)
    return deliveries


def select_delivered_types(db: sqlite_utils.Database) -> set[str]:
    """Types of record that some system has ever delivered."""
    return {row[0] for row in db.conn.execute("SELECT DISTINCT type FROM delivered")}
