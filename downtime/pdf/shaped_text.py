"""Text that glyph after glyph cannot draw (Arabic, combining marks), laid out by WeasyPrint."""

from collections.abc import Sequence

from downtime.pdf.fit_text import TextLine
from downtime.pdf.templates import render_pdf

_ASCENT = 1.069
"""Ascent of the text font in em: how far a line's top lies above its baseline."""


def render_shaped_text(parts: Sequence[Sequence[TextLine]], size: tuple[float, float]) -> bytes:
    """A PDF: for each part a transparent page of `size` points that shows its lines where they belong."""
    pages = [
        [{"line": line, "top": round(size[1] - line.y - line.size * _ASCENT, 2)} for line in lines]
        for lines in parts
    ]
    return render_pdf("shaped.html", pages=pages, size=size)
