"""How fast is carried and how much: a cap on bytes a second, and a count of requests and bytes."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Traffic:
    """What was asked of a server and how much went either way: what a bucket's bill is made of."""

    reads: int = 0
    writes: int = 0
    """Requests that write, list or rename; S3 charges more for them."""
    bytes_in: int = 0
    bytes_out: int = 0

    def add(self, other: "Traffic") -> None:
        """Count another's as well."""
        self.reads += other.reads
        self.writes += other.writes
        self.bytes_in += other.bytes_in
        self.bytes_out += other.bytes_out


class Pace:
    """Lets so many bytes a second through, on the average; 0 for no limit. Threads share it."""

    def __init__(
        self,
        bytes_per_second: int = 0,
        timer: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.bytes_per_second = bytes_per_second
        self._timer = timer
        self._sleep = sleep
        self._free_at = 0.0
        self._lock = threading.Lock()

    def limit_block(self, size: int) -> int:
        """A block of at most this size that takes about a second."""
        return min(size, max(self.bytes_per_second, 65_536)) if self.bytes_per_second else size

    def spend(self, size: int) -> None:
        """Wait until so many bytes may have gone."""
        if not self.bytes_per_second:
            return
        with self._lock:
            start = max(self._free_at, self._timer())
            self._free_at = start + size / self.bytes_per_second
            pause = self._free_at - self._timer()
        if pause > 0:
            self._sleep(pause)
