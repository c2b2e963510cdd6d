"""Every machine of the site with what it last said of itself, those that need a hand first."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clock import Clock, from_text
from downtime.config import Home
from downtime.fleet.heartbeat import Heartbeat, describe_own
from downtime.fleet.heartbeat_exchange import (
    collects_heartbeats,
    find_heard,
    is_ahead,
    read_heartbeat,
)
from downtime.fleet.known_time import read_known_time
from downtime.fleet.machine_alarms import (
    LEVELS,
    MachineHealth,
    MachineLevel,
    judge_heartbeat,
    judge_unheard,
)
from downtime.fleet.machine_state import read_machine_state
from downtime.settings import Settings
from downtime.snapshot.freshness import describe_clock_fault
from downtime.vault.machines import Machine, list_machines, read_own_machine


@dataclass(frozen=True, slots=True)
class MachineStatus:
    """A believed machine of the site; `heartbeat` is None when it never said anything here."""

    machine: Machine
    heartbeat: Heartbeat | None
    health: MachineHealth
    is_own: bool
    heard: timedelta | None = None
    """How long ago it said so; None for this machine, and when it never did."""
    is_clock_ahead: bool = False


def read_own_status(home: Home, settings: Settings, clock: Clock) -> MachineStatus:
    """This machine now; works while locked."""
    this_machine, heartbeat = read_own_machine(home), describe_own(home, clock)
    latest = _find_latest(home, settings, clock)
    health = judge_heartbeat(heartbeat, latest, settings, is_own=True)
    return MachineStatus(this_machine, heartbeat, health, True)


def list_fleet(home: Home, settings: Settings, clock: Clock) -> list[MachineStatus]:
    """All believed machines, the worst first, of equal ones those with the oldest data; works while locked.

    A machine that does not hear of the others lists itself alone.
    """
    machines = list_machines(home)[1:] if collects_heartbeats(home) else []
    now = clock()
    others = [_read_status(home, machine, now, settings) for machine in machines]
    return sorted([read_own_status(home, settings, clock), *others], key=_sort_key)


def count_levels(statuses: list[MachineStatus]) -> dict[MachineLevel, int]:
    """How many machines there are of each level, the worst level first."""
    counts = Counter(status.health.level for status in statuses)
    return {level: counts[level] for level in LEVELS}


def _read_status(home: Home, machine: Machine, now: datetime, settings: Settings) -> MachineStatus:
    heartbeat = read_heartbeat(home, machine)
    if heartbeat is None:
        return MachineStatus(machine, None, judge_unheard(), False)
    health = judge_heartbeat(heartbeat, now, settings)
    heard = find_heard(heartbeat, now)
    return MachineStatus(machine, heartbeat, health, False, heard, is_ahead(heartbeat, now))


def _sort_key(status: MachineStatus) -> tuple[int, float, str]:
    oldest = status.health.oldest or timedelta()
    return LEVELS.index(status.health.level), -oldest.total_seconds(), status.machine.code


def _find_latest(home: Home, settings: Settings, clock: Clock) -> datetime:
    """The latest time that this machine has known: a clock that went back makes nothing younger."""
    noted, known = read_machine_state(home).noted, read_known_time(home, settings, clock)
    times = [clock(), *([from_text(noted)] if noted else []), *([known.latest] if known else [])]
    return max(times)


def list_locked_alarms(home: Home, settings: Settings, clock: Clock) -> list[str]:
    """What the sign-in page says loudly: how old the data is that whoever signs in will see."""
    state, now = read_machine_state(home), clock()
    if not state.created:
        return ["This laptop holds no hospital data that anybody has opened yet."]
    latest, known = _find_latest(home, settings, clock), read_known_time(home, settings, clock)
    status = read_own_status(home, settings, clock)
    is_doubtful = known is not None and known.is_doubtful
    alarms = [describe_clock_fault(now, latest, settings, is_doubtful=is_doubtful)]
    if status.health.level is MachineLevel.STALE:
        zone = ZoneInfo(settings.site.time_zone)
        age = display.format_duration(latest - from_text(state.created))
        moment = display.format_moment(state.created, zone)
        waiting = status.heartbeat.waiting if status.heartbeat else 0
        after = (
            "A newer one was fetched and is opened when somebody signs in."
            if waiting
            else "Use another laptop if one is newer, and tell the site team."
        )
        alarms.append(
            f"STALE: the hospital data on this laptop is of {moment}, {age} old"
            f" ({'; '.join(status.health.reasons[:6])}). {after}"
        )
    return [alarm for alarm in alarms if alarm]
