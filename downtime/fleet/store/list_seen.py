"""The highest list of machines that this vault remembers."""

from sqlite_utils import Database


def fetch_highest_rank(db: Database) -> tuple[int, int]:
    """Versions of its root and of itself; zeros before there was any."""
    row = db.execute("SELECT root_version, version FROM fleet_list_seen").fetchone()
    return (row[0], row[1]) if row else (0, 0)


def save_highest_rank(db: Database, rank: tuple[int, int]) -> None:
    """Take note of a higher one."""
    db.conn.execute("INSERT OR REPLACE INTO fleet_list_seen VALUES (1, ?, ?)", rank)
