"""Do something at several places at once: one that hangs or fails stops no other."""

import errno
import random
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from downtime.clock import to_text
from downtime.errors import UserError
from downtime.fleet.places import Place
from downtime.fleet.run_state import PlaceState
from downtime.fleet_settings import FleetSettings
from downtime.security_events import report_error
from downtime.transport.carrier import PacedCarrier
from downtime.transport.open_carrier import open_carrier
from downtime.transport.pace import Pace

T = TypeVar("T")
_TRIED_AGAIN = "It is tried again by itself; tell who looks after Downtime if it stays so."


class CallThread(threading.Thread):
    """A call in a thread of its own, which may be left behind."""

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__(daemon=True, name="place")
        self._call = call
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        """Keep what was raised for whoever waits."""
        try:
            self._call()
        except Exception as error:
            self.error = error

    def wait(self, seconds: float) -> Exception | None:
        """What was raised; TimeoutError when it is not done yet."""
        self.join(seconds)
        return TimeoutError() if self.is_alive() else self.error


def visit_places(
    places: Mapping[str, Place],
    states: Mapping[str, PlaceState],
    settings: FleetSettings,
    pace: Pace,
    visit: Callable[[str, PacedCarrier], None],
) -> dict[str, Exception | None]:
    """Open each place and do what there is to do there; what each raised, None for all well."""
    threads = {
        name: CallThread(partial(_visit_one, place, states[name], pace, partial(visit, name)))
        for name, place in places.items()
    }
    return {name: thread.wait(settings.place_seconds) for name, thread in threads.items()}


def _visit_one(
    place: Place, state: PlaceState, pace: Pace, visit: Callable[[PacedCarrier], None]
) -> None:
    carrier = open_carrier(place.address(), pace)
    try:
        visit(carrier)
    finally:
        for kind, count in asdict(carrier.traffic).items():
            state.requests[kind] = state.requests.get(kind, 0) + count
        with suppress(OSError):
            carrier.close()


def list_due(
    places: Mapping[str, Place], states: Mapping[str, PlaceState], now: datetime
) -> dict[str, Place]:
    """The places that may be asked now: all but those that failed a moment ago."""
    return {
        name: place
        for name, place in places.items()
        if not _is_waiting(states.get(name, PlaceState()), now)
    }


def _is_waiting(state: PlaceState, now: datetime) -> bool:
    """A time to come, and one that the clock was not set back behind."""
    moment = to_text(now)
    return bool(state.next_try) and state.last_try <= moment < state.next_try


def note_result(
    state: PlaceState, error: Exception | None, settings: FleetSettings, now: datetime
) -> None:
    """Write down how a place did, and when it is asked again: at random, in a span that doubles."""
    state.last_try = to_text(now)
    if error is None:
        state.fault, state.failures, state.next_try = "", 0, ""
        state.last_success = state.last_try
        return
    state.fault = describe_fault(error)
    state.failures += 1
    span = min(settings.retry_cap_seconds, settings.retry_first_seconds * 2.0**state.failures)
    pause = random.uniform(1.0, max(1.0, span))  # noqa: S311  # spreads load, guards nothing
    state.next_try = to_text(now + timedelta(seconds=pause))


def describe_fault(error: Exception) -> str:
    """What is wrong and what to do, for a person: no address, no path, no secret."""
    report_error(error)
    if isinstance(error, UserError):
        return f"{error.sentence} {error.next_step}"
    if isinstance(error, TimeoutError):
        return f"It did not answer in time. {_TRIED_AGAIN}"
    if isinstance(error, FileNotFoundError):
        return (
            "It is not there, or holds no snapshot yet. Put the stick in, or see that the path in"
            " config.toml is right and a publisher carries there."
        )
    if isinstance(error, PermissionError):
        return "It may not be used by this machine: check user, secret and rights."
    if is_disk_full(error):
        return "The disk is full: free some space."
    if isinstance(error, OSError) and error.strerror:
        text = str(error.strerror)
        return f"{text[0].upper()}{text[1:]}. {_TRIED_AGAIN}"
    return f"It failed ({type(error).__name__}). {_TRIED_AGAIN}"


def is_disk_full(error: Exception) -> bool:
    """As the system or SQLite says it; SQLite's words hold nothing else."""
    return getattr(error, "errno", None) == errno.ENOSPC or "disk is full" in str(error)
