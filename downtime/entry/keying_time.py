"""Keep how long a form took to key: from when somebody opened it until they entered it, in one sitting."""

from datetime import timedelta

from sqlite_utils import Database

from downtime.clock import from_text
from downtime.entry.model import Task
from downtime.entry.store import claims, entries, keying_times
from downtime.entry.store.keying_times import KeyingTime
from downtime.paper.model import IssuedForm
from downtime.vault.model import Actor


def record_keying_time(db: Database, form: IssuedForm, task: Task, actor: Actor, now: str) -> None:
    """In the caller's transaction, before the person lets go of the form.

    Nothing of a form that was begun in an earlier sitting, or that nobody had on the screen, and nothing
    of a drill, where people learn: the times are for saying how long real paper will take.
    """
    claim = claims.fetch(db, form.serial, now)
    if form.drill or claim is None or not claim.is_of(actor):
        return
    entry = entries.fetch_entry(db, form.serial)
    was_begun = entry is not None and entry.changed and entry.changed < claim.since
    if task == Task.KEY and was_begun:
        return
    seconds = round((from_text(now) - from_text(claim.since)) / timedelta(seconds=1))
    if seconds > 0:
        keying_times.insert_time(db, KeyingTime(form.serial, form.form, task, seconds, now))
