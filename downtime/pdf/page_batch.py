"""Pages on their way into a PDF: a batch of them is complete in itself, so any process can make it.

Object numbers are unique over the whole document from the start; only the position in the file is
added when a batch is put into it. What is not a stream goes compressed, a few hundred objects
together.
"""

import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, count
from typing import NamedTuple

from downtime.pdf.tags import Tag, references, structure_elements
from downtime.pdf.typeface import FACES

COMPRESSION = 2
"""Twice as fast as the usual 6, for a sixth more bytes."""
BATCH_PAGES = 64
"""Pages of a batch, more only where one document has more."""
CATALOG, TREE, INFO, STRUCTURE, DOCUMENT, PARENTS, METADATA, XREF, *_FONTS = range(
    1, 9 + len(FACES)
)
FONTS = dict(zip(FACES, _FONTS, strict=True))
FIRST_FREE = 9 + len(FACES)
"""Numbers of a document's own objects; those of its pages come after them."""
PAGE_KEYS_OF_BATCH = 1 << 16
"""Each batch's pages have keys of their own in the parent tree: its index times this, and on."""
_OBJECTS_IN_STREAM = 200
_NUMBERS_PER_RANGE = 4096
MOST_OBJECTS_IN_STREAM = _OBJECTS_IN_STREAM + _NUMBERS_PER_RANGE
"""Objects in one stream: a page's are never parted."""


class PageBatch(NamedTuple):
    """Finished objects, which need only their position in the file.

    `object_locations` holds four numbers for each run of objects: the first one's number, how many,
    container and place. Without a container the place is the offset of one object from the batch's
    start; else it is their index in that object stream.
    """

    data: bytes
    object_locations: "array[int]"
    pages_node: int
    pages: int
    structure_root: int
    """The structure element that holds all others of these pages; 0 when they are not tagged."""
    parent_tree_leaf: int
    parent_tree_keys: tuple[int, int]
    glyphs: dict[str, set[int]]
    """Glyphs of each face."""
    is_front: bool


class ObjectNumbers:
    """Object numbers from ranges: of `sharers` processes each keeps to every so many of them.

    So processes never take the same number and need not ask each other.
    """

    def __init__(self, start: int, index: int = 0, sharers: int = 1) -> None:
        self.use_ranges(start, index, sharers)

    def use_ranges(self, start: int, index: int, sharers: int) -> None:
        """Keep to every so many ranges from the number `start` on."""
        first = start + index * _NUMBERS_PER_RANGE
        self._ranges = count(first, sharers * _NUMBERS_PER_RANGE)
        self._next = self._end = 0

    def reserve_range(self) -> int:
        """Where the next whole range begins."""
        return next(self._ranges)

    def reserve(self, size: int = 1) -> int:
        """The first of `size` numbers in a row."""
        if self._next + size > self._end:
            if size > _NUMBERS_PER_RANGE:
                raise ValueError("more elements on a page than a range has numbers")
            self._next = self.reserve_range()
            self._end = self._next + _NUMBERS_PER_RANGE
        self._next += size
        return self._next - size


class _ObjectBuffer:
    """Finished objects, behind each other; those that are no streams wait to be compressed together."""

    def __init__(self, numbers: ObjectNumbers) -> None:
        self._reserve = numbers.reserve
        self._body: list[bytes] = []
        self._length = 0
        self._locations = array("Q")
        self._texts: list[str] = []
        self._numbers: list[int] = []
        self._runs: list[tuple[int, int, int]] = []
        """First number, count and place in `_texts` of objects that came together."""

    def add(self, first: int, objects: Sequence[str]) -> None:
        """Objects that are no streams, numbered from `first` on."""
        self._runs.append((first, len(objects), len(self._texts)))
        self._numbers += range(first, first + len(objects))
        self._texts += objects
        if len(self._texts) >= _OBJECTS_IN_STREAM:
            self._compress()

    def add_stream(self, entries: str, body: bytes, number: int) -> None:
        data = b"%d 0 obj\n<<%b/Length %d>>\nstream\n%b\nendstream\nendobj\n" % (
            number, entries.encode("latin-1"), len(body), body,
        )  # fmt: skip
        self._locations.extend((number, 1, 0, self._length))
        self._body.append(data)
        self._length += len(data)

    def _compress(self) -> None:
        """Put what waits into one object stream (ISO 32000-1, 7.5.7)."""
        if not self._texts:
            return
        offsets = accumulate(map(len, self._texts), lambda at, size: at + size + 1, initial=0)
        pairs = zip(self._numbers, offsets, strict=False)
        head = " ".join([f"{number} {offset}" for number, offset in pairs])
        text = "\n".join([head, *self._texts])
        body = zlib.compress(text.encode("latin-1"), COMPRESSION)
        entries = f"/Type/ObjStm/N {len(self._texts)}/First {len(head) + 1}/Filter/FlateDecode"
        container = self._reserve()
        self.add_stream(entries, body, container)
        for first, objects, index in self._runs:
            self._locations.extend((first, objects, container, index))
        self._texts.clear()
        self._numbers.clear()
        self._runs.clear()

    def finish(self) -> tuple[bytes, "array[int]"]:
        """All bytes, and where each object is in them, as `PageBatch` has it."""
        self._compress()
        return b"".join(self._body), self._locations


