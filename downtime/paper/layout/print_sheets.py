"""Print many sheets on every core: other processes print batches, and so does this one meanwhile.

What is printed goes to the others through pipes, as it comes; the vault stays here. Their pages come
back complete but for their position in the file, and are put in order here.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from downtime.paper.layout.model import FormLayout, LooseSheet
from downtime.paper.layout.page_fields import EmbeddedPage
from downtime.paper.layout.print_worker import (
    BatchMessage,
    BatchPrinter,
    PrintedBatch,
    PrintWorkerArguments,
    SheetBatch,
    SheetToPrint,
)
from downtime.paper.layout.stamp_pages import DocumentPrinter
from downtime.processes.pool import WorkerProcess, distribute_work, start_workers

LARGEST_BATCH = 48
SMALLEST_BATCH = 8
"""Sheets of a batch; towards the end they become as few as this, so that all end together."""
AHEAD = 3
"""Batches that a process is given at once."""
WORTH_IT = 600
"""Sheets from which the start of other processes, a fifth of a second, is soon made up for."""
_NAMED = FormLayout("", "", "", "", b"", (0.0, 0.0), ())
"""In place of a layout that the other process has already."""


class PrintWorker(WorkerProcess[SheetBatch, PrintedBatch]):
    """A process that prints. `embed_layout` gives the pages of a layout in the document, where they
    are for all processes."""

    def __init__(
        self,
        arguments: PrintWorkerArguments,
        embed_layout: Callable[[FormLayout], list[EmbeddedPage]],
    ) -> None:
        super().__init__("downtime.paper.layout.print_worker", arguments)
        self._embed_layout = embed_layout
        self._sent: set[str] = set()

    def submit(self, batch: SheetBatch) -> None:
        """Have a batch printed, all of whose sheets have layouts."""
        index, sheets = batch
        message = BatchMessage(index, [], [])
        for sheet, starts_on_front in sheets:
            if isinstance(sheet, LooseSheet):
                raise TypeError("a sheet without a layout cannot be sent")
            layout = sheet.layout
            if layout.digest not in self._sent:
                self._sent.add(layout.digest)
                message.layouts.append((replace(layout, pdf=b""), self._embed_layout(layout)))
            named = sheet._replace(layout=_NAMED)
            message.sheets.append((layout.digest, named, starts_on_front))
        self.send(message)


def print_sheets(
    printer: DocumentPrinter, sheets: Iterator[SheetToPrint], count: int, cores: int
) -> Iterator[int]:
    """Print `count` sheets as they come; yields the pages of each, in their order.

    `cores` is how many processes to use, this one among them, 0 for as many as the machine has
    cores.
    """
    cores = cores or os.cpu_count() or 1
    if cores < 2 or count < WORTH_IT:
        for sheet, starts_on_front in sheets:
            yield printer.print(sheet, blank_back=starts_on_front)
        return
    document, imprint = printer.document, printer.imprint
    document.append_batch(document.finish_batch(document.next_batch_index()))
    others = cores - 1
    start = document.numbers.reserve_range()
    document.numbers.use_ranges(start, others, cores)

    def start_worker(number: int) -> PrintWorker:
        arguments = PrintWorkerArguments((start, number, cores), imprint, document.tagged)
        return PrintWorker(arguments, printer.embed_layout)

    with start_workers(start_worker, others) as workers:
        batch_printer = BatchPrinter(
            document.numbers, imprint, document.tagged, printer.embedded_pages
        )
        first = list(islice(sheets, 1))  # the first page is out at once
        counts, pages = batch_printer.print(document.next_batch_index(), first)
        document.append_batch(pages)
        yield from counts
        for counts, pages in distribute_work(
            _make_batches(printer, sheets, count, cores),
            workers,
            lambda batch: batch_printer.print(*batch),
            ahead=AHEAD,
            can_send=_can_send,
        ):
            document.append_batch(pages)
            yield from counts
    document.batch_index = document.next_batch_index()


def _make_batches(
    printer: DocumentPrinter, sheets: Iterator[SheetToPrint], count: int, cores: int
) -> Iterator[SheetBatch]:
    while batch := list(islice(sheets, _batch_size(count, cores))):
        count -= len(batch)
        yield printer.document.next_batch_index(), batch


def _batch_size(count: int, cores: int) -> int:
    return max(SMALLEST_BATCH, min(LARGEST_BATCH, count // ((AHEAD + 1) * cores)))


def _can_send(batch: SheetBatch) -> bool:
    """A sheet without a layout is drawn by a function, which cannot go through a pipe."""
    return not any(isinstance(sheet, LooseSheet) for sheet, _ in batch[1])
