"""The SQL of the table entry_second: critical fields as a second person keyed them."""

import orjson
from sqlite_utils import Database

from downtime.entry.model import SecondKeying
from downtime.vault.database import build_record


def fetch(db: Database, serial: str) -> SecondKeying | None:
    """The second keying of a form, None while nobody has begun it."""
    row = next(db.query("SELECT * FROM entry_second WHERE serial = ?", [serial]), None)
    if row is None:
        return None
    return build_record(SecondKeying, row | {"answers": orjson.loads(row["answers"])})


def save(db: Database, keying: SecondKeying) -> None:
    """Insert or replace the second keying of a form."""
    db.execute(
        "INSERT INTO entry_second (serial, answers, person, name, changed, keyed)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (serial) DO UPDATE SET answers = excluded.answers,"
        " person = excluded.person, name = excluded.name, changed = excluded.changed,"
        " keyed = excluded.keyed",
        [
            keying.serial, orjson.dumps(dict(keying.answers)).decode(),
            keying.person, keying.name, keying.changed, keying.keyed,
        ],
    )  # fmt: skip


def delete(db: Database, serial: str) -> None:
    """Remove the second keying of a form."""
    db.execute("DELETE FROM entry_second WHERE serial = ?", [serial])
