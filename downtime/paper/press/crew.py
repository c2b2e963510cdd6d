"""Print many sheets on every core: other processes print batches, and this one puts them in order.

What is printed goes to the others through pipes, as it comes; the vault stays here. Their pages come
back as sheaves, complete but for their position in the file.
"""

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from itertools import cycle, islice
from queue import SimpleQueue
from threading import Thread
from typing import IO, TYPE_CHECKING, cast

from downtime.paper.press.geometry import Layout
from downtime.paper.press.sheaf import Sheaf
from downtime.paper.press.sheet import Imprint, LooseSheet, Sheet
from downtime.paper.press.stamp import Printer

if TYPE_CHECKING:
    from downtime.paper.press.writer import PdfWriter

Turned = tuple[Sheet, bool]
"""A sheet, and whether a blank back follows where the next must begin on a front."""
BATCH = 48
AHEAD = 2
"""Batches that a process is given at once: it goes on while this one is busy with another's."""
WORTH_IT = 600
"""Sheets from which the start of other processes, half a second, is soon made up for."""
MEANWHILE = 4 * BATCH
"""Sheets that are printed here while the others start: the first page is out at once."""
NAMED = Layout("", "", "", "", b"", (0.0, 0.0), ())
"""In place of a layout that the other process has already."""
ENDED = "The other process ended by itself"


class HandError(Exception):
    """Printing failed in another process: what and where, without what was printed."""


def print_all(printer: Printer, sheets: Iterator[Turned], count: int, cores: int) -> Iterator[int]:
    """Print `count` sheets as they come; yields the pages of each, in their order.

    `cores` is how many processes to use, 0 for as many as the machine has cores.
    """
    cores = cores or os.cpu_count() or 1
    if cores < 2 or count < WORTH_IT:
        for sheet, turned in sheets:
            yield printer.print(sheet, turned=turned)
        return
    document = printer.document
    start = document.numbers.share(cores, cores + 1)
    with ExitStack() as stack:
        hands = [
            stack.enter_context(_Hand((start, n, cores + 1), printer.imprint, document.tagged))
            for n in range(cores)
        ]
        for sheet, turned in islice(sheets, MEANWHILE):
            yield printer.print(sheet, turned=turned)
        yield from _dealt(document, hands, sheets)


def _dealt(
    document: "PdfWriter", hands: Sequence["_Hand"], sheets: Iterator[Turned]
) -> Iterator[int]:
    document.append(document.cut(document.next_turn()))
    given: deque[_Hand] = deque()
    turns = cycle(hands)
    while batch := list(islice(sheets, BATCH)):
        hand = next(turns)
        hand.give(document.next_turn(), batch)
        given.append(hand)
        if len(given) >= AHEAD * len(hands):
            yield from given.popleft().take(document)
    for hand in given:
        yield from hand.take(document)
    document.turn = document.next_turn()


class _Hand:
    """One process, and a thread that reads its answers, so that neither side waits to be read."""

    def __init__(self, numbers: tuple[int, int, int], imprint: Imprint, tagged: bool) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "downtime.paper.press.hand"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._in = cast(IO[bytes], self._process.stdin)
        self._out = cast(IO[bytes], self._process.stdout)
        self._answers: SimpleQueue[object] = SimpleQueue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self._sent: set[str] = set()
        self._send((numbers, imprint, tagged))

    def __enter__(self) -> "_Hand":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._reader.join()
        self._process.communicate()

    def _read(self) -> None:
        while True:
            try:
                self._answers.put(pickle.load(self._out))  # noqa: S301 - our own process wrote it
            except (EOFError, pickle.UnpicklingError):
                self._answers.put(ENDED)
                return

    def _send(self, value: object) -> None:
        with suppress(BrokenPipeError):  # it ended: so says its answer
            pickle.dump(value, self._in, pickle.HIGHEST_PROTOCOL)
            self._in.flush()

    def give(self, turn: int, batch: Sequence[Turned]) -> None:
        """Have a batch printed. A layout is sent once, and named by its digest after that."""
        layouts: dict[str, Layout] = {}
        named = []
        for sheet, turned in batch:
            if isinstance(sheet, LooseSheet):
                raise TypeError("a sheet without a layout is printed in this process")
            digest = sheet.layout.digest
            if digest not in self._sent:
                layouts[digest] = sheet.layout
            named.append((digest, sheet._replace(layout=NAMED), turned))
        self._sent |= layouts.keys()
        self._send((turn, layouts, named))

    def take(self, document: "PdfWriter") -> Iterable[int]:
        """Put the oldest batch not yet taken into the document; the pages of each sheet."""
        answer = self._answers.get()
        if isinstance(answer, str):
            raise HandError(answer)
        counts, sheaf = cast(tuple[list[int], Sheaf], answer)
        document.append(sheaf)
        return counts
