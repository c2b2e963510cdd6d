"""Pages on their way into a PDF: a sheaf of them is complete in itself, so any process can make it.

Object numbers are unique over the whole document from the start; only the position in the file is
added when a sheaf is put into it. What is not a stream goes compressed, a few hundred objects
together.
"""

import sys
import zlib
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, count
from typing import NamedTuple

from downtime.pdf.tags import Tag, structure_elements, references
from downtime.pdf.typeface import FACES

COMPRESSION = 2
"""Twice as fast as the usual 6, for a sixth more bytes."""
BATCH_PAGES = 64
"""Pages of a sheaf, more only where one document has more."""
CATALOG, TREE, INFO, STRUCTURE, DOCUMENT, PARENTS, METADATA, XREF, *_FONTS = range(
    1, 9 + len(FACES)
)
FONTS = dict(zip(FACES, _FONTS, strict=True))
FIRST_FREE = 9 + len(FACES)
"""Numbers of a document's own objects; those of its pages come after them."""
PAGE_KEYS_OF_BATCH = 1 << 16
"""Each sheaf's pages have keys of their own in the parent tree: its turn times this, and on."""
_OBJECTS_IN_STREAM = 200
_RANGE = 4096
MOST_OBJECTS_IN_STREAM = _OBJECTS_IN_STREAM + _RANGE
"""Objects in one stream: a page's are never parted."""


