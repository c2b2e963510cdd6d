"""The newest sequence numbers of each sender, kept over builds."""

import orjson
import sqlite_utils

from downtime.snapshot.sender_sequences import Sent

_NAME = "sequences"


def select_sequences(db: sqlite_utils.Database) -> Sent:
    """As they were saved last; none for a new state."""
    row = db.conn.execute("SELECT value FROM setting WHERE name = ?", (_NAME,)).fetchone()
    saved = orjson.loads(row[0]) if row else {}
    return {sender: (time, dict(map(tuple, numbers))) for sender, (time, numbers) in saved.items()}


def save_sequences(db: sqlite_utils.Database, sent: Sent) -> None:
    """Remember them."""
    listed = {sender: (time, list(numbers.items())) for sender, (time, numbers) in sent.items()}
    db.conn.execute(
        "INSERT OR REPLACE INTO setting VALUES (?, ?)", (_NAME, orjson.dumps(listed).decode())
    )
