"""A process that prints batches of sheets for the crew."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from downtime.hands import serve
from downtime.paper.press.batch import Bench, Printed
from downtime.paper.press.geometry import Layout
from downtime.paper.press.sheaf import Numbers, lane
from downtime.paper.press.spots import Page


@contextmanager
def _ready(told: Any) -> Iterator[Callable[[Any], Printed]]:
    numbers, imprint, tagged = told
    layouts, known = dict[str, Layout](), dict[str, list[Page]]()
    bench = Bench(Numbers(lane(*numbers)), imprint, tagged, known)

    def print_batch(given: Any) -> Printed:
        turn, added, batch = given
        for layout, pages in added:
            layouts[layout.digest], known[layout.digest] = layout, pages
        sheets = [(sheet._replace(layout=layouts[key]), turned) for key, sheet, turned in batch]
        return bench.print(turn, sheets)

    yield print_batch


if __name__ == "__main__":
    serve(_ready)
