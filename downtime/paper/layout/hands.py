"""The other processes of a crew, as this one sees them: given batches, they answer with sheaves."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from downtime.paper.layout.model import FormSheet, Imprint, ListSheet
from downtime.paper.layout.page_fields import EmbeddedPage
from downtime.pdf.geometry import FormLayout
from downtime.processes.pool import Hand

NAMED = FormLayout("", "", "", "", b"", (0.0, 0.0), ())
"""In place of a layout that the other process has already."""


class PressHand(Hand):
    """One process that prints. `embedded` gives the pages of a layout in the document, where they
    are for all processes."""

    def __init__(
        self,
        numbers: tuple[int, int, int],
        imprint: Imprint,
        tagged: bool,
        embedded: Callable[[FormLayout], list[EmbeddedPage]],
    ) -> None:
        super().__init__("downtime.paper.layout.hand", (numbers, imprint, tagged))
        self._embedded = embedded
        self._sent: set[str] = set()

    def print(self, turn: int, batch: Sequence[tuple[FormSheet | ListSheet, bool]]) -> None:
        """Have a batch printed. A layout is sent once, and named by its digest after that."""
        layouts = []
        named = []
        for sheet, turned in batch:
            layout = sheet.layout
            if layout.digest not in self._sent:
                self._sent.add(layout.digest)
                layouts.append((replace(layout, pdf=b""), self._embedded(layout)))
            named.append((layout.digest, sheet._replace(layout=NAMED), turned))
        self.give((turn, layouts, named))
