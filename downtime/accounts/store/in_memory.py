"""Both tables in memory, for a vault that may only be read."""

import sqlcipher3
import sqlite_utils


def copy_to_memory(db: sqlite_utils.Database) -> sqlite_utils.Database:
    """Both tables in memory, for all threads: with the people of `db`, and no sessions."""
    copy = sqlcipher3.connect(":memory:", isolation_level=None, check_same_thread=False)
    copy.row_factory = sqlcipher3.Row
    for (statement,) in db.conn.execute(
        "SELECT sql FROM sqlite_master WHERE name IN ('person', 'session') AND sql IS NOT NULL"
    ):
        copy.execute(statement)
    people = db.conn.execute("SELECT * FROM person").fetchall()
    if people:
        places = ", ".join("?" * len(people[0]))
        copy.executemany(f"INSERT INTO person VALUES ({places})", [tuple(row) for row in people])
    return sqlite_utils.Database(copy, recursive_triggers=False)
