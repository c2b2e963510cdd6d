"""How old each system's data is, in words and as a level: pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clock import from_text, to_text
from downtime.settings import Settings
from downtime.snapshot.header import SystemTime

CLOCK_TOLERANCE = timedelta(minutes=10)


class FreshnessLevel(StrEnum):
    """How old a system's data is; also the colour on the screen."""

    FRESH = "fresh"
    AGEING = "ageing"
    STALE = "stale"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Freshness:
    """One system's data: `newest` as stored (UTC), `age` None when it never came."""

    system: str
    newest: str
    age: timedelta | None
    level: FreshnessLevel
    as_at: str
    """`as at 02-Nov-2026 14:05`, empty when it never came."""
    old: str
    """`(25 min old)`, or that no data is held."""

    @property
    def sentence(self) -> str:
        """`PAS as at 02-Nov-2026 14:05 (25 min old)`."""
        return " ".join(filter(None, (self.system, self.as_at, self.old)))


def list_freshness(
    systems: Iterable[SystemTime],
    now: datetime,
    settings: Settings,
    last_seen: datetime | None = None,
    *,
    is_doubtful: bool = False,
) -> list[Freshness]:
    """Every system in the order of the settings, and any other that sent something.

    `last_seen` is the latest time this machine has known. When the clock went back behind it nobody
    knows how old data is: it is at least as old as it was then, and never shown as fresh. The same
    where the clock may have stood still (`is_doubtful`).
    """
    newest_times = {system.name: system.newest for system in systems if system.newest}
    names = dict.fromkeys([*settings.systems.names, *newest_times])
    then = max(now, last_seen or now)
    is_guess = is_doubtful or then - now > CLOCK_TOLERANCE
    return [
        _describe_system(name, newest_times.get(name, ""), then, settings, is_guess=is_guess)
        for name in names
    ]


def _describe_system(
    name: str, newest: str, now: datetime, settings: Settings, *, is_guess: bool
) -> Freshness:
    if not newest:
        return Freshness(name, "", None, FreshnessLevel.UNAVAILABLE, "", "no data held")
    age = max(now - from_text(newest), timedelta())
    moment = display.format_moment(newest, ZoneInfo(settings.site.time_zone))
    old = f"({'at least ' * is_guess}{display.format_duration(age)} old)"
    level = FreshnessLevel.STALE if is_guess else _grade_age(age, settings)
    return Freshness(name, newest, age, level, f"as at {moment}", old)


def _grade_age(age: timedelta, settings: Settings) -> FreshnessLevel:
    if age <= timedelta(minutes=settings.snapshot.fresh_minutes):
        return FreshnessLevel.FRESH
    if age <= timedelta(minutes=settings.snapshot.stale_minutes):
        return FreshnessLevel.AGEING
    return FreshnessLevel.STALE


def find_stale_time(now: datetime, settings: Settings) -> str:
    """The time (UTC) before which data is stale."""
    return to_text(now - timedelta(minutes=settings.snapshot.stale_minutes))


def describe_clock_fault(
    now: datetime, last_seen: datetime | None, settings: Settings, *, is_doubtful: bool = False
) -> str:
    """A banner when the clock went back, or may have stood still: every age on the screen is a guess."""
    if last_seen and last_seen - now > CLOCK_TOLERANCE:
        zone = ZoneInfo(settings.site.time_zone)
        return (
            f"This computer's clock shows {now.astimezone(zone):%d-%b-%Y %H:%M}, earlier than"
            f" {last_seen.astimezone(zone):%d-%b-%Y %H:%M} of which it holds data."
            " Ages of data are counted from the later time. Have the clock corrected."
        )
    if is_doubtful:
        return (
            "By its clock this computer was off for some minutes only. If it was off longer, the clock"
            " stood still, and data is older than is said here: compare it with another clock."
        )
    return ""
