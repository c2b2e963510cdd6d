"""Text as it goes on paper: every character is printed, or named by its code point, never lost."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

FONT_FOLDER = Path(__file__).parent / "fonts"
REGULAR, BOLD, LAST_RESORT = "NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "Unifont-Regular.woff"
FONTS = (
    REGULAR,
    *(
        f"Noto{script}-Regular.ttf"
        for script in (
            "SansMath", "SansArabic", "SansHebrew", "SansDevanagari", "SansBengali", "SansGujarati",
            "SansGurmukhi", "SansOriya", "SansTamil", "SansTelugu", "SansKannada", "SansMalayalam",
            "SansSinhala", "SansThai", "SansLao", "SansMyanmar", "SansKhmer", "SansEthiopic",
            "SansArmenian", "SansGeorgian", "Emoji",
        )
    ),
    LAST_RESORT,
)  # fmt: skip
"""All fonts, in the order in which a glyph is looked for; the last has every character up to U+FFFF."""
_JOINERS = "\u200c\u200d"
"""They steer the shaping of Arabic and Indic scripts and of emoji, so they are kept."""
_AS_PICTURE = "\ufe0f"
"""It asks for the picture of a character that also has a plain form."""
_SPACES = str.maketrans("\t\u2028\u2029\x0b\x0c", " \n\n\n\n")


def to_printable(text: str) -> str:
    """`text` composed (NFC), with what no shipped font can show as its code point, `[U+1F600]`.

    Control and direction characters are named the same way: they would hide or reorder what was
    written. Line ends become `\\n`.
    """
    if text.isascii() and text.isprintable():
        return text
    lines = "\n".join(text.translate(_SPACES).splitlines())
    return "".join(map(_show_or_name, unicodedata.normalize("NFC", lines)))


@cache
def _show_or_name(character: str) -> str:
    if character == "\n" or character in _JOINERS or character == _AS_PICTURE:
        return character
    if unicodedata.category(character)[0] == "C" or font_of(character) is None:
        return f"[U+{ord(character):04X}]"
    return character


@cache
def font_of(character: str) -> str | None:
    """The first font that has the character; None when no font has it."""
    code = ord(character)
    return next((name for name in FONTS if code in _widths(name)), None)


@cache
def character_width(character: str) -> float:
    """Width in em of a printable character as it stands alone."""
    name = font_of(character)
    return _widths(name)[ord(character)] if name else 0.0


@cache
def _widths(name: str) -> dict[int, float]:
    with TTFont(FONT_FOLDER / name, lazy=True) as font:
        scale, metrics = font["head"].unitsPerEm, font["hmtx"]
        return {code: metrics[glyph][0] / scale for code, glyph in font.getBestCmap().items()}


_COMPLEX = (
    ("\u0900", "\u109f"),
    ("\u1100", "\u11ff"),
    ("\u1700", "\u1cff"),
    ("\ua800", "\uabff"),
    ("\U0001f1e6", "\U0001f1ff"),
    ("\U0001f3fb", "\U0001f3ff"),
)
"""Letters that join or reorder (India, South-East Asia, Korea's single letters), flags, skin tones."""


@cache
def is_simple(character: str) -> bool:
    """Whether a character is drawn by one glyph of its own, wherever it stands, left to right."""
    return (
        unicodedata.category(character)[0] not in "MC"
        and unicodedata.bidirectional(character) not in ("R", "AL", "AN")
        and not any(first <= character <= last for first, last in _COMPLEX)
    )


Measure = Callable[[str], float]


_DIGIT = r"[\d¼-¾⅐-⅞]"
_SCALE = r"(?:(?:[Mm]illion|[Bb]illion|[Tt]housand|[Mm]ega|[Ii]nternational)\u00a0*)+"
_NUMBER = rf"(?!\d\d?:\d\d(?: |$))[^ ]*{_DIGIT}(?:\u00a0*{_SCALE})?"
"""A word that ends with a number, such as `0.5`, `≤1½` or `mg/24`; no time of day."""
_SIGN = r"(?:[^ ]*[-<>≤≥~±+×*/–]|x)"
_NUMBERS = rf"{_NUMBER}(?: +(?:{_SIGN} +){{0,4}}{_NUMBER}| +{_SCALE})*"
_WORD = rf"(?:(?:{_SIGN} +){{1,4}}(?:{_NUMBERS}(?: +[^ ]+)?|[^ ]*{_DIGIT}[^ ]*)|[^ ]+)"
"""What is counted, with what follows a sign at its end."""
_COUNTED = rf"(?:{_SIGN} +){{0,4}}{_NUMBERS}(?: +{_WORD})?"
_SHARE = rf"(?: +(?:/|per) +(?:{_COUNTED}|{_WORD}))"
_QUANTITY = rf"{_COUNTED}{_SHARE}*|(?:{_SIGN} +){{0,4}}[^ ]*{_DIGIT}[^ ]*{_SHARE}*"
"""A number, or several (`10 000`, `5 - 10`), with the signs before it and with what it counts."""
_DAY_AND_TIME = r"\d{2}-[A-Z][a-z]{2}-\d{4} \d{2}:\d{2}"
_UNBROKEN = re.compile(  # an NHS number first
    rf"(?<![^ ])(?:\d{{3}} \d{{3}} \d{{4}}|{_DAY_AND_TIME}|{_QUANTITY})(?![^ ])"
)
"""What would be misread when a line ended within it."""
_FEW = rf"(?:{_SIGN} +){{0,4}}{_NUMBER}(?: +{_NUMBER}| +{_SCALE})*"
_SIGNED = rf"(?:{_SIGN} +){{1,4}}[^ ]*{_DIGIT}[^ ]*"
_SHORT, _SHORTEST = rf"(?:{_FEW}(?: +{_WORD})?|{_SIGNED})", rf"(?:{_FEW}(?: +[^ ]+)?|{_SIGNED})"
_UNBROKEN_IF_LONG = [
    re.compile(rf"(?<![^ ])(?:{quantity})(?![^ ])")
    for quantity in (rf"{_SHORT}(?: +(?:/|per) +(?:{_SHORT}|[^ ]+))?", _SHORT, _SHORTEST)
]
"""What stays together of a part that is wider than a line, from more to less."""
_HAS_NUMBER = re.compile(_DIGIT)


def is_unbreakable(word: str) -> bool:
    """Whether half of a part of `split_words` reads like another whole one: it has a number in it."""
    return _HAS_NUMBER.search(word) is not None and re.fullmatch(_DAY_AND_TIME, word) is None


def split_words(text: str, unbroken: re.Pattern[str] = _UNBROKEN) -> list[str]:
    """The parts between which a line may end: words, and what must not be broken as one."""
    parts: list[str] = []
    end = 0
    for match in unbroken.finditer(text):
        parts += text[end : match.start()].split(" ")[:-1] if match.start() > end else []
        parts.append(match[0])
        end = match.end() + 1
    return [*parts, *text[end:].split(" ")] if end <= len(text) else parts


def wrap_text(text: str, width: float, measure: Measure) -> list[str]:
    """Lines no wider than `width`: broken at spaces, and inside a word only when it is too long.

    An NHS number, a day with its time and a number with what it counts stay on one line where they fit on one.

    `measure` must add up: the width of a text is that of its parts. A line that goes on in the next
    after a space keeps that space, so that no two words are read or copied as one; it may stand out.
    """
    if "\n" not in text and measure(text) <= width:
        return [text]
    *parts, last = text.split("\n")
    lines: list[str] = []
    for part in parts:
        lines += _break_lines(part, width, measure)
        lines[-1] += " " if lines[-1] else ""
    return [*lines, *_break_lines(last, width, measure)]


def _break_lines(text: str, width: float, measure: Measure) -> Iterator[str]:
    if measure(text) <= width:
        yield text
        return
    space, used = measure(" "), 0.0
    line: list[str] = []
    for word in _split_to_fit(text, width, measure):
        part_width = measure(word)
        if line and used + space + part_width <= width:
            line.append(word)
            used += space + part_width
            continue
        if line:
            yield " ".join(line) + " "
        if part_width > width:
            *pieces, word = _break_word(word, width, measure)
            yield from pieces
            part_width = measure(word)
        line, used = [word], part_width
    yield " ".join(line)


def _split_to_fit(text: str, width: float, measure: Measure) -> Iterator[str]:
    parts = split_words(text)
    for unbroken in _UNBROKEN_IF_LONG:
        parts = [
            shorter
            for part in parts
            for shorter in (
                [part] if " " not in part or measure(part) <= width else split_words(part, unbroken)
            )
        ]
    for part in parts:
        yield from [part] if measure(part) <= width else part.split(" ")


def _break_word(word: str, width: float, measure: Measure) -> Iterator[str]:
    """A word too long for a line, broken after hyphens, and anywhere only where there is none."""
    piece, used = "", 0.0
    for part in re.findall(r"[^-]+-*|-+", word):
        part_width = measure(part)
        for atom in [part] if part_width <= width else part:
            part_width = measure(atom)
            if piece and used + part_width > width:
                yield piece
                piece, used = "", 0.0
            piece, used = piece + atom, used + part_width
    yield piece