class PageBatch(NamedTuple):
    """Finished objects. `runs` says where they are: (first number, how many, container, place).

    Without a container the place is the offset of one object from the sheaf's start; else it is
    their index in that object stream.
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


def object_number_range(start: int, which: int, lanes: int) -> Callable[[int], int]:
    """Every so many blocks of numbers, so that processes never take the same and need not ask."""
    blocks = count(start + which * _RANGE, lanes * _RANGE)

    def fresh(size: int) -> int:
        if size > _RANGE:
            raise ValueError("more elements on a page than a block has numbers")
        return next(blocks)

    return fresh


class ObjectNumbers:
    """Object numbers from blocks: `fresh(size)` gives the first number of one."""

    def __init__(self, next_range: Callable[[int], int]) -> None:
        self.fresh = next_range
        self._next = self._end = 0

    def use_own_ranges(self, which: int, lanes: int) -> int:
        """Keep to one lane from now on; returns the number where all lanes begin."""
        start = self.fresh(1)
        self._next = self._end = 0
        self.fresh = object_number_range(start, which, lanes)
        return start

    def reserve(self, size: int) -> int:
        """The first of `size` numbers in a row."""
        if self._next + size > self._end:
            self._next = self.fresh(size)
            self._end = self._next + _RANGE
        self._next += size
        return self._next - size


class PageWriter:
    """Takes pages and gives them as sheaves. `document` before each document, `cut` to get them."""

    def __init__(self, numbers: ObjectNumbers, tagged: bool) -> None:
        self.tagged = tagged
        self.numbers = numbers
        self._on_page: set[str] = set()
        self._start_batch(0, False)

    def _start_batch(self, batch_index: int, front: bool) -> None:
        self.turn, self._front = batch_index, front
        self._body: list[bytes] = []
        self._length = 0
        self._runs = array("Q")
        self._waiting: list[str] = []
        self._waiting_numbers: list[int] = []
        self._waiting_runs: list[tuple[int, int, int]] = []
        self._kids: list[int] = []
        self._node = self._root = self._section = 0
        self._sections: list[tuple[int, list[str]]] = []
        self._leaf: list[str] = []
        self._used: dict[str, set[str]] = {name: set() for name in FACES}

    def use_glyphs(self, name: str, glyphs: str) -> None:
        """Note glyphs (hexadecimal, from `typeface.runs`) that the next page sets in a face."""
        self._on_page.add(name)
        self._used[name].add(glyphs)

    def begin_section(self) -> None:
        """What follows belongs together: one form, one list."""
        if self.tagged:
            if not self._root:
                self._root = self.numbers.reserve(1)
            self._sections.append((self.numbers.reserve(1), []))

    def add_page(
        self,
        size: tuple[float, float],
        drawings: Iterable[int],
        content: str,
        tags: Sequence[Tag] = (),
    ) -> None:
        """One page of `size` points: form XObjects (each drawn by `content` as /XNUMBER).

        `content` holds PDF operators; its text was encoded by `typeface.runs` and noted with `use`,
        and each drawn one of `tags` in turn is opened in it (see `tags.opening`).
        """
        if not self._kids:
            self._node = self.numbers.reserve(1)
        if self.tagged and not self._sections:
            self.begin_section()
        page = self.numbers.reserve(2 + len(tags))
        fonts = " ".join([f"/{name} {FONTS[name]} 0 R" for name in sorted(self._on_page)])
        self._on_page.clear()
        forms = " ".join([f"/X{number} {number} 0 R" for number in dict.fromkeys(drawings)])
        body = zlib.compress(content.encode("latin-1"), COMPRESSION)
        stream = self.stream("/Filter /FlateDecode", body, page + 1 + len(tags))
        key = f"/StructParents {self._key(len(self._kids))}/Tabs/S" if self.tagged else ""
        words = (
            f"<</Type/Page/Parent {self._node} 0 R/MediaBox[0 0 {size[0]:.2f} {size[1]:.2f}]"
            f"/Resources<</Font<<{fonts}>>/XObject<<{forms}>>>>/Contents {stream} 0 R{key}>>"
        )
        self._add_objects(page, [words, *self._tag(tags, page)])
        self._kids.append(page)

    def _key(self, page: int) -> int:
        return self.turn * PAGE_KEYS_OF_BATCH + page

    def _tag(self, tags: Sequence[Tag], page: int) -> list[str]:
        if not self.tagged:
            return []
        section, kids = self._sections[-1]
        made = structure_elements(tags, page + 1, page, section)
        kids.append(made.top)
        self._leaf.append(f"{self._key(len(self._kids))}[{made.marked}]")
        return made.objects

    def finish_batch(self, turn: int, front: bool = False) -> PageBatch:
        """All since the last cut; what follows is the sheaf of that `turn`."""
        leaf = 0
        last = len(self._kids) - 1
        if self._kids:
            words = f"/Parent {TREE} 0 R/Count {last + 1}/Kids[{references(self._kids)}]"
            self._add_objects(self._node, [f"<</Type/Pages{words}>>"])
        if self._sections:
            leaf = self._finish_tags(last)
        self._flush()
        sheaf = PageBatch(
            b"".join(self._body), self._runs, self._node, last + 1, self._root, leaf,
            (self._key(0), self._key(last)), _glyphs(self._used), self._front,
        )  # fmt: skip
        self._start_batch(turn, front)
        return sheaf

    def _finish_tags(self, last: int) -> int:
        for number, kids in self._sections:
            words = f"<</S/Sect/P {self._root} 0 R/K[{' '.join(kids)}]>>"
            self._add_objects(number, [words])
        sections = references([number for number, _ in self._sections])
        self._add_objects(self._root, [f"<</S/Div/P {DOCUMENT} 0 R/K[{sections}]>>"])
        leaf = self.numbers.reserve(1)
        limits = f"{self._key(0)} {self._key(last)}"
        self._add_objects(leaf, [f"<</Limits[{limits}]/Nums[{' '.join(self._leaf)}]>>"])
        return leaf

    def reserve(self) -> int:
        """A number for an object that is still to be written."""
        return self.numbers.reserve(1)

    def object(self, content: str, number: int) -> int:
        """Put an object that is not a stream."""
        self._add_objects(number, [content])
        return number

    def stream(self, words: str, body: bytes, number: int) -> int:
        """Put a stream; `words` are those of its dictionary besides its length."""
        data = b"%d 0 obj\n<<%b/Length %d>>\nstream\n%b\nendstream\nendobj\n" % (
            number, words.encode("latin-1"), len(body), body,
        )  # fmt: skip
        self._runs.extend((number, 1, 0, self._length))
        self._body.append(data)
        self._length += len(data)
        return number

    def _add_objects(self, first: int, objects: list[str]) -> None:
        self._waiting_runs.append((first, len(objects), len(self._waiting)))
        self._waiting_numbers += range(first, first + len(objects))
        self._waiting += objects
        if len(self._waiting) >= _OBJECTS_IN_STREAM:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        container = self.numbers.reserve(1)
        places = accumulate(map(len, self._waiting), lambda at, size: at + size + 1, initial=0)
        head = [f"{number} {at}" for number, at in zip(self._waiting_numbers, places, strict=False)]
        top = " ".join(head) + "\n"
        texts = "\n".join(self._waiting)
        body = zlib.compress((top + texts).encode("latin-1"), COMPRESSION)
        words = f"/Type/ObjStm/N {len(head)}/First {len(top)}/Filter/FlateDecode"
        self.stream(words, body, container)
        for first, objects, index in self._waiting_runs:
            self._runs.extend((first, objects, container, index))
        self._waiting.clear()
        self._waiting_numbers.clear()
        self._waiting_runs.clear()


def _glyphs(used: dict[str, set[str]]) -> dict[str, set[int]]:
    return {name: _numbers(texts) for name, texts in used.items() if texts}


def _numbers(texts: set[str]) -> set[int]:
    glyphs = array("H", bytes.fromhex("".join(texts)))
    if sys.byteorder == "little":
        glyphs.byteswap()
    return set(glyphs)
