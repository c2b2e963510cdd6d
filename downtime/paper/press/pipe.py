"""Values on their way through a pipe, so that whoever sends them need not wait for the reader."""

import pickle
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import IO


class Sender:
    """Writes values into a pipe, pickled, from a thread of its own."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._waiting: SimpleQueue[bytes] = SimpleQueue()
        self._thread = Thread(target=self._write, daemon=True)
        self._thread.start()

    def send(self, value: object) -> None:
        """Have a value written after those before it. Nobody may be reading: then it is lost."""
        self._waiting.put(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))

    def finish(self) -> None:
        """Wait until all is written, or until nobody reads."""
        self._waiting.put(b"")
        self._thread.join()

    def _write(self) -> None:
        while data := self._waiting.get():
            with suppress(OSError):  # the reader ended: so says what it was to answer
                self._pipe.write(data)
                self._pipe.flush()
