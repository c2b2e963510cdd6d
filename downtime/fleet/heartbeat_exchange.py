"""Leave this machine's heartbeat at a place, and collect those of the others there."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from downtime.clock import Clock, from_text
from downtime.config import Home
from downtime.errors import UntrustedError
from downtime.fleet.device_condition import ask_printer
from downtime.fleet.heartbeat import (
    MAX_BYTES,
    Heartbeat,
    describe_own,
    sign_heartbeat,
    verify_heartbeat,
)
from downtime.security_events import SecurityEvent, report_event
from downtime.settings import Settings
from downtime.transport.carrier import PacedCarrier
from downtime.vault.files import make_private_folder, write_atomic
from downtime.vault.machines import Machine, list_machines, read_own_machine
from downtime.vault.model import MachineRole

FOLDER = "heartbeats"
COLLECTORS = frozenset({MachineRole.PUBLISHER, MachineRole.RECORDS_STATION})
"""Roles of the machines that hear how the others do, and answer them."""
_CLOCK_TOLERANCE = timedelta(minutes=10)
_SAME_RUN_SECONDS = 60
"""Places that are reached within so long are given the same heartbeat."""


class HeartbeatExchange:
    """One for each service: what it does at every place that a run reaches.

    `note` writes down what an open vault knows (`note_machine_state`); None while it is locked.
    """

    def __init__(
        self,
        home: Home,
        settings: Settings,
        clock: Clock,
        note: Callable[[], object] | None = None,
    ) -> None:
        self._home, self._settings, self._clock, self._note = home, settings, clock, note
        self._lock = threading.Lock()
        self._made: datetime | None = None
        self._content: bytes | None = None

    def __call__(self, carrier: PacedCarrier) -> None:
        """Leave and collect."""
        if content := self._take_content():
            code = read_own_machine(self._home).code
            carrier.replace_file(f"{FOLDER}/{code}.json", content)
        collect_heartbeats(self._home, self._settings, carrier, self._clock())

    def _take_content(self) -> bytes | None:
        """What is left at this place in this run; None when one was left not long ago."""
        with self._lock:
            now = self._clock()
            passed = abs(now - self._made) if self._made else None
            if passed is None or passed >= self._pause:
                self._made = now
                if self._note:
                    with suppress(Exception):  # a full disk, a busy vault: the last one stands
                        self._note()
                heartbeat = describe_own(self._home, self._clock, ask_printer(self._settings))
                self._content = sign_heartbeat(self._home, heartbeat)
            elif passed > timedelta(seconds=_SAME_RUN_SECONDS):
                return None
            return self._content

    @property
    def _pause(self) -> timedelta:
        return timedelta(minutes=self._settings.monitoring.heartbeat_minutes)


def collects_heartbeats(home: Home) -> bool:
    """Whether this machine hears of the others: a ward laptop does not, and judges none."""
    return bool(read_own_machine(home).roles & COLLECTORS)


def collect_heartbeats(
    home: Home, settings: Settings, carrier: PacedCarrier, now: datetime
) -> None:
    """Keep what the others last said, the longest unread first; only where somebody looks at it."""
    _, *others = list_machines(home)
    if not collects_heartbeats(home) or not others:
        return
    make_private_folder(home.heartbeats_folder)
    names = set(carrier.list_names(FOLDER))
    present = [machine for machine in others if f"{machine.code}.json" in names]
    present.sort(key=lambda machine: _read_time(home, machine))
    for machine in present[: settings.monitoring.heartbeats_at_once]:
        with suppress(FileNotFoundError):
            file = carrier.read_small(f"{FOLDER}/{machine.code}.json", MAX_BYTES)
            if file and len(file.content) <= MAX_BYTES:
                _keep(home, machine, file.content, now)


def _keep(home: Home, machine: Machine, content: bytes, now: datetime) -> None:
    """In place of an older one of that machine; what it did not sign is reported and left alone."""
    try:
        heartbeat = verify_heartbeat(machine, content)
    except UntrustedError as error:
        report_event(SecurityEvent.VERIFICATION_FAILED, code=error.code, machine=machine.code)
        return
    known, path = read_heartbeat(home, machine), home.heartbeats_folder / f"{machine.code}.json"
    if known is None or heartbeat.number > known.number or is_ahead(known, now):
        write_atomic(path, content)
    else:
        path.touch()


def read_heartbeat(home: Home, machine: Machine) -> Heartbeat | None:
    """What a machine last said of itself here; None when nothing believable lies here."""
    with suppress(OSError, UntrustedError):
        return verify_heartbeat(
            machine, (home.heartbeats_folder / f"{machine.code}.json").read_bytes()
        )
    return None


def is_ahead(heartbeat: Heartbeat, now: datetime) -> bool:
    """Whether a machine's clock was far ahead of this one's when it said so."""
    return from_text(heartbeat.created) - now > _CLOCK_TOLERANCE


def find_heard(heartbeat: Heartbeat, now: datetime) -> timedelta:
    """How long ago it was said, by the two clocks; never negative."""
    return max(now - from_text(heartbeat.created), timedelta())


def _read_time(home: Home, machine: Machine) -> float:
    try:
        return (home.heartbeats_folder / f"{machine.code}.json").stat().st_mtime
    except OSError:
        return 0.0
