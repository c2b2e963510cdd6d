"""The format of a feed file, by how it begins, else by its suffix; and the file as bytes."""

import codecs
import io
import re
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

_HL7 = re.compile(rb"(?:^|[\r\n\x0b])[ \t\f]*(?:MSH|FHS|BHS)[^A-Za-z0-9\s]")
"""Blanks of its own line only: over line ends too, a file of nothing else would be looked at for ever."""
_BLOCK = 65_536
HEAD_BYTES = _BLOCK
"""So much of a file tells what it is."""
_TABLES = (".csv", ".tsv", ".txt", ".tab")
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class FileFormat(StrEnum):
    """What a file is."""

    HL7 = "hl7"
    JSON = "json"
    TABLE = "table"
    WORKBOOK = "workbook"
    EMPTY = "empty"
    COMPRESSED = "compressed"
    XML = "xml"
    UNKNOWN = "unknown"
    CUT = "cut"
    """The beginning of something too long: that it was sent is kept, nothing of it is read."""


UNREADABLE = {
    FileFormat.EMPTY: "the file is empty",
    FileFormat.COMPRESSED: "a compressed file (gzip): it is read once it is unpacked",
    FileFormat.XML: "an XML file: FHIR is read as JSON only",
    FileFormat.UNKNOWN: "neither HL7 v2, FHIR in JSON, CSV nor a workbook",
    FileFormat.CUT: "longer than feeds.max_message_bytes or feeds.max_file_bytes allows:"
    " only its beginning is kept",
}
"""Why a file of such a format is rejected."""


def detect_format(path: Path) -> FileFormat:
    """What the file is, by content first."""
    with open_as_bytes(path) as stream:
        return detect_content(stream.read(HEAD_BYTES), path.suffix)


def detect_content(head: bytes, suffix: str) -> FileFormat:
    """What begins like this; `suffix` is that of its name, with the dot."""
    head, suffix = head[:HEAD_BYTES].removeprefix(codecs.BOM_UTF8), suffix.lower()
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):  # XLSX and ODS; XLS
        return FileFormat.WORKBOOK
    if head.startswith(b"\x1f\x8b"):
        return FileFormat.COMPRESSED
    if _HL7.search(head):
        return FileFormat.HL7
    start = head.lstrip()
    if start[:1] in (b"{", b"["):
        return FileFormat.JSON
    if start[:5] == b"<?xml" or (start[:1] == b"<" and suffix == ".xml"):
        return FileFormat.XML
    if not start:
        return FileFormat.EMPTY
    return FileFormat.TABLE if suffix in _TABLES and b"\x00" not in head else FileFormat.UNKNOWN


def open_as_bytes(path: Path) -> BinaryIO:
    """The file's bytes; UTF-16 with a byte order mark is turned into UTF-8 as it is read."""
    return as_bytes(path.open("rb"))


def as_bytes(stream: BinaryIO) -> BinaryIO:
    """The same for a file that is open at its beginning, and can go back there."""
    byte_order_mark = stream.read(2)
    if byte_order_mark not in _UTF16:
        stream.seek(0)
        return stream
    return io.BufferedReader(_Utf16AsUtf8(stream, _UTF16[byte_order_mark]))


class _Utf16AsUtf8(io.RawIOBase):
    """UTF-16 as UTF-8, block by block."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._pending = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._pending:
            block = self._stream.read(_BLOCK)
            self._pending = self._decoder.decode(block, final=not block).encode("utf-8", "replace")
            if not block:
                break
        size = min(len(buffer), len(self._pending))
        buffer[:size], self._pending = self._pending[:size], self._pending[size:]
        return size

    def close(self) -> None:
        self._stream.close()
        super().close()
