"""The SQL of the table `passkey`: the public halves of people's passkeys."""

from dataclasses import dataclass

import sqlite_utils

from downtime.vault.database import build_record, insert_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """One passkey, bound to the host name of these pages; `id` and `public_key` are base64url."""

    id: str
    person: str
    host: str
    name: str
    public_key: str
    sign_count: int
    created: str
    used: str = ""
    removed: str = ""


def insert_passkey(db: sqlite_utils.Database, passkey: Passkey) -> None:
    """A new passkey of a person."""
    insert_record(db, "passkey", passkey)


def find_live_passkey(db: sqlite_utils.Database, passkey_id: str) -> Passkey | None:
    """The passkey with this id, unless it was removed."""
    query = "SELECT * FROM passkey WHERE id = ? AND removed = ''"
    row = db.conn.execute(query, (passkey_id,)).fetchone()
    return build_record(Passkey, dict(row)) if row else None


def list_live_passkeys(db: sqlite_utils.Database, person: str) -> list[Passkey]:
    """Those of a person that were not removed, the oldest first."""
    query = "SELECT * FROM passkey WHERE person = ? AND removed = '' ORDER BY created, id"
    return [build_record(Passkey, dict(row)) for row in db.conn.execute(query, (person,))]


def set_passkey_used(db: sqlite_utils.Database, passkey_id: str, count: int, at: str) -> None:
    """Note a use, and how many signatures the passkey says that it has made."""
    query = "UPDATE passkey SET sign_count = ?, used = ? WHERE id = ?"
    db.conn.execute(query, (count, at, passkey_id))


def remove_passkey(db: sqlite_utils.Database, person: str, passkey_id: str, at: str) -> bool:
    """Let a passkey open nothing any more; False when the person has none of this id."""
    query = "UPDATE passkey SET removed = ? WHERE id = ? AND person = ? AND removed = ''"
    return bool(db.conn.execute(query, (at, passkey_id, person)).rowcount == 1)


def remove_all_passkeys(db: sqlite_utils.Database, person: str, at: str) -> None:
    """Let none of a person's open anything any more."""
    query = "UPDATE passkey SET removed = ? WHERE person = ? AND removed = ''"
    db.conn.execute(query, (at, person))
