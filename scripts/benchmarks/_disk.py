"""How long this machine's disk takes to keep a page: nothing that waits for it can be faster."""

import os
import threading
import time
from pathlib import Path

EVERY_SECONDS = 0.1
_sync = getattr(os, "fdatasync", os.fsync)


class Disk(threading.Thread):
    """Writes a page and waits for it, ten times a second, while the block runs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._path = folder / "probe"
        self._over = threading.Event()
        self.milliseconds: list[float] = []

    def run(self) -> None:
        """Until the block ends."""
        with self._path.open("wb", buffering=0) as probe:
            while not self._over.wait(EVERY_SECONDS):
                probe.write(bytes(4096))
                started = time.perf_counter()
                _sync(probe.fileno())
                self.milliseconds.append((time.perf_counter() - started) * 1000)

    def __enter__(self) -> "Disk":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()
