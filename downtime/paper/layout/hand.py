"""A process that prints batches of sheets for the crew."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from downtime.paper.layout.batch import Bench, Printed
from downtime.paper.layout.page_fields import EmbeddedPage
from downtime.pdf.geometry import FormLayout
from downtime.pdf.page_batch import ObjectNumbers, object_number_range
from downtime.processes.pool import serve


@contextmanager
def _ready(told: Any) -> Iterator[Callable[[Any], Printed]]:
    numbers, imprint, tagged = told
    layouts, known = dict[str, FormLayout](), dict[str, list[EmbeddedPage]]()
    bench = Bench(ObjectNumbers(object_number_range(*numbers)), imprint, tagged, known)

    def print_batch(given: Any) -> Printed:
        turn, added, batch = given
        for layout, pages in added:
            layouts[layout.digest], known[layout.digest] = layout, pages
        sheets = [(sheet._replace(layout=layouts[key]), turned) for key, sheet, turned in batch]
        return bench.print(turn, sheets)

    yield print_batch


if __name__ == "__main__":
    serve(_ready)
