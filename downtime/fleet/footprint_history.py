"""Which of the snapshots before are remembered, and with how much of them.

Names are kept of the last one and of every eighth hour of a day; counts of every hour of some days.
So a week takes some megabytes, and small losses over a day are still seen together.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlite_utils import Database

from downtime.clock import from_text, to_text
from downtime.fleet.churn import PastSnapshot
from downtime.fleet.quarantine_model import Door
from downtime.fleet.store import footprints
from downtime.fleet.store.footprints import FootprintRow
from downtime.fleet_settings import ChurnSettings
from downtime.snapshot.footprint import Footprint

_HOUR = timedelta(hours=1)
_NAMED_EACH, _RECENT = 8 * _HOUR, 2 * _HOUR


def list_past(db: Database, door: Door, scope: str) -> list[PastSnapshot]:
    """What was believed at a door, the oldest first."""
    rows = footprints.select_footprints(db, door, scope)
    released = max((row.created for row in rows if row.released), default="")
    return [
        PastSnapshot(
            from_text(row.created), Footprint.parse(row.body), is_reference=row.created >= released
        )
        for row in rows
    ]


def remember_snapshot(
    db: Database, door: Door, scope: str, new: FootprintRow, settings: ChurnSettings
) -> None:
    """Keep what a believed snapshot looks like, and less of those before it; in a transaction.

    Once one is released, the next ones are held against it and no longer against those before it.
    """
    last = footprints.find_last(db, door, scope)
    hour_ago = to_text(from_text(new.created) - _HOUR)
    if (
        last
        and last.body == new.body
        and not new.released
        and footprints.count_since(db, door, scope, hour_ago) > 1
    ):
        name = (last.snapshot, new.snapshot, new.created)
        footprints.rename_footprint(db, door, scope, *name)
        return
    footprints.save_footprint(db, door, scope, new)
    rows = footprints.select_footprints(db, door, scope)
    whole, counted = choose_kept([from_text(row.created) for row in rows], settings)
    earliest = from_text(new.created) - timedelta(days=settings.kept_days)
    for place, row in enumerate(rows):
        is_baseline = row.released and from_text(row.created) >= earliest
        if place in whole:
            continue
        if place not in counted and not is_baseline:
            footprints.delete_footprints(db, door, scope, [row.snapshot])
        elif row.has_people:
            counts = Footprint.parse(row.body).without_people()
            less = row._replace(body=counts.to_bytes(), has_people=False)
            footprints.save_footprint(db, door, scope, less)


def is_unchanged(db: Database, door: Door, scope: str, body: bytes) -> bool:
    """Whether a snapshot looks as the last one that was believed."""
    last = footprints.find_last(db, door, scope)
    return last is not None and last.body == body


def make_row(
    snapshot: str, created: str, footprint: Footprint, *, released: bool = False
) -> FootprintRow:
    """One to be remembered."""
    return FootprintRow(snapshot, created, released, footprint.to_bytes(), footprint.has_people)


def choose_kept(times: Sequence[datetime], settings: ChurnSettings) -> tuple[set[int], set[int]]:
    """Places of those that are kept whole, and of those of which the counts are kept; oldest first."""
    last = {len(times) - 1}
    whole = set(_pick_first(times, _NAMED_EACH, timedelta(hours=settings.compared_hours)))
    hourly = set(_pick_first(times, _HOUR, timedelta(days=settings.kept_days)))
    recent = {n for n, time in enumerate(times) if times[-1] - time <= _RECENT}
    return last | whole, last | whole | hourly | recent


def _pick_first(times: Sequence[datetime], stretch: timedelta, within: timedelta) -> Iterator[int]:
    """The first of every stretch of time, as far back as `within`."""
    seen = set[int]()
    for place, time in enumerate(times):
        number = int(time.timestamp() // stretch.total_seconds())
        if times[-1] - time <= within and number not in seen:
            seen.add(number)
            yield place
