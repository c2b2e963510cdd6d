"""Tells what a feed file is by how it begins, else by its suffix; and opens it as UTF-8 or bytes."""

import codecs
import io
import re
from enum import Enum
from pathlib import Path
from typing import BinaryIO

_HL7 = re.compile(rb"(?:^|[\r\n\x0b])\s*(?:MSH|FHS|BHS)[^A-Za-z0-9\s]")
_BEGINNING = 65_536
_TABLES = (".csv", ".tsv", ".txt", ".tab")
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class FileFormat(Enum):
    """What a file is; the value of those that cannot be read is the reason."""

    HL7 = "HL7 v2"
    JSON = "JSON"
    TABLE = "table"
    WORKBOOK = "workbook"
    EMPTY = "the file is empty"
    OLD_WORKBOOK = "an old Excel file (.xls): save it as .xlsx or .csv"
    XML = "an XML file: FHIR is read as JSON only"
    UNKNOWN = "neither HL7 v2, FHIR in JSON, CSV nor XLSX"


def detect_format(path: Path) -> FileFormat:
    """What the file is, by content first."""
    with open_as_bytes(path) as stream:
        head = stream.read(_BEGINNING).removeprefix(codecs.BOM_UTF8)
    suffix = path.suffix.lower()
    if head.startswith(b"PK\x03\x04"):
        return FileFormat.WORKBOOK
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return FileFormat.OLD_WORKBOOK
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
    stream = path.open("rb")
    mark = stream.read(2)
    if mark not in _WIDE:
        stream.seek(0)
        return stream
    return io.BufferedReader(_Utf16AsUtf8(stream, _WIDE[mark]))


class _Utf16AsUtf8(io.RawIOBase):
    """UTF-16 as UTF-8, block by block."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            block = self._stream.read(_BEGINNING)
            self._rest = self._decoder.decode(block, final=not block).encode("utf-8", "replace")
            if not block:
                break
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def close(self) -> None:
        self._stream.close()
        super().close()
