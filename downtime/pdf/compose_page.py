"""Compose one page: what is drawn, in reading order, and what a screen reader is told of it."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from downtime.pdf.fit_text import Line
from downtime.pdf.page_batch import Pages
from downtime.pdf.tags import ARTIFACT, END, Tag, opening
from downtime.pdf.typeface import NeedsShapingError, runs


class Part(NamedTuple):
    """One thing on a page: text, or what operators draw."""

    turn: int
    """Its place in the reading order."""
    tag: Tag | None
    """None for what is not read, such as a number that the page shows twice."""
    lines: Sequence[Line] = ()
    marks: str = ""


def compose(
    pages: Pages,
    size: tuple[float, float],
    drawings: Sequence[int],
    furniture: Iterable[str],
    parts: Iterable[Part],
) -> None:
    """Add a page of `size` points: drawings below, furniture on them, parts above, in their turn."""
    content = [ARTIFACT, *(f"/X{number} Do\n" for number in drawings), *furniture, END]
    tags: list[Tag] = []
    left: list[tuple[int, Sequence[Line]]] = []
    count = 0
    for _, tag, lines, marks in sorted(parts, key=itemgetter(0)):
        if tag is None:
            content.append(ARTIFACT)
        else:
            tags.append(tag)
            if not tag.drawn:
                continue
            content.append(opening(tag, count))
            count += 1
        if lines:
            try:
                marks += _set(pages, lines)
            except NeedsShapingError:
                left.append((len(content), lines))
                if tag is not None and not tag.said:
                    tags[-1] = tag._replace(said="".join([line.text for line in lines]))
        content.append(marks)
        content.append(END)
    shapes = _shaped(pages, size, left, content) if left else []
    pages.add_page(size, [*drawings, *shapes], "".join(content), tags)


def _set(pages: Pages, lines: Sequence[Line]) -> str:
    """Operators that set lines glyph by glyph; NeedsShapingError when that cannot draw them."""
    found = ""
    for x, y, size, bold, text in lines:
        for face, glyphs, wide in runs(text, bold)[0]:
            pages.use(face, glyphs)
            found += f"BT /{face} {_at(size, x, y)} <{glyphs}> Tj ET\n"
            x += wide * size
    return found


@lru_cache(maxsize=4096)
def _at(size: float, x: float, y: float) -> str:
    """Type size and place: most lines of a form's page begin where those of the last did."""
    return f"{size:.2f} Tf {x:.2f} {y:.2f} Td"


def _shaped(
    pages: Pages,
    size: tuple[float, float],
    left: Sequence[tuple[int, Sequence[Line]]],
    content: list[str],
) -> list[int]:
    """Have WeasyPrint draw what is left, each part where it belongs in the content."""
    from downtime.pdf import form_xobjects, shaped_text

    overlay = shaped_text.shaped([lines for _, lines in left], size)
    drawings = form_xobjects.embed(overlay, pages)
    for (at, _), drawing in zip(left, drawings, strict=True):
        content[at] = f"{content[at]}/X{drawing} Do\n"
    return drawings
