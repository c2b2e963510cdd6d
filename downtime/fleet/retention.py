"""Which full snapshots stay: the newest, the last of each hour, the last of each day. Pure."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from downtime.clock import from_text, to_text
from downtime.fleet_settings import FleetSettings

_HOUR, _DAY = len("2026-01-02T10"), len("2026-01-02")


def choose_kept(created: Mapping[str, str], settings: FleetSettings) -> set[str]:
    """The names of the files to keep, of files with the times (UTC text) of their snapshots.

    Hours and days are counted back from the newest: a publisher whose clock is wrong, or that stood
    still for a month, loses nothing by that.
    """
    newest_first = sorted(created, key=lambda name: (created[name], name), reverse=True)
    if not newest_first:
        return set()
    newest = from_text(created[newest_first[0]])
    kept_names = set(newest_first[: max(1, settings.keep_newest)])
    for length, period in (
        (_HOUR, timedelta(hours=settings.keep_hours)),
        (_DAY, timedelta(days=settings.keep_days)),
    ):
        oldest = to_text(newest - period)
        recent = (name for name in newest_first if created[name] > oldest)
        kept_names |= _first_of_each(recent, created, length)
    return kept_names


def _first_of_each(names: Iterable[str], created: Mapping[str, str], length: int) -> set[str]:
    first_names: dict[str, str] = {}
    for name in names:
        first_names.setdefault(created[name][:length], name)
    return set(first_names.values())
