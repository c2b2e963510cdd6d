"""The SQL of the record of events. Nothing here changes or removes what an event says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.outage.events.model import Event, EventKind
from downtime.vault.database import build_record, json_list

_COLUMNS = (
    "id", "root", "position", "device", "outage", "origin", "kind", "patient", "subject", "ward", "topic",
    "happened", "entered", "author", "author_name", "author_role", "answers", "is_withdrawn",
    "reason",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO outage_event ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
)
_ORDER = "ORDER BY position, entered, id"


def insert_event(db: Database, event: Event) -> None:
    """Add an event."""
    db.conn.execute(_INSERT, _to_columns(event_row(event)))


def insert_event_if_new(db: Database, row: Mapping[str, Any]) -> bool:
    """Add an event of another machine unless it is known; whether it was new."""
    cursor = db.conn.execute(f"{_INSERT} ON CONFLICT DO NOTHING", _to_columns(row))
    return bool(cursor.rowcount > 0)


def event_row(event: Event) -> dict[str, Any]:
    """An event as a row travels."""
    row = asdict(event)
    return row | {"subject": event.subject._asdict(), "answers": dict(event.answers)}


def _to_columns(row: Mapping[str, Any]) -> list[Any]:
    values = {
        **row,
        "patient": row["subject"]["patient"],
        "subject": orjson.dumps(row["subject"]).decode(),
        "answers": orjson.dumps(row["answers"]).decode(),
        "is_withdrawn": int(row["is_withdrawn"]),
    }
    return [values[name] for name in _COLUMNS]


def next_position(db: Database) -> int:
    """The position of the next event here."""
    query = "SELECT coalesce(max(position), 0) + 1 FROM outage_event"
    return int(db.execute(query).fetchone()[0])


def count_versions(db: Database, outages: Iterable[str]) -> tuple[tuple[object, ...], ...]:
    """Of each of some outages with events: how many, and which rows they are.

    Nothing of an event changes but the outage under which it stands, so that another answer comes with
    every event that is recorded, merged or put under another outage.
    """
    rows = db.conn.execute(
        "SELECT outage, count(*), max(rowid), sum(rowid) FROM outage_event"
        " WHERE outage IN (SELECT value FROM json_each(?)) GROUP BY outage ORDER BY outage",
        (json_list(outages),),
    )
    return tuple(map(tuple, rows))


def fetch_event(db: Database, event_id: str) -> Event | None:
    """One version of an event."""
    return next(_select(db, "WHERE id = ?", event_id), None)


def fetch_versions(db: Database, root: str) -> list[Event]:
    """An event and its corrections, oldest first."""
    return list(_select(db, f"WHERE root = ? {_ORDER}", root))


def fetch_versions_of(db: Database, roots: Iterable[str]) -> list[Event]:
    """The same of many events."""
    return list(
        _select(db, f"WHERE root IN (SELECT value FROM json_each(?)) {_ORDER}", json_list(roots))
    )


def fetch_of_outages(
    db: Database, outages: Iterable[str], kinds: Iterable[EventKind] = ()
) -> list[Event]:
    """All versions of the events of some outages, of some kinds or of all, oldest first."""
    named = json_list(kinds)
    return list(
        _select(
            db,
            "WHERE outage IN (SELECT value FROM json_each(?))"
            f" AND (? = '[]' OR kind IN (SELECT value FROM json_each(?))) {_ORDER}",
            json_list(outages), named, named,
        )
    )  # fmt: skip


def fetch_of_patient(db: Database, outages: Iterable[str], patient: str) -> list[Event]:
    """All versions of the events about one person in some outages, oldest first."""
    where = f"WHERE patient = ? AND outage IN (SELECT value FROM json_each(?)) {_ORDER}"
    return list(_select(db, where, patient, json_list(outages)))


def fetch_about(db: Database, subjects: Iterable[str]) -> list[Event]:
    """All versions of the events about these requests, appointments or events, oldest first."""
    where = f"WHERE topic IN (SELECT value FROM json_each(?)) AND topic <> '' {_ORDER}"
    return list(_select(db, where, json_list(subjects)))


def fetch_all(db: Database) -> Iterator[Event]:
    """Every event that this machine holds."""
    return _select(db, _ORDER)


def move_to_outages(db: Database, local_outages: Mapping[str, str]) -> None:
    """Put the events of laptops' outages under those here to which these belong."""
    db.conn.executemany(
        "UPDATE outage_event SET outage = ? WHERE origin = ? AND outage <> ?",
        [(local, origin, local) for origin, local in local_outages.items()],
    )


def _select(db: Database, where: str, *values: Any) -> Iterator[Event]:
    rows = db.query(f"SELECT {', '.join(_COLUMNS)} FROM outage_event {where}", list(values))
    return (parse_event(row) for row in rows)


def parse_event(row: Mapping[str, Any]) -> Event:
    """An event from its columns, or from a row that travelled."""
    subject = row["subject"]
    subject = orjson.loads(subject) if isinstance(subject, str) else subject
    return build_record(Event, {**row, "subject": subject})
