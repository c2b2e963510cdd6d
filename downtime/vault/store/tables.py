"""The SQL that looks at a whole database: whether it is intact, and how much it holds."""

from typing import Any, NamedTuple


class DatabaseContents(NamedTuple):
    """What two copies of one vault have in common."""

    row_counts: dict[str, int]
    audit_head: str


def is_intact(connection: Any) -> bool:
    """Whether every page is as it was written, and every index finds its rows."""
    pages = connection.execute("PRAGMA cipher_integrity_check").fetchall()
    rows = connection.execute("PRAGMA integrity_check").fetchall()
    return not pages and [tuple(row) for row in rows] == [("ok",)]


def count_damaged_pages(connection: Any) -> int:
    """How many pages are not as they were written."""
    return len(connection.execute("PRAGMA cipher_integrity_check").fetchall())


def fetch_contents(connection: Any) -> DatabaseContents:
    """The number of rows of each table, and the hash of the last audit entry."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        " ORDER BY name"
    ).fetchall()
    counts = {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
        for (name,) in names
    }
    head = connection.execute("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return DatabaseContents(counts, head[0] if head else "")
