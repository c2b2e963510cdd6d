"""A process that prints batches of sheets for the crew: reads them from its input, answers there."""

import gc
import pickle
import sys
import traceback

from downtime.paper.press.batch import Bench
from downtime.paper.press.geometry import Layout
from downtime.paper.press.pipe import Sender
from downtime.paper.press.sheaf import Numbers, lane
from downtime.paper.press.spots import Page


def main() -> None:
    """Print until the input ends. What comes was written by the process that started this one."""
    gc.freeze()  # what was loaded stays: looking through it time and again costs a twentieth
    numbers, imprint, tagged = pickle.load(sys.stdin.buffer)  # noqa: S301
    layouts, known = dict[str, Layout](), dict[str, list[Page]]()
    bench = Bench(Numbers(lane(*numbers)), imprint, tagged, known)
    answers = Sender(sys.stdout.buffer)
    while True:
        try:
            turn, added, batch = pickle.load(sys.stdin.buffer)  # noqa: S301
        except EOFError:
            return
        for layout, pages in added:
            layouts[layout.digest], known[layout.digest] = layout, pages
        try:
            sheets = [(sheet._replace(layout=layouts[key]), turned) for key, sheet, turned in batch]
            answers.send(bench.print(turn, sheets))
        except Exception as error:
            answers.send(_said(error))
            answers.finish()
            return


def _said(error: Exception) -> str:
    """What went wrong and where; never the message, which may name a patient."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, line {frame.lineno}"


if __name__ == "__main__":
    main()
