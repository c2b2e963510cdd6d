"""Write a PDF by appending: batches of pages leave at once, so memory stays flat however many.

What WeasyPrint drew is embedded once as a form XObject and referred to from every page; text is
set in embedded fonts whose subsets are written last, when the glyphs in use are known. The document
is tagged (ISO 32000-1, 14.8) unless asked for without.
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
    BATCH_PAGES,
    CATALOG,
    COMPRESSION,
    DOCUMENT,
    FIRST_FREE,
    FONTS,
    INFO,
    METADATA,
    MOST_OBJECTS_IN_STREAM,
    PARENTS,
    STRUCTURE,
    TREE,
    XREF,
    ObjectNumbers,
    PageBatch,
    PageWriter,
)
from downtime.pdf.tags import pdf_text, references
from downtime.pdf.typeface import FACES


class PdfWriter(PageWriter):
    """One document on its way out. Use `begin_section`, `add_page` and, once, `finish`.

    Nothing identifiable is kept: `out` is the caller's, and only offsets stay in memory.
    """

    def __init__(
        self, out: BinaryIO, title: str, created: datetime, *, tagged: bool = True
    ) -> None:
        super().__init__(ObjectNumbers(FIRST_FREE), tagged)
        self._out = out
        self._title, self._created = title, created
        self._position = self._page_count = self._batch_count = 0
        self._locations_by_group: defaultdict[int, array[int]] = defaultdict(lambda: array("Q"))
        self._glyphs: dict[str, set[int]] = {name: set() for name in FACES}
        self._nodes: list[int] = []
        self._roots: list[int] = []
        self._leaves: list[tuple[tuple[int, int], int]] = []
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    @property
    def pages(self) -> int:
        """How many pages were added so far."""
        return self._page_count + len(self._kids)

    def next_batch_index(self) -> int:
        """The index of one more batch."""
        self._batch_count += 1
        return self._batch_count

    def write_in_front(self) -> None:
        """What follows comes before all that was written so far."""
        self.append_batch(self.finish_batch(self.next_batch_index(), is_front=True))

    def begin_section(self) -> None:
        """What follows belongs together: one section of the document's structure."""
        full = BATCH_PAGES if self._page_count else 1  # the first page leaves at once
        if len(self._kids) >= full:
            self.append_batch(self.finish_batch(self.next_batch_index()))
        super().begin_section()

    def append_batch(self, batch: PageBatch) -> None:
        """Put a batch, made here or in another process, behind those before it."""
        locations = batch.object_locations
        for start in range(0, len(locations), 4):
            if not locations[start + 2]:
                locations[start + 3] += self._position
            group = self._locations_by_group[locations[start] // _NUMBERS_TOGETHER]
            group.extend(locations[start : start + 4])
        self._write(batch.data)
        for name, glyphs in batch.glyphs.items():
            self._glyphs[name] |= glyphs
        if batch.pages:
            self._nodes.insert(0 if batch.is_front else len(self._nodes), batch.pages_node)
            self._page_count += batch.pages
        if batch.structure_root:
            self._roots.insert(0 if batch.is_front else len(self._roots), batch.structure_root)
            self._leaves.append((batch.parent_tree_keys, batch.parent_tree_leaf))

    def finish(self) -> int:
        """Write fonts, trees and cross-reference table; returns the document's length."""
        self.append_batch(self.finish_batch(0))
        for name in filter(self._glyphs.get, FACES):
            self._write_font(name)
        entries = f"/Type/Pages/Count {self._page_count}/Kids[{references(self._nodes)}]"
        self.object(f"<<{entries}>>", TREE)
        if self.tagged:
            self._write_structure()
        self.stream("/Type/Metadata/Subtype/XML", self._metadata().encode(), METADATA)
        self.object(
            f"<</Type/Catalog/Pages {TREE} 0 R/Lang({_LANGUAGE})/Metadata {METADATA} 0 R"
            f"/ViewerPreferences<</DisplayDocTitle true>>{self._structure_entries()}>>",
            CATALOG,
        )
        stamp = f"(D:{self._created:%Y%m%d%H%M%SZ})"
        info = f"/Title {pdf_text(self._title)}/Producer(Downtime)/CreationDate {stamp}"
        self.object(f"<<{info}>>", INFO)
        self.append_batch(self.finish_batch(0))
        self._finish_table()
        return self._position

    def _structure_entries(self) -> str:
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
        when = f"{self._created:%Y-%m-%dT%H:%M:%SZ}"
        return _XMP.format(title=escape(self._title), language=_LANGUAGE, when=when)

    def _write_font(self, name: str) -> None:
        used = self._glyphs[name]
        font_file = subset_font(name, used)
        parts = {part: self.reserve() for part in ("descendant", "descriptor", "unicode", "file")}
        self.stream(
            "/Filter/FlateDecode", zlib.compress(to_unicode_map(name, used)), parts["unicode"]
        )
        entries = f"/Filter/FlateDecode/Length1 {len(font_file)}"
        self.stream(entries, zlib.compress(font_file), parts["file"])
        references_by_part = {part: f"{number} 0 R" for part, number in parts.items()}
        parts["font"] = FONTS[name]
        for part, content in font_objects(name, used, references_by_part).items():
            self.object(content, parts[part])

    def _finish_table(self) -> None:
        """The cross-reference stream, which finds objects inside object streams too."""
        start = self._position
        self._locations_by_group[XREF // _NUMBERS_TOGETHER].extend((XREF, 1, 0, start))
        compressor = zlib.compressobj(COMPRESSION)
        body = [compressor.compress(_ROW.pack(0, 0, 0xFFFF))]
        begin, end, spans = 0, 1, list[str]()
        for runs in self._sorted_rows():
            rows = []
            for first, count, row in runs:
                if first != end:
                    spans.append(f"{begin} {end - begin}")
                    begin = first
                end = first + count
                rows.append(row)
            body.append(compressor.compress(b"".join(rows)))
        body.append(compressor.flush())
        index = " ".join([*spans, f"{begin} {end - begin}"])
        self._write(
            f"{XREF} 0 obj\n<</Type/XRef/Size {end}/W[1 8 2]/Index[{index}]/Root {CATALOG} 0 R"
            f"/Info {INFO} 0 R/Filter/FlateDecode/Length {sum(map(len, body))}>>\nstream\n".encode()
        )
        for part in body:
            self._write(part)
        self._write(f"\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n".encode())

    def _sorted_rows(self) -> Iterator[Iterator[tuple[int, int, bytes]]]:
        """(first number, how many, rows) of every run in the order of their numbers, some together."""
        for _, runs in sorted(self._locations_by_group.items()):
            order = sorted(range(0, len(runs), 4), key=runs.__getitem__)
            yield (_table_rows(*runs[start : start + 4]) for start in order)

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._position += len(data)


def _table_rows(first: int, count: int, container: int, place: int) -> tuple[int, int, bytes]:
    if not container:
        return first, 1, _ROW.pack(1, place, 0)
    head = _ROW.pack(2, container, 0)[:-2]
    return first, count, head.join([b"", *_INDEXES[place : place + count]])


_LANGUAGE = "en-GB"
_ROW = Struct(">BQH")
_INDEXES = [index.to_bytes(2, "big") for index in range(MOST_OBJECTS_IN_STREAM)]
_NUMBERS_TOGETHER = 4096
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
