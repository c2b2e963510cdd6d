"""The SQL of the table `person`: accounts, their roles and their one-time codes."""

from dataclasses import asdict

import sqlcipher3
import sqlite_utils

from downtime.accounts.model import AccountState, Person, Role
from downtime.errors import NotFoundError
from downtime.vault.database import build_record


def add_person(db: sqlite_utils.Database, person: Person, totp_secret: str, created: str) -> None:
    """A new row; the user name must be free."""
    row = asdict(person) | {"totp_secret": totp_secret, "created": created}
    places = ", ".join(f":{name}" for name in row)
    db.conn.execute(f"INSERT INTO person ({', '.join(row)}) VALUES ({places})", row)


def get_person(db: sqlite_utils.Database, person_id: str) -> Person:
    """NotFoundError when there is none."""
    return _find_person(db, "id", person_id) or _raise_unknown()


def find_by_username(db: sqlite_utils.Database, username: str) -> Person | None:
    """The account of that user name, whatever its state."""
    return _find_person(db, "username", username)


def list_people(db: sqlite_utils.Database) -> list[Person]:
    """All accounts by name."""
    return [_read_person(row) for row in db.conn.execute("SELECT * FROM person ORDER BY name, id")]


def update_person(db: sqlite_utils.Database, person: Person) -> None:
    """Write down what has changed of an account."""
    row = asdict(person)
    changes = ", ".join(f"{name} = :{name}" for name in row)
    db.conn.execute(f"UPDATE person SET {changes} WHERE id = :id", row)


def set_totp_secret(db: sqlite_utils.Database, person_id: str, secret: str) -> None:
    """A new secret; steps of the old one no longer matter."""
    db.conn.execute(
        "UPDATE person SET totp_secret = ?, totp_last_step = 0 WHERE id = ?", (secret, person_id)
    )


def reseal_totp_secret(db: sqlite_utils.Database, person_id: str, secret: str) -> None:
    """The same secret, sealed anew: steps that were taken stay so."""
    db.conn.execute("UPDATE person SET totp_secret = ? WHERE id = ?", (secret, person_id))


def fetch_totp_secret(db: sqlite_utils.Database, person_id: str) -> str:
    """As it is kept (`own_secrets`); empty for a program."""
    row = db.conn.execute("SELECT totp_secret FROM person WHERE id = ?", (person_id,)).fetchone()
    return str(row[0])


def fetch_totp_last_step(db: sqlite_utils.Database, person_id: str) -> int:
    """The step of the last code that was accepted; 0 for none."""
    row = db.conn.execute("SELECT totp_last_step FROM person WHERE id = ?", (person_id,)).fetchone()
    return int(row[0])


def use_totp_step(db: sqlite_utils.Database, person_id: str, step: int) -> bool:
    """Take a step once; False when it or a later one was taken before."""
    done = db.conn.execute(
        "UPDATE person SET totp_last_step = ? WHERE id = ? AND totp_last_step < ?",
        (step, person_id, step),
    )
    return bool(done.rowcount == 1)


def count_active_administrators(db: sqlite_utils.Database) -> int:
    query = "SELECT count(*) FROM person WHERE role = 'administrator' AND state = 'active'"
    return int(db.conn.execute(query).fetchone()[0])


def _find_person(db: sqlite_utils.Database, column: str, value: str) -> Person | None:
    query = f"SELECT * FROM person WHERE {column} = ?"
    row = db.conn.execute(query, (value,)).fetchone()
    return _read_person(row) if row else None


def _read_person(row: sqlcipher3.Row) -> Person:
    types = {
        "role": Role(row["role"]),
        "state": AccountState(row["state"]),
        "initial_password": bool(row["initial_password"]),
    }
    return build_record(Person, dict(row) | types)


def _raise_unknown() -> Person:
    raise NotFoundError(
        "person.unknown", "There is no such account.", "Look at the list of people."
    )
