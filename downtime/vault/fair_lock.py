"""Writers of one database take turns in the order in which they came.

SQLite lets a waiting writer try again after pauses of its own, so one that writes without a pause
(a comparison, a pack) would keep all others out. Within this process the next turn goes to whoever
has waited longest; other processes still wait as SQLite has it.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FairLock:
    """A lock that is handed over to whoever has waited longest."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    @contextmanager
    def hold_lock(self) -> Iterator[None]:
        """Wait for one's turn, and have it until the block ends."""
        self._acquire()
        try:
            yield
        finally:
            self._release()

    def _acquire(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            ticket = threading.Lock()
            ticket.acquire()
            self._waiting.append(ticket)
        ticket.acquire()

    def _release(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


_of_files: dict[str, FairLock] = {}
_guard = threading.Lock()


def fair_lock_of(path: Path) -> FairLock:
    """The lock of one file, the same for all connections of this process."""
    with _guard:
        return _of_files.setdefault(str(path.absolute()), FairLock())
