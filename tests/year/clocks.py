"""The true time of a simulated year, and what each machine takes for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from downtime.clock import Uptime

RIGHT = timedelta()
FORGIVEN = timedelta(minutes=10)
"""So far a clock may be off without anybody having to notice."""


@dataclass(slots=True)
class TrueTime:
    """The time as it is; nothing of the program ever sees it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


class MachineClock:
    """A computer's clock: right, off by something, or standing still; and how long it has run."""

    def __init__(self, true_time: Callable[[], datetime]) -> None:
        self._true_time = true_time
        self._offset, self._stopped = RIGHT, None
        self._boot, self._started = 1, true_time()
        self.was_wrong = False
        """Since somebody last called `forgive`."""

    def __call__(self) -> datetime:
        return self._stopped or self._true_time() + self._offset

    @property
    def error(self) -> timedelta:
        """How far it is ahead; negative when it is behind."""
        return self() - self._true_time()

    @property
    def is_right(self) -> bool:
        """Whether nobody has to notice anything."""
        return self._stopped is None and abs(self.error) <= FORGIVEN

    def set_off(self, offset: timedelta) -> None:
        """Ahead by so much; behind when it is negative."""
        self._offset, self._stopped, self.was_wrong = offset, None, True

    def stop(self) -> None:
        """It stands still."""
        self._stopped, self.was_wrong = self(), True

    def correct(self) -> None:
        """Somebody sets it right."""
        self._offset, self._stopped = RIGHT, None

    def restart(self, off_since: datetime | None = None) -> None:
        """The computer starts; `off_since`: its clock had no battery and goes on from that reading."""
        self._boot, self._started = self._boot + 1, self._true_time()
        self.was_wrong = True  # nobody can know until something new is heard
        self._stopped = None
        if off_since is not None:
            self.set_off(off_since - self._true_time())

    def uptime(self) -> Uptime:
        """As the system's own clock tells it."""
        return Uptime(f"start {self._boot}", (self._true_time() - self._started).total_seconds())

    def forgive(self) -> None:
        """What is shown from now on depends on nothing that went wrong before."""
        self.was_wrong = not self.is_right
