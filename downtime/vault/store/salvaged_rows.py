"""The SQL that takes what can be read out of a damaged table."""

from contextlib import suppress

import sqlcipher3
import sqlite_utils


def allow_missing_rows(target: sqlite_utils.Database) -> None:
    """Take rows that refer to others which cannot be read; before a transaction begins."""
    target.conn.execute("PRAGMA foreign_keys = OFF")


def list_names(source: sqlcipher3.Connection) -> list[str]:
    """The names of tables and indexes; DatabaseError where not even these can be read."""
    return [row[0] for row in source.execute("SELECT name FROM sqlite_master")]


def copy_rows(source: sqlcipher3.Connection, target: sqlite_utils.Database, name: str) -> bool:
    """Rows from the first on, and from the last one back, up to what is damaged; whether all were read."""
    try:
        stored = {row[1] for row in source.execute(f"PRAGMA table_info([{name}])")}
        columns = [column for column in target.table(name).columns_dict if column in stored]
    except sqlcipher3.DatabaseError:
        return False
    names = ", ".join(f"[{column}]" for column in columns)
    places = ", ".join("?" * len(columns))
    insert = f"INSERT OR IGNORE INTO [{name}] ({names}) VALUES ({places})"
    for order in ("", " ORDER BY rowid DESC"):
        with suppress(sqlcipher3.DatabaseError):
            for row in source.execute(f"SELECT {names} FROM [{name}]{order}"):
                target.conn.execute(insert, tuple(row))
            return not order
    return False
