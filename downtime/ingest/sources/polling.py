"""What every source that is asked from time to time is handed, and gives back."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from downtime.clock import Clock
from downtime.feeds.model import Outcome
from downtime.ingest.model import RawMessage, RecordedMessage
from downtime.ingest.sources.health import SourceHealth
from downtime.ingest.sources.model import RecordMessages
from downtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where a source has been read, in its own words; kept on the disk."""

    fetch: Callable[[], str]
    save: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PollContext:
    """What a source needs to ask once; used from one thread at a time."""

    name: str
    settings: Settings
    health: SourceHealth
    record_messages: RecordMessages
    position: Position
    clock: Clock
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the service ends: what is begun is finished, nothing new is begun."""

    def record(self, raws: Sequence[RawMessage], counts: "DocumentCounts") -> None:
        """Keep messages or documents, and count what became of them."""
        for recorded in self.record_messages(raws):
            counts.add(recorded)
            if not recorded.repeated:
                self.health.note_message(recorded)


@dataclass(slots=True)
class DocumentCounts:
    """What became of what a document, or several, held."""

    messages: int = 0
    rejected: int = 0
    reason: str = ""
    """The first for which something was rejected; no patient data."""

    def add(self, recorded: RecordedMessage) -> None:
        """Count one."""
        self.messages += 1
        if recorded.outcome is Outcome.REJECTED:
            self.rejected += 1
            self.reason = self.reason or recorded.reason

    def add_refused(self, reason: str) -> None:
        """Count what was not even kept."""
        self.messages += 1
        self.rejected += 1
        self.reason = self.reason or reason

    @property
    def is_refused(self) -> bool:
        """Whether nothing of it could be read."""
        return self.rejected == self.messages


class Poller(Protocol):
    """A source that is asked from time to time."""

    def poll(self) -> None:
        """Ask once, and have what is new kept. OSError or UserError when that cannot be done."""


class Deadline:
    """A time by which something has to be over, however slowly it drips."""

    def __init__(self, seconds: float, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._end = timer() + seconds

    @property
    def seconds_left(self) -> float:
        """0 when it has passed."""
        return max(0.0, self._end - self._timer())

    def check(self) -> None:
        """TimeoutError when it has passed."""
        if not self.seconds_left:
            raise TimeoutError
