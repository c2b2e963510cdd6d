"""The embedded fonts of all stamped text: characters to glyphs and widths, and its PDF objects."""

import io
from functools import cache, lru_cache
from itertools import groupby
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont

from downtime.paper.text import BOLD, FONT_FOLDER, FONTS, REGULAR, font_of, is_simple

FACES = {"R": REGULAR, "B": BOLD, **{f"F{n}": name for n, name in enumerate(FONTS[1:], 1)}}
"""Names of the faces as resources of a page: what `R` and `B` lack is set in the first that has it."""
_BY_FONT = {name: key for key, name in FACES.items()}


class NeedsShapingError(Exception):
    """The text holds a character that one glyph after another cannot draw."""


class _Glyphs(dict[int, str]):
    def __missing__(self, code: int) -> str:
        raise NeedsShapingError


class Face:
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
        self._hex = _Glyphs({c: f"{g:04X}" for c, g in self.glyphs.items()})
        self.width = lru_cache(maxsize=65_536)(self._width)

    def encode(self, text: str) -> str:
        """Glyph numbers of `text`, four hexadecimal digits each; NeedsShapingError."""
        return text.translate(self._hex)

    def _width(self, text: str) -> float:
        try:
            return float(sum(map(self.widths.__getitem__, map(ord, text))))
        except KeyError:
            raise NeedsShapingError from None

    def covers(self, character: str) -> bool:
        """Whether this face draws the character."""
        return ord(character) in self.glyphs


_BOX = ("xMin", "yMin", "xMax", "yMax")


@cache
def face(name: str) -> Face:
    """The face of that resource name, read once."""
    return Face(name)


@lru_cache(maxsize=65_536)
def runs(text: str, bold: bool) -> tuple[tuple[tuple[str, str, float], ...], float]:
    """(face, glyphs, width in em) of each stretch, and the whole width; NeedsShapingError.

    Nearly always one stretch; what the face lacks is set in the first face that has it.
    """
    main = face("B" if bold else "R")
    try:
        width = main.width(text)
        return ((main.name, main.encode(text), width),), width
    except NeedsShapingError:
        return _mixed(text, main)


def _mixed(text: str, main: Face) -> tuple[tuple[tuple[str, str, float], ...], float]:
    found = []
    for used, stretch in groupby(text, lambda character: _face_of(character, main)):
        part = "".join(stretch)
        found.append((used.name, used.encode(part), used.width(part)))
    return tuple(found), sum(run[2] for run in found)


def _face_of(character: str, main: Face) -> Face:
    if main.covers(character):
        return main
    name = font_of(character) if is_simple(character) else None
    if name is None:
        raise NeedsShapingError
    return face(_BY_FONT[name])


_UNUSED_TABLES = {"GSUB", "GPOS", "GDEF", "MATH", "name", "post", "OS/2", "gasp", "prep", "fpgm",
                  "cvt ", "DSIG"}  # fmt: skip


def subset_font(name: str, used: set[int]) -> bytes:
    """The face reduced to the glyphs in use, which keep their numbers."""
    options = subset.Options(
        retain_gids=True, notdef_outline=True, hinting=False, layout_features=[], name_IDs=[]
    )
    font = TTFont(face(name).file)
    font.flavor = None
    for table in _UNUSED_TABLES & set(font.keys()):
        del font[table]
    subsetter = subset.Subsetter(options)
    subsetter.populate(gids=sorted(used))
    subsetter.subset(font)
    content = io.BytesIO()
    font.save(content)
    return content.getvalue()


def to_unicode(name: str, used: set[int]) -> bytes:
    """The CMap that maps each glyph to its first code point, so that copied text is right.

    The first matters: the glyph of '-' is also that of a soft hyphen, and a serial copied with one
    would be wrong.
    """
    first: dict[int, int] = {}
    for code, glyph in sorted(face(name).glyphs.items()):
        first.setdefault(glyph, code)
    rows = [f"<{g:04X}> <{chr(first[g]).encode('utf-16-be').hex()}>" for g in sorted(used)]
    blocks = [
        f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar\n"
        for part in (rows[i : i + 100] for i in range(0, len(rows), 100))
    ]
    return (_CMAP_START + "".join(blocks) + _CMAP_END).encode()


_CMAP_START = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
"""
_CMAP_END = """endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""


def font_objects(name: str, used: set[int], references: dict[str, str]) -> dict[str, Any]:
    """The dictionaries of a CIDFontType2 font; `references` names the objects they refer to."""
    drawn = face(name)
    by_glyph = {drawn.glyphs[c]: round(w * 1000) for c, w in drawn.widths.items()}
    base = f"/DWNTME+{drawn.file.stem}"
    widths = " ".join(f"{g} [{by_glyph[g]}]" for g in sorted(used))
    ascent, descent = round(drawn.ascent * 1000), round(drawn.descent * 1000)
    return {
        "font": f"<< /Type /Font /Subtype /Type0 /BaseFont {base} /Encoding /Identity-H"
        f" /DescendantFonts [{references['descendant']}] /ToUnicode {references['unicode']} >>",
        "descendant": f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont {base} /CIDSystemInfo"
        " << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /CIDToGIDMap /Identity"
        f" /FontDescriptor {references['descriptor']} /DW 0 /W [{widths}] >>",
        "descriptor": f"<< /Type /FontDescriptor /FontName {base} /Flags 4"
        f" /FontBBox [{' '.join(map(str, drawn.box))}] /ItalicAngle 0 /Ascent {ascent}"
        f" /Descent {descent} /CapHeight {ascent} /StemV 80 /FontFile2 {references['file']} >>",
    }
