"""Whether opened snapshots were closed for silence, and until when a person keeps them open."""

from typing import NamedTuple

from sqlite_utils import Database


class SilenceRow(NamedTuple):
    """Both times as stored text; empty where there is none."""

    closed: str = ""
    kept_until: str = ""


def fetch_silence(db: Database) -> SilenceRow:
    """What is known."""
    row = db.execute("SELECT closed, kept_until FROM fleet_silence").fetchone()
    return SilenceRow(*row) if row else SilenceRow()


def save_silence(db: Database, silence: SilenceRow) -> None:
    """Put it in place of what was known."""
    db.conn.execute("INSERT OR REPLACE INTO fleet_silence VALUES (1, ?, ?)", silence)
