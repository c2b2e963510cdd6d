"""Publishing and pulling as services: each run in turn, each fault said once, none ends the service."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from downtime.clock import Clock
from downtime.config import Home
from downtime.fleet.fetch_snapshot import AtPlace
from downtime.fleet.publish_everywhere import publish_everywhere
from downtime.fleet.pull_snapshot import Opener, pull_snapshot
from downtime.fleet.reach_places import describe_fault
from downtime.fleet.run_every import Timing, run_every
from downtime.fleet.run_state import RunState
from downtime.settings import Settings
from downtime.transport.pace import Pace
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

Report = Callable[[str], None]
Service = Callable[[threading.Event], None]
RESTART_SECONDS = 30.0


@dataclass(slots=True)
class _Reporter:
    """Says what has changed since the run before, and nothing twice."""

    report: Report
    name: str
    before: dict[str, str] = field(default_factory=dict)
    sequence: int = 0

    def note(self, state: RunState) -> None:
        """A run has ended."""
        faults = {"": state.fault} | {name: p.fault for name, p in state.places.items()}
        for place, fault in faults.items():
            if fault != self.before.get(place, ""):
                where = f"{self.name} {place}".rstrip()
                self.report(f"{where}: {fault or 'well again.'}")
        self.before = faults
        if state.sequence != self.sequence:
            waits = " waits to be opened." if state.waiting else "."
            self.report(f"{self.name}: snapshot {state.sequence}{waits}")
            self.sequence = state.sequence


@dataclass(slots=True)
class PublishService:
    """Builds, publishes and carries; between the builds it carries to places that had failed."""

    vault: Vault
    settings: Settings
    actor: Actor
    every_seconds: float
    list_down: Callable[[], Mapping[str, str]]
    """T0 of each system that is down."""
    report: Report
    at_place: tuple[AtPlace, ...] = ()

    def run(self, stopping: threading.Event) -> None:
        """Until told to stop."""
        pace = Pace(self.settings.fleet.max_bytes_per_second)
        reporter = _Reporter(self.report, "publish")

        def run_once(builds: bool) -> datetime | None:
            state = publish_everywhere(
                self.vault,
                self.settings,
                self.actor,
                pace,
                builds=builds,
                down=self.list_down(),
                at_place=self.at_place,
                every_seconds=self.every_seconds,
            )
            reporter.note(state)
            return state.find_retry()

        spread = self.settings.fleet.spread_percent
        timing = Timing(self.every_seconds, spread, self.vault.clock)
        run_every(_never_failing(run_once, self.report), timing, stopping)


@dataclass(slots=True)
class PullService:
    """Fetches, and opens where it may."""

    home: Home
    settings: Settings
    clock: Clock
    every_seconds: float
    find_opener: Callable[[], Opener | None]
    report: Report
    at_place: tuple[AtPlace, ...] = ()

    def run(self, stopping: threading.Event) -> None:
        """Until told to stop."""
        pace = Pace(self.settings.fleet.max_bytes_per_second)
        reporter = _Reporter(self.report, "pull")

        def run_once(_regular: bool) -> datetime | None:
            state = pull_snapshot(
                self.home,
                self.settings,
                self.clock,
                pace,
                self.find_opener(),
                self.at_place,
                self.every_seconds,
            )
            reporter.note(state)
            return state.find_retry()

        spread = self.settings.fleet.spread_percent
        timing = Timing(self.every_seconds, spread, self.clock)
        run_every(_never_failing(run_once, self.report), timing, stopping)


def _never_failing(
    run_once: Callable[[bool], datetime | None], report: Report
) -> Callable[[bool], datetime | None]:
    """A full disk, a locked database: said, and tried again at the next time."""

    def run(regular: bool) -> datetime | None:
        try:
            return run_once(regular)
        except Exception as error:
            with suppress(Exception):
                report(describe_fault(error))
            return None

    return run


def run_together(
    services: Mapping[str, Service], stopping: threading.Event, report: Report
) -> list[threading.Thread]:
    """Start each service in a thread of its own; they end when `stopping` is set."""
    threads = [
        threading.Thread(
            target=_keep_running, args=(name, run, stopping, report), name=name, daemon=True
        )
        for name, run in services.items()
    ]
    for thread in threads:
        thread.start()
    return threads


def _keep_running(name: str, run: Service, stopping: threading.Event, report: Report) -> None:
    """One that breaks down is started again; the others go on."""
    while not stopping.is_set():
        try:
            run(stopping)
            return
        except Exception as error:
            report(f"{name}: {describe_fault(error)} It is started again.")
            stopping.wait(RESTART_SECONDS)
