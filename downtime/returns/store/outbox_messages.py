"""The SQL of what goes out to the recovered systems (`outbox`).

Moves are made by `outbox.py`, which checks them.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from sqlite_utils import Database

from downtime.returns.model import (
    WAITING,
    Channel,
    Message,
    MessageState,
    NewMessage,
)
from downtime.vault.database import build_record, json_list

_COLUMNS = (
    "control_id, outage, system, channel, kind, order_key, position, state, attempts, next_try,"
    " answer, reason, sha256, file, queued, queued_by, changed, unanswered,"
    " (SELECT group_concat(item, char(10)) FROM outbox_item WHERE control_id = o.control_id) AS items"
)
"""All but the content, which may be long."""


_NEW_COLUMNS = tuple(f.name for f in fields(NewMessage) if f.name not in ("position", "items"))


_INSERT = (
    f"INSERT INTO outbox (position, {', '.join(_NEW_COLUMNS)})"
    f" VALUES (?{', ?' * len(_NEW_COLUMNS)})"
)


class MessageCount(NamedTuple):
    """How many messages of a kind, over one channel to one system, are in a state."""

    system: str
    channel: Channel
    kind: str
    state: MessageState
    messages: int


class Carrier(NamedTuple):
    """A message that carries an item, and the digest of what the item says in it."""

    control_id: str
    digest: str


def list_messages(
    db: Database,
    outage: str = "",
    *,
    system: str = "",
    channel: Channel | None = None,
    state: MessageState | None = None,
    order_key: str = "",
) -> Iterator[Message]:
    """Messages in the order in which they go out; every filter that is given applies."""
    filters = {
        "outage": outage,
        "system": system,
        "channel": channel,
        "state": state,
        "order_key": order_key,
    }
    values = {name: value for name, value in filters.items() if value}
    where = " AND ".join(f"{name} = :{name}" for name in values) or "1"
    query = f"SELECT {_COLUMNS} FROM outbox AS o WHERE {where} ORDER BY position"
    return (_message(row) for row in db.query(query, values))


def list_newest(
    db: Database, outage: str, *, system: str = "", state: MessageState | None = None,
    limit: int = -1, offset: int = 0,
) -> list[Message]:  # fmt: skip
    """The messages of an outage that moved last, newest first; of one system, in one state."""
    query = (
        f"SELECT {_COLUMNS} FROM outbox AS o WHERE outage = ? AND ? IN ('', system)"
        " AND ? IN ('', state) ORDER BY changed DESC, position DESC LIMIT ? OFFSET ?"
    )
    return [_message(row) for row in db.query(query, [outage, system, state or "", limit, offset])]


def find_message(db: Database, control_id: str) -> Message | None:
    """One message."""
    query = f"SELECT {_COLUMNS} FROM outbox AS o WHERE control_id = ?"
    row = next(db.query(query, [control_id]), None)
    return _message(row) if row else None


def read_content(db: Database, control_id: str) -> bytes:
    """The bytes of a message; empty for one that went out before contents were kept."""
    row = db.execute("SELECT content FROM outbox WHERE control_id = ?", [control_id]).fetchone()
    return bytes(row[0]) if row else b""


def insert_messages(db: Database, rows: Sequence[NewMessage]) -> None:
    """New messages with their items; a control ID that is there is an error."""
    last = db.execute("SELECT coalesce(max(position), 0) FROM outbox").fetchone()[0]
    placed = ((row.position or last + n, row) for n, row in enumerate(rows, start=1))
    db.conn.executemany(
        _INSERT,
        ((position, *(getattr(row, name) for name in _NEW_COLUMNS)) for position, row in placed),
    )
    db.conn.executemany(
        "INSERT INTO outbox_item (control_id, item, digest) VALUES (?, ?, ?)",
        ((row.control_id, item, digest) for row in rows for item, digest in row.items),
    )


def find_known_ids(db: Database, control_ids: Iterable[str]) -> set[str]:
    """Those control IDs that are used already."""
    wanted = json_list(control_ids)
    query = "SELECT control_id FROM outbox WHERE control_id IN (SELECT value FROM json_each(?))"
    return {str(row[0]) for row in db.execute(query, [wanted])}


def update_message(db: Database, control_id: str, **changes: str) -> None:
    """Replace some columns of one message."""
    assignments = ", ".join(f"{name} = :{name}" for name in changes)
    db.conn.execute(
        f"UPDATE outbox SET {assignments} WHERE control_id = :control_id",
        {**changes, "control_id": control_id},
    )


def count_unanswered(db: Database, control_id: str) -> None:
    """One more attempt got no answer, and the message may have arrived."""
    db.conn.execute(
        "UPDATE outbox SET unanswered = unanswered + 1 WHERE control_id = ?", [control_id]
    )


def clear_unanswered(db: Database, control_id: str) -> None:
    """The receiver, or somebody who looked there, says that it has not arrived."""
    db.conn.execute("UPDATE outbox SET unanswered = 0 WHERE control_id = ?", [control_id])


def claim_next(db: Database, system: str, channel: Channel, now: str) -> Message | None:
    """Make the next message `sending` and count the attempt; None when none may go now.

    A patient's message waits for each earlier one of that patient to the same system.
    """
    row = db.conn.execute(
        _CLAIM, [MessageState.SENDING, now, system, channel, MessageState.QUEUED, now]
    ).fetchone()
    return find_message(db, row["control_id"]) if row else None


_WAITING_STATES = ", ".join(f"'{state}'" for state in WAITING)


_CLAIM = f"""UPDATE outbox SET state = ?, attempts = attempts + 1, changed = ? WHERE control_id = (
    SELECT control_id FROM outbox AS o
    WHERE system = ? AND channel = ? AND state = ? AND next_try <= ? AND NOT EXISTS (
        SELECT 1 FROM outbox AS e WHERE e.system = o.system AND e.order_key = o.order_key
        AND o.order_key <> '' AND e.position < o.position AND e.state IN ({_WAITING_STATES}))
    ORDER BY position LIMIT 1) RETURNING control_id"""


def count_waiting(db: Database, system: str, channel: Channel) -> int:
    """How many messages wait to be sent, those behind a refused one included."""
    query = "SELECT count(*) FROM outbox WHERE system = ? AND channel = ? AND state IN (?, ?, ?)"
    states = (MessageState.QUEUED, MessageState.SENDING, MessageState.HELD)
    return int(db.execute(query, [system, channel, *states]).fetchone()[0])


def requeue_sending(db: Database, system: str, channel: Channel, now: str) -> int:
    """What a sender that died had in hand waits again, unchanged, and may have arrived; how many."""
    done = db.conn.execute(
        "UPDATE outbox SET state = ?, next_try = '', changed = ?, unanswered = unanswered + 1"
        " WHERE system = ? AND channel = ? AND state = ?",
        [MessageState.QUEUED, now, system, channel, MessageState.SENDING],
    )
    return int(done.rowcount)


def hold_later_messages(db: Database, behind: Message, reason: str, now: str) -> int:
    """Hold what waits behind a refused message of the same patient; how many."""
    done = db.conn.execute(
        "UPDATE outbox SET state = ?, reason = ?, changed = ? WHERE system = ? AND order_key = ?"
        " AND order_key <> '' AND position > ? AND state = ?",
        [
            MessageState.HELD,
            reason,
            now,
            behind.system,
            behind.order_key,
            behind.position,
            MessageState.QUEUED,
        ],
    )
    return int(done.rowcount)


def release_held(db: Database, system: str, order_key: str, now: str) -> int:
    """Let a patient's held messages wait for their turn again, as far as none before is refused."""
    done = db.conn.execute(
        "UPDATE outbox SET state = ?, reason = '', changed = ? WHERE system = ? AND order_key = ?"
        " AND state = ? AND position < coalesce((SELECT min(position) FROM outbox WHERE system = ?"
        " AND order_key = ? AND state = ?), 9223372036854775807)",
        [
            MessageState.QUEUED,
            now,
            system,
            order_key,
            MessageState.HELD,
            system,
            order_key,
            MessageState.REFUSED,
        ],
    )
    return int(done.rowcount)


