"""Write a PDF by appending: sheaves of pages leave at once, so memory stays flat however many.

What WeasyPrint drew is embedded once as a form XObject and referred to from every page; text is
set in embedded fonts whose subsets are written last, when the glyphs in use are known. The document
is tagged (ISO 32000-1, 14.8) unless told otherwise.
"""

import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from struct import Struct
from typing import BinaryIO
from xml.sax.saxutils import escape

from downtime.pdf.font_embedding import font_objects, subset_font, to_unicode_map
from downtime.pdf.page_batch import (
    CATALOG,
    COMPRESSION,
    DOCUMENT,
    FIRST_FREE,
    FONTS,
    INFO,
    METADATA,
    MOST_OBJECTS_IN_STREAM,
    BATCH_PAGES,
    PARENTS,
    STRUCTURE,
    TREE,
    XREF,
    ObjectNumbers,
    PageWriter,
    PageBatch,
    object_number_range,
)
from downtime.pdf.tags import pdf_text, references
from downtime.pdf.typeface import FACES


class PdfWriter(PageWriter):
    """One document on its way out. Use `document`, `embed`, `add_page` and, once, `finish`.

    Nothing identifiable is kept: `out` is the caller's, and only offsets stay in memory.
    """

    def __init__(
        self,
        out: BinaryIO,
        title: str,
        made: datetime,
        *,
        language: str = "en-GB",
        tagged: bool = True,
    ) -> None:
        super().__init__(ObjectNumbers(object_number_range(FIRST_FREE, 0, 1)), tagged)
        self._out = out
        self._title, self._made, self._language = title, made, language
        self._position = self._put = self._turns = 0
        self._found: defaultdict[int, array[int]] = defaultdict(lambda: array("Q"))
        self._glyphs: dict[str, set[int]] = {name: set() for name in FACES}
        self._nodes: list[int] = []
        self._roots: list[int] = []
        self._leaves: list[tuple[tuple[int, int], int]] = []
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    @property
    def pages(self) -> int:
        """How many pages were added so far."""
        return self._put + len(self._kids)

    def next_batch_index(self) -> int:
        """The turn of one more sheaf."""
        self._turns += 1
        return self._turns

    def write_in_front(self) -> None:
        """What follows comes before all that was written so far."""
        self.append_batch(self.finish_batch(self.next_batch_index(), front=True))

    def document(self) -> None:
        """What follows belongs together: one form, one list."""
        if len(self._kids) >= (BATCH_PAGES if self._put else 1):  # the first page leaves at once
            self.append_batch(self.finish_batch(self.next_batch_index()))
        super().begin_section()

    def append_batch(self, sheaf: PageBatch) -> None:
        """Put a sheaf, made here or in another process, behind those before it."""
        runs = sheaf.object_locations
        for at in range(0, len(runs), 4):
            if not runs[at + 2]:
                runs[at + 3] += self._position
            self._found[runs[at] // _SOME].extend(runs[at : at + 4])
        self._write(sheaf.data)
        for name, glyphs in sheaf.glyphs.items():
            self._glyphs[name] |= glyphs
        if sheaf.pages:
            self._nodes.insert(0 if sheaf.is_front else len(self._nodes), sheaf.pages_node)
            self._put += sheaf.pages
        if sheaf.structure_root:
            self._roots.insert(0 if sheaf.is_front else len(self._roots), sheaf.structure_root)
            self._leaves.append((sheaf.parent_tree_keys, sheaf.parent_tree_leaf))

    def finish(self) -> int:
        """Write fonts, trees and cross-reference table; returns the document's length."""
        self.append_batch(self.finish_batch(0))
        for name in filter(self._glyphs.get, FACES):
            self._write_font(name)
        words = f"/Type/Pages/Count {self._put}/Kids[{references(self._nodes)}]"
        self.object(f"<<{words}>>", TREE)
        if self.tagged:
            self._write_structure()
        self.stream("/Type/Metadata/Subtype/XML", self._metadata().encode(), METADATA)
        self.object(
            f"<</Type/Catalog/Pages {TREE} 0 R/Lang({self._language})/Metadata {METADATA} 0 R"
            f"/ViewerPreferences<</DisplayDocTitle true>>{self._tagged_words()}>>",
            CATALOG,
        )
        stamp = f"(D:{self._made:%Y%m%d%H%M%SZ})"
        info = f"/Title {pdf_text(self._title)}/Producer(Downtime)/CreationDate {stamp}"
        self.object(f"<<{info}>>", INFO)
        self.append_batch(self.finish_batch(0))
        self._finish_table()
        return self._position

    def _tagged_words(self) -> str:
        if not self.tagged:
            return ""
        return f"/MarkInfo<</Marked true>>/StructTreeRoot {STRUCTURE} 0 R"

    def _write_structure(self) -> None:
        leaves = references([leaf for _, leaf in sorted(self._leaves)])
        following = max((keys[1] + 1 for keys, _ in self._leaves), default=0)
        self.object(f"<</Kids[{leaves}]>>", PARENTS)
        kids = references(self._roots)
        self.object(f"<</S/Document/P {STRUCTURE} 0 R/K[{kids}]>>", DOCUMENT)
        self.object(
            f"<</Type/StructTreeRoot/K {DOCUMENT} 0 R/ParentTree {PARENTS} 0 R"
            f"/ParentTreeNextKey {following}>>",
            STRUCTURE,
        )

    def _metadata(self) -> str:
        """What the document is, as XMP (ISO 16684-1). No conformance is claimed."""
        when = f"{self._made:%Y-%m-%dT%H:%M:%SZ}"
        return _XMP.format(title=escape(self._title), language=self._language, when=when)

    def _write_font(self, name: str) -> None:
        used = self._glyphs[name]
        font_file = subset_font(name, used)
        parts = {part: self.reserve() for part in ("descendant", "descriptor", "unicode", "file")}
        self.stream(
            "/Filter/FlateDecode", zlib.compress(to_unicode_map(name, used)), parts["unicode"]
        )
        words = f"/Filter/FlateDecode/Length1 {len(font_file)}"
        self.stream(words, zlib.compress(font_file), parts["file"])
        named = {part: f"{number} 0 R" for part, number in parts.items()}
        parts["font"] = FONTS[name]
        for part, content in font_objects(name, used, named).items():
            self.object(content, parts[part])

    def _finish_table(self) -> None:
        """The cross-reference stream, which finds objects inside object streams too."""
        start = self._position
        self._found[XREF // _SOME].extend((XREF, 1, 0, start))
        squeeze = zlib.compressobj(COMPRESSION)
        body = [squeeze.compress(_ROW.pack(0, 0, 0xFFFF))]
        begin, end, spans = 0, 1, list[str]()
        for runs in self._sorted():
            rows = []
            for first, count, row in runs:
                if first != end:
                    spans.append(f"{begin} {end - begin}")
                    begin = first
                end = first + count
                rows.append(row)
            body.append(squeeze.compress(b"".join(rows)))
        body.append(squeeze.flush())
        index = " ".join([*spans, f"{begin} {end - begin}"])
        self._write(
            f"{XREF} 0 obj\n<</Type/XRef/Size {end}/W[1 8 2]/Index[{index}]/Root {CATALOG} 0 R"
            f"/Info {INFO} 0 R/Filter/FlateDecode/Length {sum(map(len, body))}>>\nstream\n".encode()
        )
        for part in body:
            self._write(part)
        self._write(f"\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n".encode())

    def _sorted(self) -> Iterator[Iterator[tuple[int, int, bytes]]]:
        """(first number, how many, rows) of every run in the order of their numbers, some together."""
        for _, runs in sorted(self._found.items()):
            order = sorted(range(0, len(runs), 4), key=runs.__getitem__)
            yield (_rows(*runs[at : at + 4]) for at in order)

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._position += len(data)


def _rows(first: int, count: int, container: int, place: int) -> tuple[int, int, bytes]:
    if not container:
        return first, 1, _ROW.pack(1, place, 0)
    head = _ROW.pack(2, container, 0)[:-2]
    return first, count, head.join([b"", *_INDEXES[place : place + count]])


_ROW = Struct(">BQH")
_INDEXES = [index.to_bytes(2, "big") for index in range(MOST_OBJECTS_IN_STREAM)]
_SOME = 4096
"""Numbers whose runs are sorted together, so that memory stays flat."""
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<dc:format>application/pdf</dc:format>
<xmp:CreateDate>{when}</xmp:CreateDate>
<pdf:Producer>Downtime</pdf:Producer>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""
