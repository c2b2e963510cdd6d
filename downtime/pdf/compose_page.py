"""Compose one page: what is drawn, in reading order, and what a screen reader is told of it."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from downtime.pdf.fit_text import TextLine
from downtime.pdf.page_batch import PageWriter
from downtime.pdf.tags import ARTIFACT_START, MARKED_CONTENT_END, Tag, marked_content_start
from downtime.pdf.typeface import NeedsShapingError, glyph_runs


class PageElement(NamedTuple):
    """One thing on a page: text, or what operators draw."""

    reading_order: int
    """Its place in the reading order."""
    tag: Tag | None
    """None for what is not read, such as a number that the page shows twice."""
    lines: Sequence[TextLine] = ()
    operators: str = ""


def compose_page(
    pages: PageWriter,
    size: tuple[float, float],
    drawings: Sequence[int],
    furniture: Iterable[str],
    parts: Iterable[PageElement],
) -> None:
    """Add a page of `size` points: drawings below, furniture on them, parts above, in their turn."""
    content = [
        ARTIFACT_START,
        *(f"/X{number} Do\n" for number in drawings),
        *furniture,
        MARKED_CONTENT_END,
    ]
    tags: list[Tag] = []
    left: list[tuple[int, Sequence[TextLine]]] = []
    count = 0
    for _, tag, lines, marks in sorted(parts, key=itemgetter(0)):
        if tag is None:
            content.append(ARTIFACT_START)
        else:
            tags.append(tag)
            if not tag.has_content:
                continue
            content.append(marked_content_start(tag, count))
            count += 1
        if lines:
            try:
                marks += _set(pages, lines)
            except NeedsShapingError:
                left.append((len(content), lines))
                if tag is not None and not tag.alternative_text:
                    tags[-1] = tag._replace(alternative_text="".join([line.text for line in lines]))
        content.append(marks)
        content.append(MARKED_CONTENT_END)
    shapes = _shaped(pages, size, left, content) if left else []
    pages.add_page(size, [*drawings, *shapes], "".join(content), tags)


def _set(pages: PageWriter, lines: Sequence[TextLine]) -> str:
    """Operators that set lines glyph by glyph; NeedsShapingError when that cannot draw them."""
    found = ""
    for x, y, size, bold, text in lines:
        for face, glyphs, wide in glyph_runs(text, bold)[0]:
            pages.use_glyphs(face, glyphs)
            found += f"BT /{face} {_at(size, x, y)} <{glyphs}> Tj ET\n"
            x += wide * size
    return found


@lru_cache(maxsize=4096)
def _at(size: float, x: float, y: float) -> str:
    """Type size and place: most lines of a form's page begin where those of the last did."""
    return f"{size:.2f} Tf {x:.2f} {y:.2f} Td"


def _shaped(
    pages: PageWriter,
    size: tuple[float, float],
    left: Sequence[tuple[int, Sequence[TextLine]]],
    content: list[str],
) -> list[int]:
    """Have WeasyPrint draw what is left, each part where it belongs in the content."""
    from downtime.pdf import form_xobjects, shaped_text

    overlay = shaped_text.render_shaped_text([lines for _, lines in left], size)
    drawings = form_xobjects.embed_pages(overlay, pages)
    for (at, _), drawing in zip(left, drawings, strict=True):
        content[at] = f"{content[at]}/X{drawing} Do\n"
    return drawings
