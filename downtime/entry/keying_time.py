"""Keep how long a form took to key: from when somebody opened it until they entered it, in one sitting."""

from datetime import timedelta

from sqlite_utils import Database

from downtime.clock import from_text
from downtime.entry.model import Task
from downtime.entry.store import claims, entries, keying_times
from downtime.entry.store.keying_times import KeyingTime
from downtime.vault.model import Actor


def record_keying_time(
    db: Database, serial: str, form: str, task: Task, actor: Actor, now: str
) -> None:
    """In the caller's transaction, before the person lets go of the form.

    Nothing of a form that was begun in an earlier sitting, or that nobody had on the screen: the times
    are for saying how long others will take.
    """
    claim = claims.fetch(db, serial, now)
    if claim is None or not claim.is_of(actor):
        return
    entry = entries.fetch_entry(db, serial)
    was_begun = entry is not None and entry.changed and entry.changed < claim.since
    if task == Task.KEY and was_begun:
        return
    seconds = round((from_text(now) - from_text(claim.since)) / timedelta(seconds=1))
    if seconds > 0:
        keying_times.insert_time(db, KeyingTime(serial, form, task, seconds, now))
