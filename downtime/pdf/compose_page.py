"""Compose one page: what is drawn, in reading order, each with its tag for screen readers."""

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
    writer: PageWriter,
    size: tuple[float, float],
    xobjects: Sequence[int],
    artifacts: Iterable[str],
    elements: Iterable[PageElement],
) -> None:
    """Add a page of `size` points: form XObjects below, artifacts on them, elements above."""
    content = [
        ARTIFACT_START,
        *(f"/X{number} Do\n" for number in xobjects),
        *artifacts,
        MARKED_CONTENT_END,
    ]
    tags: list[Tag] = []
    unshaped: list[tuple[int, Sequence[TextLine]]] = []
    count = 0
    for _, tag, lines, operators in sorted(elements, key=itemgetter(0)):
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
                operators += _text_operators(writer, lines)
            except NeedsShapingError:
                unshaped.append((len(content), lines))
                if tag is not None and not tag.alternative_text:
                    text = "".join([line.text for line in lines])
                    tags[-1] = tag._replace(alternative_text=text)
        content.append(operators)
        content.append(MARKED_CONTENT_END)
    overlays = _overlay_shaped_text(writer, size, unshaped, content) if unshaped else []
    writer.add_page(size, [*xobjects, *overlays], "".join(content), tags)


def _text_operators(writer: PageWriter, lines: Sequence[TextLine]) -> str:
    """Operators that set lines glyph by glyph; NeedsShapingError when that cannot draw them."""
    operators = ""
    for x, y, size, bold, text in lines:
        for face, glyphs, width in glyph_runs(text, bold)[0]:
            writer.use_glyphs(face, glyphs)
            operators += f"BT /{face} {_size_and_place(size, x, y)} <{glyphs}> Tj ET\n"
            x += width * size
    return operators


@lru_cache(maxsize=4096)
def _size_and_place(size: float, x: float, y: float) -> str:
    """Operators for them: most lines of a page begin where those of the last page did."""
    return f"{size:.2f} Tf {x:.2f} {y:.2f} Td"


def _overlay_shaped_text(
    writer: PageWriter,
    size: tuple[float, float],
    unshaped: Sequence[tuple[int, Sequence[TextLine]]],
    content: list[str],
) -> list[int]:
    """Have WeasyPrint draw those lines, each where it belongs in the content; their XObjects."""
    from downtime.pdf import form_xobjects, shaped_text

    overlay = shaped_text.render_shaped_text([lines for _, lines in unshaped], size)
    xobjects = form_xobjects.embed_pages(overlay, writer)
    for (index, _), xobject in zip(unshaped, xobjects, strict=True):
        content[index] = f"{content[index]}/X{xobject} Do\n"
    return xobjects
