"""What sign-in reads and writes, in memory while a vault may only be read; and what became of it written back."""

import re
from pathlib import Path

import sqlcipher3
import sqlite_utils

_FACTORS = ("code_drift", "passkey", "printed_code")
"""Tables of which a sign-in changes rows: what is known of a person's second factors."""
_TABLES = ("person", "session", "session_pin", *_FACTORS)
_MIGRATIONS = ("0110_second_factor.sql", "0111_passkeys.sql")
"""Make those that a vault of before, which could not be brought up to date, does not have."""


def copy_to_memory(db: sqlite_utils.Database) -> sqlite_utils.Database:
    """These tables in memory, for all threads."""
    copy = sqlcipher3.connect(":memory:", isolation_level=None, check_same_thread=False)
    copy.row_factory = sqlcipher3.Row
    memory = sqlite_utils.Database(copy, recursive_triggers=False)
    for table in _list_tables(db):
        (statement,) = db.conn.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
        ).fetchone()
        copy.execute(statement)
        rows = db.conn.execute(f"SELECT * FROM {table}").fetchall()
        _insert_rows(memory, table, rows)
    for shape in re.finditer(r"CREATE TABLE (\w+).*?;", _read_migrations(), re.DOTALL):
        if shape[1] not in _list_tables(memory):
            copy.execute(shape[0])
    return memory


def write_back(memory: sqlite_utils.Database, db: sqlite_utils.Database) -> None:
    """Sessions and their PINs as they are in memory, and one-time codes that were used meanwhile."""
    people = {row[0] for row in db.conn.execute("SELECT id FROM person")}
    db.conn.execute("DELETE FROM session")
    sessions = memory.conn.execute("SELECT * FROM session").fetchall()
    _insert_rows(db, "session", [row for row in sessions if row["person"] in people])
    if "session_pin" in _list_tables(db):
        db.conn.execute("DELETE FROM session_pin")
        pins = memory.conn.execute("SELECT * FROM session_pin").fetchall()
        _insert_rows(db, "session_pin", pins)
    for row in memory.conn.execute("SELECT id, totp_last_step FROM person"):
        db.conn.execute(
            "UPDATE person SET totp_last_step = ? WHERE id = ? AND totp_last_step < ?",
            (row["totp_last_step"], row["id"], row["totp_last_step"]),
        )
    for table in sorted({*_FACTORS} & {*_list_tables(memory)} & {*_list_tables(db)}):
        known = set(map(tuple, db.conn.execute(f"SELECT * FROM {table}")))
        rows = memory.conn.execute(f"SELECT * FROM {table}").fetchall()
        changed = [row for row in rows if tuple(row) not in known and row["person"] in people]
        _insert_rows(db, table, changed)


def _read_migrations() -> str:
    folder = Path(__file__).parents[1] / "migrations"
    return "\n".join((folder / name).read_text() for name in _MIGRATIONS)


def _list_tables(db: sqlite_utils.Database) -> list[str]:
    """Those that are there: a vault of tomorrow may have other ones."""
    names = {row[0] for row in db.conn.execute("SELECT name FROM sqlite_master")}
    return [table for table in _TABLES if table in names]


def _insert_rows(db: sqlite_utils.Database, table: str, rows: list[sqlcipher3.Row]) -> None:
    if rows:
        names, places = ", ".join(rows[0].keys()), ", ".join("?" * len(rows[0]))
        db.conn.executemany(
            f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({places})", list(map(tuple, rows))
        )
