"""Fonts as a PDF embeds them: the glyphs in use, and which characters they stand for."""

import io
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont

from downtime.pdf.typeface import font_face

_UNUSED_TABLES = {"GSUB", "GPOS", "GDEF", "MATH", "name", "post", "OS/2", "gasp", "prep", "fpgm",
                  "cvt ", "DSIG"}  # fmt: skip


def subset_font(name: str, used: set[int]) -> bytes:
    """The face reduced to the glyphs in use, which keep their numbers."""
    options = subset.Options(
        retain_gids=True, notdef_outline=True, hinting=False, layout_features=[], name_IDs=[]
    )
    font = TTFont(font_face(name).file)
    font.flavor = None
    # Any names will do: to look up the proper ones takes longer than all the rest.
    font.setGlyphOrder([f"glyph{number:05}" for number in range(font["maxp"].numGlyphs)])
    for table in _UNUSED_TABLES & set(font.keys()):
        del font[table]
    subsetter = subset.Subsetter(options)
    subsetter.populate(gids=sorted(used))
    subsetter.subset(font)
    content = io.BytesIO()
    font.save(content)
    return content.getvalue()


def to_unicode_map(name: str, used: set[int]) -> bytes:
    """The CMap that maps each glyph to its first code point, so that copied text is right.

    The first matters: the glyph of '-' is also that of a soft hyphen, and a serial copied with one
    would be wrong.
    """
    first: dict[int, int] = {}
    for code, glyph in sorted(font_face(name).glyphs.items()):
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
    drawn = font_face(name)
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