class PageWriter:
    """Takes pages and gives them in batches: `begin_section` before pages that belong together."""

    def __init__(self, numbers: ObjectNumbers, tagged: bool) -> None:
        self.tagged = tagged
        self.numbers = numbers
        self._on_page: set[str] = set()
        self._start_batch(0, False)

    def _start_batch(self, batch_index: int, is_front: bool) -> None:
        self.batch_index, self._is_front = batch_index, is_front
        self._objects = _ObjectBuffer(self.numbers)
        self._kids: list[int] = []
        self._pages_node = self._structure_root = 0
        self._sections: list[tuple[int, list[str]]] = []
        self._parent_tree_rows: list[str] = []
        self._glyphs_used: dict[str, set[str]] = {name: set() for name in FACES}

    def use_glyphs(self, name: str, glyphs: str) -> None:
        """Note glyphs (hexadecimal, from `glyph_runs`) that the next page sets in a face."""
        self._on_page.add(name)
        self._glyphs_used[name].add(glyphs)

    def begin_section(self) -> None:
        """What follows belongs together: one section of the document's structure."""
        if self.tagged:
            if not self._structure_root:
                self._structure_root = self.numbers.reserve()
            self._sections.append((self.numbers.reserve(), []))

    def add_page(
        self,
        size: tuple[float, float],
        xobjects: Iterable[int],
        content: str,
        tags: Sequence[Tag] = (),
    ) -> None:
        """One page of `size` points: form XObjects (each drawn by `content` as /XNUMBER).

        `content` holds PDF operators; its text was encoded by `glyph_runs` and noted with
        `use_glyphs`, and each of `tags` that has content is opened in it (`marked_content_start`).
        """
        if not self._kids:
            self._pages_node = self.numbers.reserve()
        if self.tagged and not self._sections:
            self.begin_section()
        page = self.numbers.reserve(2 + len(tags))
        fonts = " ".join([f"/{name} {FONTS[name]} 0 R" for name in sorted(self._on_page)])
        self._on_page.clear()
        forms = " ".join([f"/X{number} {number} 0 R" for number in dict.fromkeys(xobjects)])
        body = zlib.compress(content.encode("latin-1"), COMPRESSION)
        stream = self.stream("/Filter /FlateDecode", body, page + 1 + len(tags))
        key = f"/StructParents {self._key(len(self._kids))}/Tabs/S" if self.tagged else ""
        entries = (
            f"<</Type/Page/Parent {self._pages_node} 0 R/MediaBox[0 0 {size[0]:.2f} {size[1]:.2f}]"
            f"/Resources<</Font<<{fonts}>>/XObject<<{forms}>>>>/Contents {stream} 0 R{key}>>"
        )
        self._objects.add(page, [entries, *self._tag(tags, page)])
        self._kids.append(page)

    def _key(self, page: int) -> int:
        return self.batch_index * PAGE_KEYS_OF_BATCH + page

    def _tag(self, tags: Sequence[Tag], page: int) -> list[str]:
        if not self.tagged:
            return []
        section, kids = self._sections[-1]
        elements = structure_elements(tags, page + 1, page, section)
        kids.append(elements.top)
        self._parent_tree_rows.append(f"{self._key(len(self._kids))}[{elements.marked}]")
        return elements.objects

    def finish_batch(self, next_index: int, is_front: bool = False) -> PageBatch:
        """All pages since the last batch; what follows is the batch of that index."""
        leaf = 0
        last = len(self._kids) - 1
        if self._kids:
            entries = f"/Parent {TREE} 0 R/Count {last + 1}/Kids[{references(self._kids)}]"
            self._objects.add(self._pages_node, [f"<</Type/Pages{entries}>>"])
        if self._sections:
            leaf = self._finish_tags(last)
        data, locations = self._objects.finish()
        batch = PageBatch(
            data=data,
            object_locations=locations,
            pages_node=self._pages_node,
            pages=last + 1,
            structure_root=self._structure_root,
            parent_tree_leaf=leaf,
            parent_tree_keys=(self._key(0), self._key(last)),
            glyphs=_parse_glyphs(self._glyphs_used),
            is_front=self._is_front,
        )
        self._start_batch(next_index, is_front)
        return batch

    def _finish_tags(self, last: int) -> int:
        for number, kids in self._sections:
            entries = f"<</S/Sect/P {self._structure_root} 0 R/K[{' '.join(kids)}]>>"
            self._objects.add(number, [entries])
        sections = references([number for number, _ in self._sections])
        self._objects.add(self._structure_root, [f"<</S/Div/P {DOCUMENT} 0 R/K[{sections}]>>"])
        leaf = self.numbers.reserve()
        limits = f"{self._key(0)} {self._key(last)}"
        self._objects.add(leaf, [f"<</Limits[{limits}]/Nums[{' '.join(self._parent_tree_rows)}]>>"])
        return leaf

    def reserve(self) -> int:
        """A number for an object that is still to be written."""
        return self.numbers.reserve()

    def object(self, content: str, number: int) -> int:
        """Put an object that is not a stream."""
        self._objects.add(number, [content])
        return number

    def stream(self, entries: str, body: bytes, number: int) -> int:
        """Put a stream; `entries` are those of its dictionary besides its length."""
        self._objects.add_stream(entries, body, number)
        return number


def _parse_glyphs(used: dict[str, set[str]]) -> dict[str, set[int]]:
    """Glyphs by face, from their hexadecimal texts."""
    return {name: _parse_hexadecimal(texts) for name, texts in used.items() if texts}


def _parse_hexadecimal(texts: set[str]) -> set[int]:
    glyphs = array("H", bytes.fromhex("".join(texts)))
    if sys.byteorder == "little":
        glyphs.byteswap()
    return set(glyphs)
