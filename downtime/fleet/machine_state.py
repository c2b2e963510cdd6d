"""What this machine last knew of its data with an open vault, kept in clear so that it is known while locked.

Times and codes of systems only: no secret and no patient. It is what the sign-in page, the
heartbeat and monitoring go by.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import timedelta

import orjson

from downtime.clock import from_text
from downtime.config import Home
from downtime.errors import NotFoundError
from downtime.fleet.device_condition import PrinterState, ask_printer
from downtime.fleet.heartbeat_key import ensure_heartbeat_key
from downtime.fleet.known_time import list_ages
from downtime.fleet.quarantine_snapshot import list_open
from downtime.ingest.sources.health import HealthReport
from downtime.ingest.store import sources
from downtime.security_events import SecurityEvent, report_event
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.freshness import Freshness, FreshnessLevel
from downtime.snapshot.header import SystemTime
from downtime.vault.files import make_private_folder, write_atomic
from downtime.vault.vault import Vault
from downtime.vault.write_access import ReadOnlyError

_UNCHANGED_SECONDS = 60
"""An unchanged state is not written again so soon."""


@dataclass(frozen=True, slots=True)
class SourceCondition:
    """How one source of messages does; times are UTC text, empty for never."""

    name: str
    kind: str
    state: str
    messages: int
    rejected: int
    last_message: str
    last_success: str
    lag_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineState:
    """Times are UTC text, empty for never; `noted` is when it was true."""

    noted: str = ""
    systems: Mapping[str, str] = field(default_factory=dict)
    """The time of each system's newest data."""
    created: str = ""
    """When the snapshot in use was made."""
    epoch: int = 0
    sequence: int = 0
    down: tuple[str, ...] = ()
    """Systems that are declared down, and not for practice."""
    stale: tuple[str, ...] = ()
    """Systems whose data was stale then, those that were down left out."""
    quarantine: int = 0
    """Snapshots that wait for a person."""
    printer: PrinterState = PrinterState.UNKNOWN
    sources: tuple[SourceCondition, ...] = ()


def read_machine_state(home: Home) -> MachineState:
    """As it was noted last; an empty one when it never was, or the file is damaged."""
    known = {item.name for item in fields(MachineState)}
    with suppress(OSError, ValueError, TypeError, AttributeError):
        document = orjson.loads((home.runs_folder / "machine.json").read_bytes())
        values = {name: value for name, value in document.items() if name in known}
        values["sources"] = tuple(SourceCondition(**row) for row in values["sources"])
        values |= {name: tuple(values[name]) for name in ("down", "stale")}
        values["printer"] = PrinterState(values["printer"])
        return MachineState(**values)
    return MachineState()


def note_machine_state(vault: Vault, settings: Settings, down: Collection[str]) -> MachineState:
    """Look, write it down, and report what has become stale; a disk that is full stops nothing.

    `down` has the systems that are declared down, and not for practice.
    """
    state, before = _look(vault, settings, down), read_machine_state(vault.home)
    with suppress(OSError, ReadOnlyError, NotFoundError):  # of a lost identity
        ensure_heartbeat_key(vault)
        if _is_news(state, before):
            make_private_folder(vault.home.runs_folder)
            content = orjson.dumps(asdict(state))
            write_atomic(vault.home.runs_folder / "machine.json", content)
    for event, systems in (
        (SecurityEvent.DATA_STALE, set(state.stale) - set(before.stale)),
        (SecurityEvent.DATA_RENEWED, set(before.stale) - set(state.stale)),
    ):
        for system in sorted(systems):
            report_event(event, system=system)
    return state


def _look(vault: Vault, settings: Settings, down: Collection[str]) -> MachineState:
    infos = local_snapshots.list_snapshots(vault)
    header = infos[0].header if infos else None
    times = _read_times(vault)
    systems = [SystemTime(name, newest) for name, newest in times.items()]
    ages = list_ages(vault, systems, settings)
    return MachineState(
        noted=vault.now(),
        systems=times,
        created=header.created if header else "",
        epoch=header.epoch if header else 0,
        sequence=header.sequence if header else 0,
        down=tuple(down),
        stale=tuple(list_stale(ages, down)),
        quarantine=len(list_open(vault)),
        printer=ask_printer(settings),
        sources=tuple(map(_describe_source, sources.list_health(vault.db))),
    )


def list_stale(ages: Collection[Freshness], down: Collection[str]) -> list[str]:
    """Systems that are up and whose data is stale: somebody has to look after them."""
    return [
        age.system for age in ages if age.level is FreshnessLevel.STALE and age.system not in down
    ]


def _read_times(vault: Vault) -> dict[str, str]:
    try:
        with local_snapshots.open_current_snapshot(vault) as snapshot:
            return {system.name: system.newest for system in snapshot.list_systems()}
    except NotFoundError:
        return {}


def _describe_source(report: HealthReport) -> SourceCondition:
    return SourceCondition(
        report.name,
        report.kind,
        report.state,
        report.messages,
        report.rejected,
        report.last_message,
        report.last_success,
        report.lag_seconds,
    )


def _is_news(state: MachineState, before: MachineState) -> bool:
    if not before.noted or asdict(state) | {"noted": ""} != asdict(before) | {"noted": ""}:
        return True
    passed = from_text(state.noted) - from_text(before.noted)
    return abs(passed) >= timedelta(seconds=_UNCHANGED_SECONDS)
