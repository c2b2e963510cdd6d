"""How the runs of publishing and pulling did, place by place, in a small file of the home.

It is in clear, because a locked machine writes it, and holds no secret, no address and no patient.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import orjson
from filelock import FileLock, Timeout

from downtime.clock import from_text, to_text
from downtime.config import Home
from downtime.errors import ConflictError
from downtime.fleet.model import Direction
from downtime.vault.files import make_private_folder, write_atomic

T = TypeVar("T")
LOCK_WAIT_SECONDS = 10


@dataclass(slots=True)
class PlaceState:
    """How one place did. Times are UTC text, empty for never."""

    last_try: str = ""
    last_success: str = ""
    fault: str = ""
    """The sentence of the last run's fault; empty when it had none."""
    failures: int = 0
    """In a row."""
    next_try: str = ""
    """Not asked before then; empty when it is asked at the next run."""
    epoch: int = 0
    sequence: int = 0
    """Number of the newest snapshot that it was seen to hold."""
    created: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    """By what the server knows the content of each pointer."""
    carried: dict[str, list[str]] = field(default_factory=dict)
    """Publishing: names of our files there, by folder."""
    requests: dict[str, int] = field(default_factory=dict)
    """Of the last run: reads, writes, bytes_in, bytes_out."""


@dataclass(slots=True)
class RunState:
    """How the last run did, and what it left to do."""

    every_seconds: float = 0.0
    """0 when no service runs it."""
    last_run: str = ""
    last_success: str = ""
    next_run: str = ""
    fault: str = ""
    """Why the last run brought nothing; empty when it did, or when there was nothing new."""
    places: dict[str, PlaceState] = field(default_factory=dict)
    epoch: int = 0
    sequence: int = 0
    """Pulling: number of the snapshot in use, or of the last one that waits to be opened."""
    publisher: str = ""
    """Pulling: id of the key of the publisher whose number that is."""
    patients: int | None = None
    """Publishing: people in the last snapshot that was published; None before there was one."""
    waiting: list[str] = field(default_factory=list)
    """Pulling: names in the inbox, in the order in which they are opened."""
    skipped: tuple[int, int] = (0, 0)
    """Pulling: number of a snapshot that was fetched and not put in use; only newer ones are."""
    scope: str = ""
    """Pulling: of which wards."""
    needs_full: bool = False
    """Pulling: whether a delta did not fit, so that a full one is fetched."""

    def place(self, name: str) -> PlaceState:
        """That of one place, begun when it is new."""
        return self.places.setdefault(name, PlaceState())

    def forget_skipped(self) -> None:
        """What was not put in use may be looked at again: all places are asked anew."""
        self.skipped = (0, 0)
        for place in self.places.values():
            place.versions.clear()

    def note_next(self, now: datetime, every_seconds: float) -> None:
        """A service runs it so often; 0 for a run by hand, which is not repeated."""
        self.every_seconds = every_seconds
        self.next_run = to_text(now + timedelta(seconds=every_seconds)) if every_seconds else ""

    def find_retry(self) -> datetime | None:
        """When the first of the places that failed is tried again; None when all is well."""
        times = [place.next_try for place in self.places.values() if place.next_try]
        return from_text(min(times)) if times else None


def read_run_state(home: Home, direction: Direction) -> RunState:
    """How the last run did; as before the first one when the file is missing or damaged."""
    with suppress(OSError, ValueError, TypeError, AttributeError):
        document = orjson.loads(_path(home, direction).read_bytes())
        places = {name: _parse(PlaceState, entry) for name, entry in document["places"].items()}
        return _parse(RunState, document | {"places": places})
    return RunState()


def write_run_state(home: Home, direction: Direction, state: RunState) -> None:
    """Keep it; whoever holds the run writes it."""
    make_private_folder(home.runs_folder)
    write_atomic(_path(home, direction), orjson.dumps(asdict(state)))


@contextmanager
def hold_run(home: Home, direction: Direction) -> Iterator[RunState]:
    """The state for one run, written at its end; ConflictError while another run is under way."""
    make_private_folder(home.runs_folder)
    try:
        with FileLock(
            home.runs_folder / f".{direction}.lock", timeout=LOCK_WAIT_SECONDS, mode=0o600
        ):
            state = read_run_state(home, direction)
            try:
                yield state
            finally:
                write_run_state(home, direction, state)
    except Timeout:
        raise ConflictError(
            f"{direction}.running",
            f"Another '{direction}' of this machine is under way.",
            "Wait until it has finished.",
        ) from None


def _parse(kind: type[T], document: dict[str, Any]) -> T:
    """With what this program knows; KeyError never: what is missing is as at the beginning."""
    known = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    values = {name: value for name, value in document.items() if name in known}
    if "skipped" in values:
        values["skipped"] = tuple(values["skipped"])
    return kind(**values)


def _path(home: Home, direction: Direction) -> Path:
    return home.runs_folder / f"{direction}.json"
