"""Print many sheets on every core: other processes print batches, and so does this one meanwhile.

What is printed goes to the others through pipes, as it comes; the vault stays here. Their pages come
back as sheaves, complete but for their position in the file, and are put in order here.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING

from downtime.paper.layout.batch import Bench, Printed, Turned
from downtime.paper.layout.hands import PressHand
from downtime.paper.layout.model import LooseSheet
from downtime.paper.layout.stamp_pages import DocumentPrinter

if TYPE_CHECKING:
    from downtime.pdf.writer import PdfWriter

BATCH = 48
LAST = 8
"""Sheets of a batch; towards the end they become as few as this, so that all end together."""
AHEAD = 3
"""Batches that a process is given at once: it goes on while this one prints one of its own."""
HELD = 64
"""Batches that wait, some megabytes, for one before them that is slow."""
WORTH_IT = 600
"""Sheets from which the start of other processes, a fifth of a second, is soon made up for."""


def print_all(
    printer: DocumentPrinter, sheets: Iterator[Turned], count: int, cores: int
) -> Iterator[int]:
    """Print `count` sheets as they come; yields the pages of each, in their order.

    `cores` is how many processes to use, this one among them, 0 for as many as the machine has
    cores.
    """
    cores = cores or os.cpu_count() or 1
    if cores < 2 or count < WORTH_IT:
        for sheet, turned in sheets:
            yield printer.print(sheet, turned=turned)
        return
    document, imprint = printer.document, printer.imprint
    document.append_batch(document.finish_batch(document.next_batch_index()))
    others = cores - 1
    start = document.numbers.use_own_ranges(others, cores)
    with ExitStack() as stack:
        hands = [
            stack.enter_context(
                PressHand((start, n, cores), imprint, document.tagged, printer.embed_layout)
            )
            for n in range(others)
        ]
        here = Bench(document.numbers, imprint, document.tagged, printer.embedded_pages)
        yield from _dealt(document, here, hands, sheets, count)
    document.turn = document.next_batch_index()


def _dealt(
    document: "PdfWriter",
    here: Bench,
    hands: Sequence[PressHand],
    sheets: Iterator[Turned],
    left: int,
) -> Iterator[int]:
    first = list(islice(sheets, 1))  # the first page is out at once
    yield from _put(document, here.print(document.next_batch_index(), first))
    given: deque[PressHand | Printed] = deque()
    while batch := list(islice(sheets, _size(left, len(hands)))):
        left -= len(batch)
        given.append(_deal(document.next_batch_index(), batch, here, hands))
        while given and (len(given) > HELD or _is_done(given[0])):
            yield from _put(document, given.popleft())
    for one in given:
        yield from _put(document, one)


def _size(left: int, others: int) -> int:
    return max(LAST, min(BATCH, left // ((AHEAD + 1) * (others + 1))))


def _deal(
    turn: int, batch: Sequence[Turned], here: Bench, hands: Sequence[PressHand]
) -> PressHand | Printed:
    """Give a batch to a process that has little to do, or print it here.

    A sheet without a layout is drawn by a function, which stays here.
    """
    hand = min(hands, key=lambda one: one.waiting)
    laid_out = [(sheet, turned) for sheet, turned in batch if not isinstance(sheet, LooseSheet)]
    if hand.waiting >= AHEAD or len(laid_out) < len(batch):
        return here.print(turn, batch)
    hand.print(turn, laid_out)
    return hand


def _is_done(one: PressHand | Printed) -> bool:
    return one.answered if isinstance(one, PressHand) else True


def _put(document: "PdfWriter", one: PressHand | Printed) -> list[int]:
    """Put a batch into the document; the pages of each of its sheets."""
    counts, sheaf = one.take() if isinstance(one, PressHand) else one
    document.append_batch(sheaf)
    return counts
