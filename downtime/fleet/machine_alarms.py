"""What is wrong with one machine, in sentences; the same of this machine and of any other: pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from downtime.clinical import display
from downtime.clock import from_text
from downtime.fleet.device_condition import PrinterState
from downtime.fleet.heartbeat import Heartbeat
from downtime.settings import Settings
from downtime.snapshot.freshness import Freshness, list_freshness
from downtime.snapshot.header import SystemTime


class MachineLevel(StrEnum):
    """How a machine does, the worst first."""

    STALE = "stale"
    """Somebody who opens it now sees old data."""
    EMPTY = "empty"
    """It holds no hospital data."""
    SILENT = "silent"
    """Nothing was heard of it for long, or ever."""
    TROUBLE = "trouble"
    """Its data is new, and something else needs a hand."""
    WELL = "well"


LEVELS = tuple(MachineLevel)


@dataclass(frozen=True, slots=True)
class MachineHealth:
    """A machine's level, how old each system's data is there, and why it is not well."""

    level: MachineLevel
    systems: tuple[Freshness, ...]
    oldest: timedelta | None
    """Age of the oldest data of a system that is up; None when there is none."""
    reasons: tuple[str, ...]
    stale: tuple[str, ...] = ()
    """Systems that are up and whose data is stale."""
    troubles: tuple[str, ...] = ()
    """The reasons but for the ages of systems."""


def judge_heartbeat(
    heartbeat: Heartbeat, now: datetime, settings: Settings, *, is_own: bool = False
) -> MachineHealth:
    """How a machine does, by what it last said and how long ago that was."""
    state = heartbeat.state
    # A clock that is behind never makes data look younger than when the machine spoke of it.
    then = max(now, from_text(heartbeat.created)) if is_own else now
    systems = list_freshness(
        [SystemTime(name, newest) for name, newest in state.systems.items()], then, settings
    )
    known_ages = [age for age in systems if age.age is not None and age.system not in state.down]
    stale = [age for age in known_ages if age.age and age.age > _limit(settings)]
    silent = "" if is_own else _describe_silence(heartbeat, now, settings)
    lateness = "" if known_ages else _describe_publishing(heartbeat, then, settings)
    is_empty = not heartbeat.last_publish and not any(age.age is not None for age in systems)
    empty = "No hospital data" if is_empty else ""
    troubles = [
        *(sentence for sentence in (lateness, empty, silent) if sentence),
        *_list_troubles(heartbeat, settings),
    ]
    level = MachineLevel.WELL
    if stale or lateness:
        level = MachineLevel.STALE
    elif is_empty:
        level = MachineLevel.EMPTY
    elif silent:
        level = MachineLevel.SILENT
    elif troubles:
        level = MachineLevel.TROUBLE
    oldest = max((age.age for age in known_ages if age.age is not None), default=None)
    names = tuple(age.system for age in stale)
    ages = (f"{age.system} {display.format_duration(age.age or timedelta())} old" for age in stale)
    reasons = (*ages, *troubles)
    return MachineHealth(level, tuple(systems), oldest, reasons, names, tuple(troubles))


def judge_unheard() -> MachineHealth:
    """A machine of the list that never said anything here."""
    never = ("Never heard from",)
    return MachineHealth(MachineLevel.SILENT, (), None, never, troubles=never)


def _limit(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.snapshot.stale_minutes)


def _describe_publishing(heartbeat: Heartbeat, now: datetime, settings: Settings) -> str:
    """Of a publisher that opens nothing itself: when its last snapshot is stale."""
    if not heartbeat.last_publish:
        return ""
    age = max(now - from_text(heartbeat.last_publish), timedelta())
    return f"Published {display.format_duration(age)} ago" if age > _limit(settings) else ""


def _describe_silence(heartbeat: Heartbeat, now: datetime, settings: Settings) -> str:
    silence = max(now - from_text(heartbeat.created), timedelta())
    if silence <= timedelta(minutes=settings.monitoring.silent_minutes):
        return ""
    return f"Not heard from for {display.format_duration(silence)}"


def _list_troubles(heartbeat: Heartbeat, settings: Settings) -> Iterator[str]:
    condition, limits = heartbeat.condition, settings.monitoring
    if heartbeat.state.quarantine:
        yield f"{heartbeat.state.quarantine} in quarantine"
    if condition.free_mb is not None and condition.free_mb < limits.disk_warning_mb:
        yield f"{condition.free_mb / 1000:.1f} GB left on the disk"
    battery = condition.battery
    if battery and not battery.is_charging and battery.percent < limits.battery_warning_percent:
        yield f"Battery at {battery.percent}%"
    if condition.printer is PrinterState.STOPPED:
        yield "Printer stopped"
    for source in heartbeat.state.sources:
        if source.state == "waiting":
            yield f"Source {source.name} fails"
