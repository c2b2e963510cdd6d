"""Print batches of sheets apart from the document that they belong to, here or in other processes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from downtime.paper.layout.model import FormLayout, FormSheet, Imprint, ListSheet, PrintedSheet
from downtime.paper.layout.page_fields import EmbeddedPage
from downtime.paper.layout.stamp_pages import PageStamper
from downtime.pdf.page_batch import ObjectNumbers, PageBatch, PageWriter
from downtime.processes.pool import serve_worker

SheetToPrint = tuple[PrintedSheet, bool]
"""A sheet, and whether a blank back follows where the next must begin on a front."""
SheetBatch = tuple[int, Sequence[SheetToPrint]]
"""Sheets that are printed together, with the batch's index in the document."""
PrintedBatch = tuple[list[int], PageBatch]
"""How many pages each sheet took, and the pages."""


class PrintWorkerArguments(NamedTuple):
    """What a process that prints begins with."""

    numbers: tuple[int, int, int]
    """Which object numbers are its own, see `ObjectNumbers`."""
    imprint: Imprint
    tagged: bool


class BatchMessage(NamedTuple):
    """A batch on its way to a process: a layout is sent once, and named by its digest after that."""

    batch_index: int
    layouts: list[tuple[FormLayout, list[EmbeddedPage]]]
    sheets: list[tuple[str, FormSheet | ListSheet, bool]]


class BatchPrinter:
    """Prints batches with object numbers that no other printer of the document uses.

    `embedded_pages` are the pages of layouts that the document holds already.
    """

    def __init__(
        self,
        numbers: ObjectNumbers,
        imprint: Imprint,
        tagged: bool,
        embedded_pages: dict[str, list[EmbeddedPage]],
    ) -> None:
        self._pages = PageWriter(numbers, tagged)
        self._stamper = PageStamper(self._pages, imprint, embedded_pages)

    def print(self, index: int, sheets: Iterable[SheetToPrint]) -> PrintedBatch:
        """Print the batch that has this index in the document."""
        self._pages.batch_index = index
        counts = [
            self._stamper.print(sheet, blank_back=starts_on_front)
            for sheet, starts_on_front in sheets
        ]
        return counts, self._pages.finish_batch(0)


@contextmanager
def _prepare(arguments: PrintWorkerArguments) -> Iterator[Callable[[BatchMessage], PrintedBatch]]:
    layouts, pages = dict[str, FormLayout](), dict[str, list[EmbeddedPage]]()
    numbers = ObjectNumbers(*arguments.numbers)
    printer = BatchPrinter(numbers, arguments.imprint, arguments.tagged, pages)

    def print_batch(message: BatchMessage) -> PrintedBatch:
        for layout, embedded in message.layouts:
            layouts[layout.digest], pages[layout.digest] = layout, embedded
        sheets = [
            (sheet._replace(layout=layouts[digest]), starts_on_front)
            for digest, sheet, starts_on_front in message.sheets
        ]
        return printer.print(message.batch_index, sheets)

    yield print_batch


if __name__ == "__main__":
    serve_worker(_prepare)
