"""The fonts of all stamped text: characters to glyphs and widths."""

from functools import cache, lru_cache
from itertools import groupby

from fontTools.ttLib import TTFont

from downtime.pdf.text import BOLD, FONT_FOLDER, FONTS, REGULAR, font_of, is_simple

FACES = {"R": REGULAR, "B": BOLD, **{f"F{n}": name for n, name in enumerate(FONTS[1:], 1)}}
"""Names of the faces as resources of a page: what `R` and `B` lack is set in the first that has it."""
CACHED_TEXTS = 8192
"""Texts that are measured once: more than a batch of pages sets, few enough to need no memory."""
_BY_FONT = {name: key for key, name in FACES.items()}


class NeedsShapingError(Exception):
    """The text holds a character that one glyph after another cannot draw."""


class _HexadecimalGlyphs(dict[int, str]):
    def __missing__(self, code: int) -> str:
        raise NeedsShapingError


class FontFace:
    """One font file: hexadecimal glyph numbers and widths (in em) of its simple characters."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.file = FONT_FOLDER / FACES[name]
        with TTFont(self.file, lazy=True) as font:
            metrics, scale = font["hmtx"], font["head"].unitsPerEm
            known = {c: g for c, g in font.getBestCmap().items() if is_simple(chr(c))}
            self.glyphs = {c: font.getGlyphID(g) for c, g in known.items()}
            self.widths = {c: metrics[g][0] / scale for c, g in known.items()}
            self.ascent, self.descent = font["hhea"].ascent / scale, font["hhea"].descent / scale
            self.box = [round(getattr(font["head"], k) * 1000 / scale) for k in _BOX]
        self._hex = _HexadecimalGlyphs({c: f"{g:04X}" for c, g in self.glyphs.items()})

    def encode(self, text: str) -> str:
        """Glyph numbers of `text`, four hexadecimal digits each; NeedsShapingError."""
        return text.translate(self._hex)

    def width(self, text: str) -> float:
        """Width of `text` in em; NeedsShapingError."""
        try:
            return float(sum(map(self.widths.__getitem__, map(ord, text))))
        except KeyError:
            raise NeedsShapingError from None

    def covers(self, character: str) -> bool:
        """Whether this face draws the character."""
        return ord(character) in self.glyphs


_BOX = ("xMin", "yMin", "xMax", "yMax")


@cache
def font_face(name: str) -> FontFace:
    """The face of that resource name, read once."""
    return FontFace(name)


@lru_cache(maxsize=CACHED_TEXTS)
def glyph_runs(text: str, bold: bool) -> tuple[tuple[tuple[str, str, float], ...], float]:
    """(face, glyphs, width in em) of each stretch, and the whole width; NeedsShapingError.

    Nearly always one stretch; what the face lacks is set in the first face that has it.
    """
    main = font_face("B" if bold else "R")
    try:
        width = main.width(text)
        return ((main.name, main.encode(text), width),), width
    except NeedsShapingError:
        return _runs_in_several_faces(text, main)


def _runs_in_several_faces(
    text: str, main: FontFace
) -> tuple[tuple[tuple[str, str, float], ...], float]:
    stretches = []
    for used, stretch in groupby(text, lambda character: _face_of(character, main)):
        part = "".join(stretch)
        stretches.append((used.name, used.encode(part), used.width(part)))
    return tuple(stretches), sum(run[2] for run in stretches)


def _face_of(character: str, main: FontFace) -> FontFace:
    if main.covers(character):
        return main
    name = font_of(character) if is_simple(character) else None
    if name is None:
        raise NeedsShapingError
    return font_face(_BY_FONT[name])