def find_first_refused(db: Database, system: str, order_key: str) -> Message | None:
    """The patient's earliest refused message to a system."""
    if not order_key:
        return None
    refused = list_messages(db, system=system, order_key=order_key, state=MessageState.REFUSED)
    return next(refused, None)


def find_carriers(
    db: Database, keys: Iterable[str], *, settled: bool = False
) -> dict[str, list[Carrier]]:
    """For each item, every message that carries it and still counts.

    `settled`: those that were settled otherwise count too.
    """
    query = (
        "SELECT i.item, i.control_id, i.digest FROM outbox_item AS i JOIN outbox AS o"
        " ON o.control_id = i.control_id WHERE i.item IN (SELECT value FROM json_each(?))"
        " AND o.state <> ? ORDER BY o.position"
    )
    wanted = json_list(sorted(set(keys)))
    carriers: dict[str, list[Carrier]] = {}
    for row in db.execute(query, [wanted, "" if settled else MessageState.RESOLVED]):
        carriers.setdefault(row[0], []).append(Carrier(row[1], row[2]))
    return carriers


class MessageDigest(NamedTuple):
    """What proves a message: its digest as it was queued, and of the bytes as they lie there."""

    control_id: str
    channel: Channel
    state: MessageState
    sha256: str
    content_sha256: str
    """Empty for one that went out before contents were kept."""


def fetch_digests(db: Database, outage: str) -> Iterator[MessageDigest]:
    """Of every message of an outage, in the order in which they go out."""
    query = (
        "SELECT control_id, channel, state, sha256, content FROM outbox WHERE outage = ?"
        " ORDER BY position"
    )
    for control_id, channel, state, sha256, content in db.conn.execute(query, [outage]):
        digest = hashlib.sha256(content).hexdigest() if content else ""
        yield MessageDigest(control_id, Channel(channel), MessageState(state), sha256, digest)


class CarriedItem(NamedTuple):
    """An item in a message, with the digest of what it says there."""

    control_id: str
    item: str
    digest: str


def fetch_carried_items(db: Database, outage: str) -> Iterator[CarriedItem]:
    """What every message of an outage carries."""
    query = (
        "SELECT i.control_id, i.item, i.digest FROM outbox_item AS i"
        " JOIN outbox AS o ON o.control_id = i.control_id WHERE o.outage = ?"
    )
    return (CarriedItem(*row) for row in db.conn.execute(query, [outage]))


def count_messages(db: Database, outage: str) -> list[MessageCount]:
    """How many messages there are, by system, channel, kind and state."""
    query = (
        "SELECT system, channel, kind, state, count(*) FROM outbox WHERE outage = ?"
        " GROUP BY system, channel, kind, state ORDER BY system, channel, kind, state"
    )
    return [
        MessageCount(system, Channel(channel), kind, MessageState(state), messages)
        for system, channel, kind, state, messages in db.execute(query, [outage])
    ]


def _message(row: Mapping[str, Any]) -> Message:
    return build_record(Message, {**row, "items": (row["items"] or "").splitlines()})
