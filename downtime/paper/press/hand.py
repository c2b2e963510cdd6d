"""A process that prints batches of sheets for the crew: reads them from its input, answers there."""

import gc
import pickle
import sys
import traceback

from downtime.paper.press.geometry import Layout
from downtime.paper.press.sheaf import Numbers, Pages, lane
from downtime.paper.press.stamp import Stamper


def main() -> None:
    """Print until the input ends. What comes was written by the process that started this one."""
    gc.freeze()  # what was loaded stays: looking through it time and again costs a twentieth
    numbers, imprint, tagged = pickle.load(sys.stdin.buffer)  # noqa: S301
    pages = Pages(Numbers(lane(*numbers)), tagged)
    stamper, layouts = Stamper(pages, imprint), dict[str, Layout]()
    while True:
        try:
            pages.turn, added, batch = pickle.load(sys.stdin.buffer)  # noqa: S301
        except EOFError:
            return
        layouts |= added
        try:
            counts = [
                stamper.print(sheet._replace(layout=layouts[digest]), turned=turned)
                for digest, sheet, turned in batch
            ]
            _answer((counts, pages.cut(0)))
        except Exception as error:
            _answer(_said(error))
            return


def _said(error: Exception) -> str:
    """What went wrong and where; never the message, which may name a patient."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, line {frame.lineno}"


def _answer(value: object) -> None:
    pickle.dump(value, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
