"""The child that looks where people write on a PDF of the hospital's own; run by `background` with limits.

It writes one line of JSON: an error, or the boxes found on each page and the places of identity block, codes
and other marks that would lie on print where they usually stand: one that is free on every page, or null where
there is none. All in millimetres.

Arguments: path, bytes of memory, seconds.
"""

import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pypdfium2

from downtime.paper.forms.background_child import answer_with, clean_pdf
from downtime.paper.forms.page_survey import (
    DOTS,
    INK,
    Pixels,
    Word,
    find_boxes,
    find_free_place,
)
from downtime.paper.forms.rectangle import MM, FoundBox, Rectangle
from downtime.paper.forms.usual_places import LABEL, QUIET, list_usual_places
from downtime.processes.sandbox import limit_resources

SMALLER_LABELS = ((80.0, 36.0), (70.0, 32.0), (60.0, 30.0))
"""The identity block where its usual size is nowhere free, down to its least."""
MARGIN = 3.0
"""Nothing is put nearer to the edge: printers leave it white."""
_MOVED = 0.3
_FOR_LABEL = re.compile(r"label|addressograph|affix", re.IGNORECASE)
_WORD_GAP, _LINE_STEP = 3.0, 6.0
"""Points: letters further apart belong to two words."""


def main(path: str, memory: str, seconds: str) -> int:
    """Write what was found, or one object that says why not."""
    limit_resources(memory, seconds)
    return answer_with(lambda: _survey(path))


def _survey(path: str) -> dict[str, Any]:
    _, pdf = clean_pdf(path)
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    boxes: list[FoundBox] = []
    inks: list[Pixels] = []
    for number, page in enumerate(document, 1):
        picture = np.asarray(page.render(scale=DOTS / MM).to_pil().convert("L"))
        boxes += find_boxes(picture, list(_read_words(page)), number)
        inks.append(np.where(picture < INK, 255, 0).astype(np.uint8))
    printed: Pixels = np.maximum.reduce(inks)
    return {
        "boxes": [(box.page, list(box.place), box.is_tick, box.label) for box in boxes],
        "places": {
            key: list(place) if place else None for key, place in _find_places(printed, boxes)
        },
    }


def _read_words(page: Any) -> Iterator[Word]:
    """The words of a page in the order of its text."""
    text, height = page.get_textpage(), page.get_height()
    letters, place = "", (0.0, 0.0, 0.0, 0.0)
    for index in range(text.count_chars()):
        letter = text.get_text_range(index, 1)
        box = text.get_charbox(index)
        is_apart = box[0] - place[2] > _WORD_GAP or abs(box[1] - place[1]) > _LINE_STEP
        if letters and (is_apart or not letter.strip()):
            yield Word(letters, _to_millimetres(place, height))
            letters = ""
        if letter.strip():
            place = _unite(place, box) if letters else box
            letters += letter
    if letters:
        yield Word(letters, _to_millimetres(place, height))


def _unite(first: Sequence[float], second: Sequence[float]) -> tuple[float, float, float, float]:
    return (
        min(first[0], second[0]), min(first[1], second[1]),
        max(first[2], second[2]), max(first[3], second[3]),
    )  # fmt: skip


def _to_millimetres(box: Sequence[float], height: float) -> Rectangle:
    x_min, y_min, x_max, y_max = (value / MM for value in box)
    return Rectangle(x_min, height / MM - y_max, x_max - x_min, y_max - y_min)


def _find_places(
    printed: Pixels, boxes: Iterable[FoundBox]
) -> Iterator[tuple[str, Rectangle | None]]:
    """Where marks stand that cannot stand as usual: the identity block first, since it needs most room."""
    high, wide = (side / DOTS for side in printed.shape)
    edge = round(MARGIN * DOTS)
    printed[:edge] = printed[-edge:] = printed[:, :edge] = printed[:, -edge:] = 255
    label = _find_label_place(printed, boxes)
    taken = [label] if label else []
    yield "patient.label", label
    for key, usual in list_usual_places(wide, high).items():
        white = QUIET if key.startswith("page.code-") else 0.0
        x, y, width, height = usual
        room = Rectangle(x - white, y - white, width + 2 * white, height + 2 * white)
        place = find_free_place(printed, room, taken)
        taken.append(place or room)
        if place is None:
            yield key, None
        elif max(abs(place.x - room.x), abs(place.y - room.y)) > _MOVED:
            yield key, Rectangle(place.x + white, place.y + white, round(width, 1), height)


def _find_label_place(printed: Pixels, boxes: Iterable[FoundBox]) -> Rectangle | None:
    """The box that asks for the patient's label, else a free place near the upper left corner."""
    least_width, least_height = SMALLER_LABELS[-1]
    for box in boxes:
        is_large = box.place.width >= least_width and box.place.height >= least_height
        if is_large and _FOR_LABEL.search(box.label):
            return box.place
    x, y, *usual = LABEL
    for width, height in ((usual[0], usual[1]), *SMALLER_LABELS):
        if place := find_free_place(printed, Rectangle(x, y, width, height)):
            return place
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
