"""Text as it goes on paper: every character is printed, or named by its code point, never lost."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

FONT_FOLDER = Path(__file__).parent / "fonts"
SCRIPTS = (
    "NotoSans-Regular.ttf",
    "NotoSansMath-Regular.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansBengali-Regular.ttf",
    "NotoSansGujarati-Regular.ttf",
    "NotoSansGurmukhi-Regular.ttf",
    "NotoSansTamil-Regular.ttf",
)
"""The fonts of all scripts that are printed, in the order in which a glyph is looked for."""
_JOINERS = "\u200c\u200d"
"""They steer the shaping of Arabic and Indic scripts, so they are kept."""
_SPACES = str.maketrans("\t\u2028\u2029\x0b\x0c", " \n\n\n\n")


def printable(text: str) -> str:
    """`text` composed (NFC), with what no shipped font can show as its code point, `[U+1F600]`.

    Control and direction characters are named the same way: they would hide or reorder what was
    written. Line ends become `\\n`.
    """
    if text.isascii() and text.isprintable():
        return text
    lines = "\n".join(text.translate(_SPACES).splitlines())
    return "".join(map(_shown, unicodedata.normalize("NFC", lines)))


@cache
def _shown(character: str) -> str:
    if character == "\n" or character in _JOINERS:
        return character
    if unicodedata.category(character)[0] == "C" or ord(character) not in coverage():
        return f"[U+{ord(character):04X}]"
    return character


@cache
def coverage() -> dict[int, float]:
    """Width in em of every character of the shipped fonts, as it stands alone."""
    widths: dict[int, float] = {}
    for file in reversed(SCRIPTS):
        with TTFont(FONT_FOLDER / file, lazy=True) as font:
            scale, metrics = font["head"].unitsPerEm, font["hmtx"]
            for code, glyph in font.getBestCmap().items():
                widths[code] = metrics[glyph][0] / scale
    return widths


@cache
def is_simple(character: str) -> bool:
    """Whether a character is drawn by one glyph of its own, wherever it stands, left to right."""
    return (
        unicodedata.category(character)[0] not in "MC"
        and unicodedata.bidirectional(character) not in ("R", "AL", "AN")
        and character not in _JOINERS
        and not "\u0900" <= character <= "\u0fff"
    )


def wrap(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Lines no wider than `width`: broken at spaces, and inside a word only when it is too long."""
    return [line for part in text.split("\n") for line in _lines(part, width, measure)]


def _lines(text: str, width: float, measure: Callable[[str], float]) -> Iterator[str]:
    if measure(text) <= width:
        yield text
        return
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if measure(longer) <= width:
            line = longer
            continue
        if line:
            yield line
        *pieces, line = _pieces(word, width, measure)
        yield from pieces
    yield line


def _pieces(word: str, width: float, measure: Callable[[str], float]) -> Iterator[str]:
    """A word too long for a line, broken after hyphens, and anywhere only where there is none."""
    piece = ""
    for part in re.findall(r"[^-]+-*|-+", word):
        if measure(piece + part) <= width:
            piece += part
            continue
        if piece:
            yield piece
        piece = ""
        for character in part:
            if piece and measure(piece + character) > width:
                yield piece
                piece = ""
            piece += character
    yield piece
