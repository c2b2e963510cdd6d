"""Look at a file that is to go on the shelf: a PDF in a process with limits, a telephone book line by line."""

import base64
import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import orjson

from downtime.errors import InputError
from downtime.outage_settings import ShelfSettings
from downtime.paper.shelf.model import PDF, TABLE, ReadFile
from downtime.processes import sandbox

_MODULE = "downtime.paper.shelf.document_child"
_PDF_START = b"%PDF-"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
MOST_COLUMNS, MOST_CELL = 8, 200


def read_document(content: bytes, settings: ShelfSettings) -> ReadFile:
    """The clean copy of a file and its words; what it is its first bytes say, not its name.

    InputError when it is too large, damaged, locked, asks for too much, or is neither a PDF nor a table.
    """
    if len(content) > settings.max_document_bytes:
        raise _unusable("it is too large (shelf.max_document_bytes)")
    if content.startswith(_PDF_START):
        return _read_pdf(content, settings)
    return _read_table(content, settings)


def _read_pdf(content: bytes, settings: ShelfSettings) -> ReadFile:
    limits = settings.memory_bytes, settings.seconds
    arguments = [str(settings.max_pages)]
    try:
        answer: Any = orjson.loads(
            b"".join(sandbox.read_lines(_MODULE, arguments, *limits, content=content))
        )
    except (sandbox.SandboxError, orjson.JSONDecodeError) as error:
        timed_out = isinstance(error, sandbox.SandboxError) and error.timed_out
        reason = "it takes too long to open" if timed_out else "it is damaged, or asks for too much"
        raise _unusable(reason) from None
    if "error" in answer:
        raise _unusable(answer["error"])
    texts = [_UNPRINTABLE.sub(" ", text) for text in answer["texts"]]
    return ReadFile(PDF, base64.b64decode(answer["pdf"]), texts)


def _read_table(content: bytes, settings: ShelfSettings) -> ReadFile:
    rows = list(_clean_rows(content))
    if len(rows) < 2 or len(rows) > settings.max_lines:
        raise _unusable(f"a telephone book has a head and 1 to {settings.max_lines} lines")
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return ReadFile(
        TABLE, out.getvalue().encode(), [" · ".join(filter(None, row)) for row in rows[1:]]
    )


def _clean_rows(content: bytes) -> Iterator[list[str]]:
    """The lines of a table with as many cells as its head; InputError when it is none."""
    if b"\x00" in content:
        raise _unusable("it is no PDF and no table")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    delimiter = (
        ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    )
    width = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            cells = [_UNPRINTABLE.sub(" ", cell).strip() for cell in row]
            if not any(cells):
                continue
            width = width or len(cells)
            if (
                len(cells) != width
                or not 2 <= width <= MOST_COLUMNS
                or max(map(len, cells)) > MOST_CELL
            ):
                raise _unusable(f"each line has the columns of its head, 2 to {MOST_COLUMNS}")
            yield cells
    except csv.Error:
        raise _unusable("it is no PDF and no table") from None


def read_rows(content: bytes) -> list[list[str]]:
    """The lines of a table as they are kept, its head first."""
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def _unusable(reason: str) -> InputError:
    return InputError(
        "shelf.unusable",
        f"This file cannot go on the shelf: {reason}.",
        "Save it anew as a plain PDF, a telephone book as CSV, and try again.",
    )
