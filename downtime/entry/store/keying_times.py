"""The SQL of how long forms took to key (`keying_time`)."""

from typing import NamedTuple

from sqlite_utils import Database

from downtime.entry.model import Task
from downtime.vault.database import insert_record


class KeyingTime(NamedTuple):
    """A form that was keyed in one sitting; `at` is UTC as stored."""

    serial: str
    form: str
    task: Task
    seconds: int
    at: str


def insert_time(db: Database, time: KeyingTime) -> None:
    """Keep how long one form took."""
    insert_record(db, "keying_time", time)


def fetch_latest(db: Database, limit: int) -> dict[tuple[Task, str], list[int]]:
    """By task and form the seconds of those keyed last, at most so many of each."""
    rows = db.conn.execute(
        "SELECT task, form, seconds FROM (SELECT task, form, seconds, row_number() OVER"
        " (PARTITION BY task, form ORDER BY at DESC, rowid DESC) AS place FROM keying_time)"
        " WHERE place <= ?",
        (limit,),
    )
    times: dict[tuple[Task, str], list[int]] = {}
    for task, form, seconds in rows:
        times.setdefault((Task(task), form), []).append(int(seconds))
    return times
