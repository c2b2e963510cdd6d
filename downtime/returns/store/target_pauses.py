"""The SQL of receivers that asked to be left alone for a while (`target_pause`)."""

from sqlite_utils import Database

from downtime.returns.model import Channel, TargetPause
from downtime.vault.database import build_record


def save_pause(db: Database, pause: TargetPause) -> None:
    """Keep until when a receiver wants to be left alone; a longer one that stands is kept."""
    db.conn.execute(
        "INSERT INTO target_pause (system, channel, until, reason) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (system, channel) DO UPDATE SET until = excluded.until,"
        " reason = excluded.reason WHERE excluded.until > target_pause.until",
        [pause.system, pause.channel, pause.until, pause.reason],
    )


def find_pause(db: Database, system: str, channel: Channel, now: str) -> TargetPause | None:
    """The pause of one receiver, while it lasts."""
    pauses = (pause for pause in list_pauses(db, now) if pause.system == system)
    return next((pause for pause in pauses if pause.channel == channel), None)


def list_pauses(db: Database, now: str) -> list[TargetPause]:
    """Every receiver that wants to be left alone now."""
    query = "SELECT * FROM target_pause WHERE until > ? ORDER BY system, channel"
    return [build_record(TargetPause, row) for row in db.query(query, [now])]
