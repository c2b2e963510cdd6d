"""Batches of sheets printed apart from the document they belong to: each becomes a sheaf of it."""

from collections.abc import Iterable

from downtime.paper.layout.model import Imprint, PrintedSheet
from downtime.paper.layout.page_fields import EmbeddedPage
from downtime.paper.layout.stamp_pages import PageStamper
from downtime.pdf.page_batch import ObjectNumbers, PageBatch, PageWriter

Turned = tuple[PrintedSheet, bool]
"""A sheet, and whether a blank back follows where the next must begin on a front."""
Printed = tuple[list[int], PageBatch]
"""How many pages each sheet took, and the pages."""


class Bench:
    """Where batches are printed, with object numbers that no other bench uses.

    `known` are the pages of layouts that the document holds already.
    """

    def __init__(
        self,
        numbers: ObjectNumbers,
        imprint: Imprint,
        tagged: bool,
        known: dict[str, list[EmbeddedPage]],
    ) -> None:
        self._pages = PageWriter(numbers, tagged)
        self._stamper = PageStamper(self._pages, imprint, known)

    def print(self, turn: int, batch: Iterable[Turned]) -> Printed:
        """Print a batch; `turn` is its sheaf's among all of the document."""
        self._pages.turn = turn
        counts = [self._stamper.print(sheet, turned=turned) for sheet, turned in batch]
        return counts, self._pages.finish_batch(0)
