"""The SQL of the outbox: what goes out to the recovered systems, and how far it has come.

Moves are made by `outbox.py`, which checks them; the signatures of a statement are kept here too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.returns.states import HELD, QUEUED, REFUSED, RESOLVED, SENDING, WAITING

_LIGHT = (
    "control_id, outage, system, channel, kind, order_key, position, state, attempts, next_try,"
    " answer, reason, sha256, file, queued, queued_by, changed"
)
_ITEMS = "(SELECT group_concat(item, char(10)) FROM outbox_item WHERE control_id = o.control_id) AS items"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the outbox, without its content. Times are UTC as stored.

    `items` are the keys of the compared items it carries; `order_key` is the patient, within whom
    order is kept; `answer` is what the receiver said last, `reason` why it is where it is.
    """

    control_id: str
    outage: str
    system: str
    channel: str
    kind: str
    order_key: str
    position: int
    state: str
    attempts: int
    next_try: str
    answer: str
    reason: str
    sha256: str
    file: str
    queued: str
    queued_by: str
    changed: str
    items: tuple[str, ...]

    @property
    def compared(self) -> tuple[str, ...]:
        """The keys of compared items; a message that tells a link of two numbers has none."""
        return tuple(key for key in self.items if not key.startswith("link:"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message on its way into the outbox; `position` 0 is the end, `items` are (key, digest)."""

    control_id: str
    position: int = 0
    outage: str
    system: str
    channel: str
    kind: str
    order_key: str
    state: str
    sha256: str
    file: str = ""
    queued: str
    queued_by: str
    changed: str
    content: bytes
    items: tuple[tuple[str, str], ...]


_OWN = tuple(f.name for f in fields(NewMessage) if f.name not in ("position", "items"))
_INSERT = f"INSERT INTO outbox (position, {', '.join(_OWN)}) VALUES (?{', ?' * len(_OWN)})"  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A lead's signature under the facts of one statement."""

    outage: str
    role: str
    facts_sha256: str
    person: str
    person_name: str
    signed: str


def messages(
    db: Database,
    outage: str = "",
    *,
    system: str = "",
    channel: str = "",
    state: str = "",
    order_key: str = "",
) -> Iterator[Message]:
    """Messages in the order in which they go out; every filter that is given applies."""
    given = {
        "outage": outage,
        "system": system,
        "channel": channel,
        "state": state,
        "order_key": order_key,
    }
    used = {name: value for name, value in given.items() if value}
    where = " AND ".join(f"{name} = :{name}" for name in used) or "1"
    query = f"SELECT {_LIGHT}, {_ITEMS} FROM outbox AS o WHERE {where} ORDER BY position"  # noqa: S608
    return (_message(row) for row in db.query(query, used))


def newest(db: Database, outage: str, limit: int) -> list[Message]:
    """The messages of an outage that moved last, newest first."""
    query = (
        f"SELECT {_LIGHT}, {_ITEMS} FROM outbox AS o WHERE outage = ?"  # noqa: S608
        " ORDER BY changed DESC, position DESC LIMIT ?"
    )
    return [_message(row) for row in db.query(query, [outage, limit])]


def message(db: Database, control_id: str) -> Message | None:
    """One message."""
    query = f"SELECT {_LIGHT}, {_ITEMS} FROM outbox AS o WHERE control_id = ?"  # noqa: S608
    row = next(db.query(query, [control_id]), None)
    return _message(row) if row else None


def content(db: Database, control_id: str) -> bytes:
    """The bytes of a message; empty for one that went out before contents were kept."""
    row = db.execute("SELECT content FROM outbox WHERE control_id = ?", [control_id]).fetchone()
    return bytes(row[0]) if row else b""


def insert_all(db: Database, rows: Sequence[NewMessage]) -> None:
    """New messages with their items; a control ID that is there is an error."""
    last = db.execute("SELECT coalesce(max(position), 0) FROM outbox").fetchone()[0]
    places = ((row.position or last + n, row) for n, row in enumerate(rows, start=1))
    db.conn.executemany(
        _INSERT, ((place, *(getattr(row, name) for name in _OWN)) for place, row in places)
    )
    db.conn.executemany(
        "INSERT INTO outbox_item (control_id, item, digest) VALUES (?, ?, ?)",
        ((row.control_id, item, digest) for row in rows for item, digest in row.items),
    )


def known(db: Database, control_ids: Iterable[str]) -> set[str]:
    """Those control IDs that are used already."""
    wanted = orjson.dumps(list(control_ids)).decode()
    query = "SELECT control_id FROM outbox WHERE control_id IN (SELECT value FROM json_each(?))"
    return {str(row[0]) for row in db.execute(query, [wanted])}


def update(db: Database, control_id: str, **changes: str) -> None:
    """Replace some columns of one message."""
    assignments = ", ".join(f"{name} = :{name}" for name in changes)
    db.conn.execute(
        f"UPDATE outbox SET {assignments} WHERE control_id = :control_id",  # noqa: S608
        {**changes, "control_id": control_id},
    )


def claim(db: Database, system: str, channel: str, now: str) -> Message | None:
    """Make the next message `sending` and count the attempt; None when none may go now.

    A patient's message waits for each earlier one of that patient to the same system.
    """
    row = db.conn.execute(_CLAIM, [SENDING, now, system, channel, QUEUED, now]).fetchone()
    return message(db, row["control_id"]) if row else None


_STATES = ", ".join(f"'{state}'" for state in WAITING)
_CLAIM = f"""UPDATE outbox SET state = ?, attempts = attempts + 1, changed = ? WHERE control_id = (
    SELECT control_id FROM outbox AS o
    WHERE system = ? AND channel = ? AND state = ? AND next_try <= ? AND NOT EXISTS (
        SELECT 1 FROM outbox AS e WHERE e.system = o.system AND e.order_key = o.order_key
        AND o.order_key <> '' AND e.position < o.position AND e.state IN ({_STATES}))
    ORDER BY position LIMIT 1) RETURNING control_id"""  # noqa: S608


def waiting(db: Database, system: str, channel: str) -> int:
    """How many messages wait to be sent, those behind a refused one included."""
    query = "SELECT count(*) FROM outbox WHERE system = ? AND channel = ? AND state IN (?, ?, ?)"
    return int(db.execute(query, [system, channel, QUEUED, SENDING, HELD]).fetchone()[0])


def requeue(db: Database, system: str, channel: str, now: str) -> int:
    """What a sender that died had in hand waits again, unchanged; how many."""
    done = db.conn.execute(
        "UPDATE outbox SET state = ?, next_try = '', changed = ?"
        " WHERE system = ? AND channel = ? AND state = ?",
        [QUEUED, now, system, channel, SENDING],
    )
    return int(done.rowcount)


def hold_later(db: Database, behind: Message, reason: str, now: str) -> int:
    """Hold what waits behind a refused message of the same patient; how many."""
    done = db.conn.execute(
        "UPDATE outbox SET state = ?, reason = ?, changed = ? WHERE system = ? AND order_key = ?"
        " AND order_key <> '' AND position > ? AND state = ?",
        [HELD, reason, now, behind.system, behind.order_key, behind.position, QUEUED],
    )
    return int(done.rowcount)


def release(db: Database, system: str, order_key: str, now: str) -> int:
    """Let a patient's held messages wait for their turn again, as far as none before is refused."""
    done = db.conn.execute(
        "UPDATE outbox SET state = ?, reason = '', changed = ? WHERE system = ? AND order_key = ?"
        " AND state = ? AND position < coalesce((SELECT min(position) FROM outbox WHERE system = ?"
        " AND order_key = ? AND state = ?), 9223372036854775807)",
        [QUEUED, now, system, order_key, HELD, system, order_key, REFUSED],
    )
    return int(done.rowcount)


def first_refused(db: Database, system: str, order_key: str) -> Message | None:
    """The patient's earliest refused message to a system."""
    found = messages(db, system=system, order_key=order_key, state=REFUSED) if order_key else ()
    return next(iter(found), None)


def carried(
    db: Database, keys: Iterable[str], *, settled: bool = False
) -> dict[str, list[tuple[str, str]]]:
    """For each item, the (control ID, digest) of every message that carries it and still counts.

    `settled`: those that were settled otherwise count too.
    """
    wanted = sorted(set(keys))
    found: dict[str, list[tuple[str, str]]] = {}
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        marks = ", ".join("?" * len(part))
        query = (
            "SELECT i.item, i.control_id, i.digest FROM outbox_item AS i JOIN outbox AS o"  # noqa: S608
            f" ON o.control_id = i.control_id WHERE i.item IN ({marks}) AND o.state <> ?"
            " ORDER BY o.position"
        )
        for row in db.query(query, [*part, "" if settled else RESOLVED]):
            found.setdefault(row["item"], []).append((row["control_id"], row["digest"]))
    return found


def sent_counts(db: Database, outage: str) -> list[dict[str, Any]]:
    """How many messages there are, by system, channel, kind and state."""
    query = (
        "SELECT system, channel, kind, state, count(*) AS messages FROM outbox WHERE outage = ?"
        " GROUP BY system, channel, kind, state ORDER BY system, channel, kind, state"
    )
    return [dict(row) for row in db.query(query, [outage])]


def signatures(db: Database, outage: str) -> list[Signature]:
    """Every signature ever given for an outage's statement, oldest first."""
    rows = db.query("SELECT * FROM statement_signature WHERE outage = ? ORDER BY signed", [outage])
    return [Signature(**row) for row in rows]


def keep_signature(db: Database, signature: Signature) -> None:
    """Record a signature; a second one of the same role under the same facts is an error."""
    db["statement_signature"].insert(asdict(signature))  # type: ignore[union-attr]


def _message(row: Mapping[str, Any]) -> Message:
    return Message(**{**row, "items": tuple((row["items"] or "").splitlines())})
