"""Write a PDF by appending: each page leaves at once, so memory stays flat however many there are.

What WeasyPrint drew is embedded once as a form XObject and referred to from every page; text is
set in one embedded font whose subset is written last, when the glyphs in use are known.
"""

import zlib
from array import array
from collections.abc import Iterable
from datetime import datetime
from typing import Any, BinaryIO

import pikepdf

from downtime.paper.typeface import FACES, font_objects, subset_font, to_unicode

COMPRESSION = 6
_PAGES_PER_NODE = 64


class PdfWriter:
    """One document on its way out. Use `embed`, `add_page` and, once, `finish`.

    Nothing identifiable is kept: `out` is the caller's, and only offsets stay in memory.
    """

    def __init__(self, out: BinaryIO, title: str, made: datetime, language: str = "en-GB") -> None:
        self._out = out
        self._title, self._made, self._language = title, made, language
        self._position = 0
        self._offsets = array("Q", [0])
        self._used: dict[str, set[str]] = {name: set() for name in FACES}
        self._nodes: list[tuple[int, list[int]]] = []
        self._front: tuple[int, list[int]] | None = None
        self.pages = 0
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self._catalog, self._tree, self._info = (self._reserve() for _ in range(3))
        self._fonts = {name: self._reserve() for name in FACES}
        self._on_page: set[str] = set()

    def embed(self, page: pikepdf.Page) -> int:
        """A foreign page as a form XObject with all that it needs; returns its object number."""
        numbers: dict[tuple[int, int], int] = {}
        return self._foreign(page.as_form_xobject(), numbers)

    def add_page(
        self,
        size: tuple[float, float],
        drawings: Iterable[int],
        content: str,
        *,
        front: bool = False,
    ) -> None:
        """One page of `size` points: form XObjects in order (each drawn by `content` as /XNUMBER).

        `content` holds PDF operators; its text was encoded by `typeface.runs` and noted with `use`.
        A `front` page comes before all others, though it is written when they are known.
        """
        node, kids = self._node(front)
        fonts = " ".join(f"/{name} {self._fonts[name]} 0 R" for name in sorted(self._on_page))
        self._on_page.clear()
        forms = " ".join(f"/X{number} {number} 0 R" for number in dict.fromkeys(drawings))
        body = zlib.compress(content.encode("latin-1"), COMPRESSION)
        stream = self._stream("/Filter /FlateDecode", body)
        kids.append(
            self._object(
                f"<< /Type /Page /Parent {node} 0 R /MediaBox [0 0 {size[0]:.2f} {size[1]:.2f}]"
                f" /Resources << /Font << {fonts} >> /XObject << {forms} >> >>"
                f" /Contents {stream} 0 R >>"
            )
        )
        self.pages += 1

    def _node(self, front: bool) -> tuple[int, list[int]]:
        if front:
            self._front = self._front or (self._reserve(), [])
            return self._front
        if not self._nodes or len(self._nodes[-1][1]) == _PAGES_PER_NODE:
            self._nodes.append((self._reserve(), []))
        return self._nodes[-1]

    def use(self, name: str, glyphs: str) -> None:
        """Note glyphs (hexadecimal, from `typeface.runs`) that the next page sets in a face."""
        self._on_page.add(name)
        self._used[name].add(glyphs)
        if len(self._used[name]) > 4096:
            self._used[name] = {"".join(f"{g:04X}" for g in self._glyphs(name))}

    def finish(self) -> int:
        """Write fonts, page tree and cross-reference table; returns the document's length."""
        for name in filter(self._used.get, FACES):
            self._write_font(name)
        nodes = [self._front, *self._nodes] if self._front else self._nodes
        for node, kids in nodes:
            self._tree_node(node, kids, len(kids), f"/Parent {self._tree} 0 R")
        self._tree_node(self._tree, [node for node, _ in nodes], self.pages, "")
        self._object(
            f"<< /Type /Catalog /Pages {self._tree} 0 R /Lang ({self._language})"
            " /ViewerPreferences << /DisplayDocTitle true >> >>",
            self._catalog,
        )
        title = pikepdf.String(self._title).unparse().decode("latin-1")
        stamp = f"(D:{self._made:%Y%m%d%H%M%SZ})"
        self._object(f"<< /Title {title} /Producer (Downtime) /CreationDate {stamp} >>", self._info)
        return self._finish_table()

    def _finish_table(self) -> int:
        start, count = self._position, len(self._offsets)
        self._write(f"xref\n0 {count}\n0000000000 65535 f \n".encode())
        for offset in self._offsets[1:]:
            self._write(b"%010d 00000 n \n" % offset if offset else b"0000000000 65535 f \n")
        trailer = f"<< /Size {count} /Root {self._catalog} 0 R /Info {self._info} 0 R >>"
        self._write(f"trailer\n{trailer}\nstartxref\n{start}\n%%EOF\n".encode())
        return self._position

    def _tree_node(self, number: int, kids: list[int], count: int, parent: str) -> None:
        names = " ".join(f"{kid} 0 R" for kid in kids)
        self._object(f"<< /Type /Pages {parent} /Count {count} /Kids [{names}] >>", number)

    def _write_font(self, name: str) -> None:
        used = self._glyphs(name)
        font_file = subset_font(name, used)
        parts = {part: self._reserve() for part in ("descendant", "descriptor")}
        parts["unicode"] = self._stream(
            "/Filter /FlateDecode", zlib.compress(to_unicode(name, used))
        )
        parts["file"] = self._stream(
            f"/Filter /FlateDecode /Length1 {len(font_file)}", zlib.compress(font_file)
        )
        references = {part: f"{number} 0 R" for part, number in parts.items()}
        parts["font"] = self._fonts[name]
        for part, content in font_objects(name, used, references).items():
            self._object(content, parts[part])

    def _glyphs(self, name: str) -> set[int]:
        codes = {text[i : i + 4] for text in self._used[name] for i in range(0, len(text), 4)}
        return {int(code, 16) for code in codes}

    def _foreign(self, value: Any, numbers: dict[tuple[int, int], int]) -> int:
        """Copy a foreign indirect object and all that it refers to; its number here."""
        key = value.objgen
        if key != (0, 0) and key in numbers:
            return numbers[key]
        number = self._reserve()
        if key != (0, 0):
            numbers[key] = number
        if isinstance(value, pikepdf.Stream):
            raw = value.read_raw_bytes()
            words = self._words({k: v for k, v in value.items() if k != "/Length"}, numbers)
            self._stream(words, raw, number)
        else:
            self._object(self._direct(value, numbers), number)
        return number

    def _text(self, value: Any, numbers: dict[tuple[int, int], int]) -> str:
        if isinstance(value, pikepdf.Object) and (
            value.is_indirect or isinstance(value, pikepdf.Stream)
        ):
            return f"{self._foreign(value, numbers)} 0 R"
        return self._direct(value, numbers)

    def _direct(self, value: Any, numbers: dict[tuple[int, int], int]) -> str:
        if isinstance(value, pikepdf.Dictionary):
            return f"<< {self._words(dict(value.items()), numbers)} >>"
        if isinstance(value, pikepdf.Array):
            return f"[{' '.join(self._text(part, numbers) for part in value)}]"
        if isinstance(value, pikepdf.Object):
            return value.unparse().decode("latin-1")
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _words(self, table: dict[str, Any], numbers: dict[tuple[int, int], int]) -> str:
        return " ".join(f"{key} {self._text(value, numbers)}" for key, value in table.items())

    def _reserve(self) -> int:
        self._offsets.append(0)
        return len(self._offsets) - 1

    def _object(self, content: str, number: int | None = None) -> int:
        return self._put(b"%b\n" % content.encode("latin-1"), number)

    def _stream(self, words: str, body: bytes, number: int | None = None) -> int:
        head = f"<< {words} /Length {len(body)} >>\nstream\n".encode("latin-1")
        return self._put(b"%b%b\nendstream\n" % (head, body), number)

    def _put(self, content: bytes, number: int | None) -> int:
        if number is None:
            number = self._reserve()
        self._offsets[number] = self._position
        self._write(b"%d 0 obj\n%bendobj\n" % (number, content))
        return number

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._position += len(data)
