"""What time it must be by now: told by how long this computer has run, where its clock may be wrong.

A clock that is set back, stands still or lost its battery makes data look younger than it is. While the
computer runs, the time since a snapshot was put in use is known without a clock. Over a time in which it
was off only the clock tells, and one that shows hardly any time for it may have stood still.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import orjson

from downtime.clock import Clock, Uptime, from_text, read_uptime, to_text
from downtime.config import Home
from downtime.settings import Settings
from downtime.snapshot.freshness import Freshness, describe_clock_fault, list_freshness
from downtime.snapshot.header import SystemTime
from downtime.snapshot.local_snapshots import get_latest_time
from downtime.vault.files import make_private_folder, write_atomic
from downtime.vault.vault import Vault

_FILE = "clock.json"


@dataclass(frozen=True, slots=True)
class KnownTime:
    """The latest time that is known to have passed; `boot` and `uptime` say when that was so."""

    latest: datetime
    since: datetime
    """What was taken for the time when the newest snapshot was put in use."""
    boot: str = ""
    uptime: float = 0.0
    is_doubtful: bool = False
    """Whether the clock may have stood still while the computer was off."""

    def go_on(self, now: datetime, uptime: Uptime, settings: Settings) -> "KnownTime":
        """What is known now, by this clock (UTC) and this uptime."""
        if uptime.boot == self.boot:
            passed = timedelta(seconds=max(0.0, uptime.seconds - self.uptime))
            return KnownTime(self.latest + passed, self.since, *uptime, self.is_doubtful)
        was_off = now - timedelta(seconds=uptime.seconds) - self.latest
        is_short = was_off < timedelta(minutes=settings.fleet.short_stop_minutes)
        is_doubtful = self.is_doubtful or is_short
        return KnownTime(max(now, self.latest), self.since, *uptime, is_doubtful)


def begin_known_time(home: Home, settings: Settings, clock: Clock, created: str) -> None:
    """A snapshot that was made then (UTC text) was put in use: what was known before is forgotten.

    A doubt stays where it was made long ago by a clock that may have stood still: no publisher that
    works bears witness of that clock.
    """
    uptime, before = read_uptime(clock), read_known_time(home, settings, clock)
    if uptime:
        latest = max(clock(), from_text(created))
        is_old = latest - from_text(created) > timedelta(minutes=settings.fleet.short_stop_minutes)
        is_doubtful = is_old and before is not None and before.is_doubtful
        _write(home, KnownTime(latest, latest, *uptime, is_doubtful))


def note_known_time(home: Home, settings: Settings, clock: Clock) -> None:
    """Keep what is known, so that the next start of the computer can be held against it."""
    uptime, known = read_uptime(clock), _read(home)
    if uptime and known:
        _write(home, known.go_on(clock(), uptime, settings))


def read_known_time(home: Home, settings: Settings, clock: Clock) -> KnownTime | None:
    """What is known now; None when nothing is. Works while locked."""
    uptime, known = read_uptime(clock), _read(home)
    return known.go_on(clock(), uptime, settings) if uptime and known else None


def find_known_time(vault: Vault, settings: Settings) -> KnownTime | None:
    """The same with what the snapshots here bear witness to."""
    latest = get_latest_time(vault)
    known = read_known_time(vault.home, settings, vault.clock)
    if latest is None or known is None:
        return known or (KnownTime(latest, latest) if latest else None)
    return replace(known, latest=max(latest, known.latest))


def list_ages(vault: Vault, systems: Iterable[SystemTime], settings: Settings) -> list[Freshness]:
    """How old each system's data is now, and whether that can be known."""
    known = find_known_time(vault, settings)
    return reckon_ages(known, systems, vault.clock(), settings)


def reckon_ages(
    known: KnownTime | None, systems: Iterable[SystemTime], now: datetime, settings: Settings
) -> list[Freshness]:
    """The same by what is known of the time."""
    if known is None:
        return list_freshness(systems, now, settings)
    return list_freshness(systems, now, settings, known.latest, is_doubtful=known.is_doubtful)


def describe_clock(known: KnownTime | None, now: datetime, settings: Settings) -> str:
    """The banner when the clock went back, or may have stood still; else empty."""
    if known is None:
        return ""
    return describe_clock_fault(now, known.latest, settings, is_doubtful=known.is_doubtful)


def _read(home: Home) -> KnownTime | None:
    with suppress(OSError, ValueError, TypeError, KeyError):
        document = orjson.loads((home.runs_folder / _FILE).read_bytes())
        latest, since = (from_text(document.pop(name)) for name in ("latest", "since"))
        return KnownTime(latest, since, **document)
    return None


def _write(home: Home, known: KnownTime) -> None:
    with suppress(OSError):  # a full disk: it is known less well
        make_private_folder(home.runs_folder)
        times = {"latest": to_text(known.latest), "since": to_text(known.since)}
        document = asdict(known) | times
        write_atomic(home.runs_folder / _FILE, orjson.dumps(document))
