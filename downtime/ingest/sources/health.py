"""How each source does: what came and when, what was refused, how far behind it is, what failed."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from downtime.clock import Clock, from_text, to_text
from downtime.feeds.model import Outcome
from downtime.ingest.model import RecordedMessage
from downtime.ingest.sources.model import SourceKind

_RATE_SECONDS = 300.0
"""The rate is that of the last five minutes."""


class SourceState(StrEnum):
    """What a source is doing."""

    STOPPED = "stopped"
    RUNNING = "running"
    WAITING = "waiting"
    """It failed, and is tried again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """How a source does at a moment. Times are UTC text, empty for never."""

    name: str
    kind: SourceKind
    state: SourceState
    updated: str = ""
    messages: int = 0
    """Since the service was started, as are the next two."""
    rejected: int = 0
    """Kept, and not readable."""
    refused: int = 0
    """Not read: no HL7, or too long; the ledger has what fits of them."""
    per_minute: float = 0.0
    last_message: str = ""
    last_success: str = ""
    """When it was last reached, whether or not anything was new."""
    lag_seconds: int = 0
    """From when the newest message was made to when it came; 0 when it does not say."""
    last_error: str = ""
    last_error_at: str = ""


@dataclass(slots=True)
class SourceHealth:
    """The same while the service runs; its methods may be called from any thread."""

    name: str
    kind: SourceKind
    clock: Clock
    timer: Callable[[], float] = time.monotonic
    state: SourceState = SourceState.STOPPED
    _messages: int = 0
    _rejected: int = 0
    _refused: int = 0
    _last_message: str = ""
    _last_success: str = ""
    _last_sent: str = ""
    _lag_before: int = 0
    _last_error: str = ""
    _last_error_at: str = ""
    _counts: deque[tuple[float, int]] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def recall(self, last_message: str, lag_seconds: int, last_success: str = "") -> None:
        """What was known before the service was started: when its newest message came, how late."""
        with self._lock:
            self._last_message, self._last_success = last_message, max(last_success, last_message)
            self._lag_before = lag_seconds

    def note_message(self, recorded: RecordedMessage) -> None:
        """A message is kept."""
        with self._lock:
            self._messages += 1
            self._rejected += recorded.outcome is Outcome.REJECTED
            self._last_message = self._last_success = recorded.received
            self._last_sent = getattr(recorded.item, "sent", "") or self._last_sent

    def note_read(self, outcome: Outcome) -> None:
        """A message that was kept before it was read is read."""
        with self._lock:
            self._rejected += outcome is Outcome.REJECTED

    def note_refused(self, reason: str) -> None:
        """A message was refused unread."""
        with self._lock:
            self._refused += 1
        self.note_fault(f"A message was refused: {reason}.")

    def note_success(self) -> None:
        """It was reached; it goes on."""
        with self._lock:
            self.state = SourceState.RUNNING
            self._last_success = to_text(self.clock())

    def note_fault(self, sentence: str) -> None:
        """Something went wrong, and it goes on; the sentence holds no patient data."""
        with self._lock:
            self._last_error, self._last_error_at = sentence, to_text(self.clock())

    def report(self) -> HealthReport:
        """As it is now."""
        now = self.clock()
        with self._lock:
            return HealthReport(
                name=self.name,
                kind=self.kind,
                state=self.state,
                updated=to_text(now),
                messages=self._messages,
                rejected=self._rejected,
                refused=self._refused,
                per_minute=self._measure_rate(),
                last_message=self._last_message,
                last_success=self._last_success,
                lag_seconds=count_seconds(self._last_sent, self._last_message)
                if self._messages
                else self._lag_before,
                last_error=self._last_error,
                last_error_at=self._last_error_at,
            )

    def _measure_rate(self) -> float:
        moment = self.timer()
        self._counts.append((moment, self._messages))
        while len(self._counts) > 2 and self._counts[1][0] < moment - _RATE_SECONDS:
            self._counts.popleft()
        begun, count = self._counts[0]
        seconds = moment - begun
        return round((self._messages - count) / seconds * 60, 1) if seconds else 0.0


def count_seconds(sent: str, received: str) -> int:
    """From when a message was made to when it came (UTC texts); 0 when it does not say."""
    if not sent or not received:
        return 0
    try:
        return max(0, int((from_text(received) - from_text(sent)).total_seconds()))
    except ValueError:
        return 0
