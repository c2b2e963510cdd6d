"""The other processes of a crew, as this one sees them: given batches, they answer with sheaves."""

import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from queue import SimpleQueue
from threading import Thread
from typing import IO, cast

from downtime.paper.press.batch import Printed
from downtime.paper.press.geometry import Layout
from downtime.paper.press.pipe import Sender
from downtime.paper.press.sheet import FormSheet, Imprint, ListSheet
from downtime.paper.press.spots import Page

NAMED = Layout("", "", "", "", b"", (0.0, 0.0), ())
"""In place of a layout that the other process has already."""
ENDED = "The other process ended by itself"


class HandError(Exception):
    """Printing failed in another process: what and where, without what was printed."""


class Hand:
    """One process; threads write to it and read from it, so that neither side waits for the other.

    `embedded` gives the pages of a layout in the document, where they are for all processes.
    """

    def __init__(
        self,
        numbers: tuple[int, int, int],
        imprint: Imprint,
        tagged: bool,
        embedded: Callable[[Layout], list[Page]],
    ) -> None:
        self._embedded = embedded
        self._process = subprocess.Popen(
            [sys.executable, "-m", "downtime.paper.press.hand"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._sender = Sender(cast(IO[bytes], self._process.stdin))
        self._answers: SimpleQueue[object] = SimpleQueue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self._sent: set[str] = set()
        self._given = 0
        self._sender.send((numbers, imprint, tagged))

    def __enter__(self) -> "Hand":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._sender.finish()
        self._reader.join()
        self._process.communicate()

    def _read(self) -> None:
        out = cast(IO[bytes], self._process.stdout)
        while True:
            try:
                self._answers.put(pickle.load(out))  # noqa: S301 - our own process wrote it
            except (EOFError, pickle.UnpicklingError):
                self._answers.put(ENDED)
                return

    @property
    def answered(self) -> bool:
        """Whether `take` need not wait."""
        return not self._answers.empty()

    @property
    def waiting(self) -> int:
        """How many batches it was given that it has not printed yet."""
        return self._given - self._answers.qsize()

    def give(self, turn: int, batch: Sequence[tuple[FormSheet | ListSheet, bool]]) -> None:
        """Have a batch printed. A layout is sent once, and named by its digest after that."""
        layouts = []
        named = []
        for sheet, turned in batch:
            layout = sheet.layout
            if layout.digest not in self._sent:
                self._sent.add(layout.digest)
                layouts.append((replace(layout, pdf=b""), self._embedded(layout)))
            named.append((layout.digest, sheet._replace(layout=NAMED), turned))
        self._given += 1
        self._sender.send((turn, layouts, named))

    def take(self) -> Printed:
        """The oldest batch not yet taken; HandError."""
        answer = self._answers.get()
        self._given -= 1
        if isinstance(answer, str):
            raise HandError(answer)
        return cast(Printed, answer)
