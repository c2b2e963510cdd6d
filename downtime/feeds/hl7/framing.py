"""Splits HL7 v2 files into messages, as files in the wild are.

Survived: LF, CR and CRLF; a byte order mark; MLLP frames; FHS/BHS batches; `#` comment lines;
several messages in one file, even without a line end between them.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

_NAME = b"MSH"
_HEADER = re.compile(rb"MSH[^A-Za-z0-9\s]")
_BATCH = re.compile(rb"[\r\n\x0b\x1c][ \t]*[FB](?:HS|TS)[^A-Za-z0-9\s]")
_BATCH_AFTER_CR = re.compile(rb"\r[ \t]*[FB](?:HS|TS)[^A-Za-z0-9\s]")
"""The same where lines end with CR alone: what it begins with is found five times as fast."""
_LINE_ENDS = b"\r\n\x0b\x1c"
BLOCK = 1 << 20
_LOOK_BEHIND = 16


def split_messages(stream: BinaryIO, limit: int) -> Iterator[bytes]:
    """The messages of a file, read block by block; one longer than `limit` comes cut off there.

    Batch headers and trailers, and whatever stands outside a message, are left out.
    """
    return (data for _, data in number_messages(stream, limit))


def number_messages(stream: BinaryIO, limit: int) -> Iterator[tuple[int, bytes]]:
    """The same with the line of the file on which each begins, from 1.

    Of one that is too long only its beginning and what may hide the next are held: the rest of a line
    of gigabytes passes by, block by block.
    """
    buffer, seen, begin, line = b"", 0, -1, 1
    head, passed = b"", 0
    is_open = True
    while is_open:
        block = stream.read(BLOCK)
        buffer += block
        is_open = bool(block)
        end = max(seen, len(buffer) - _LOOK_BEHIND) if is_open else len(buffer)
        is_usual, counted = _has_usual_ends(buffer), max(begin, 0)
        for start in _find_starts(buffer, seen, end):
            if begin >= 0:
                yield line, head or _cut_message(buffer[begin:start], limit, is_usual=is_usual)
            line += passed + _count_lines(buffer, counted, start, is_usual=is_usual)
            begin = counted = start
            head, passed = b"", 0
        if is_open:
            seen = max(0, end - 3)
            if begin >= 0 and not head and len(buffer) - begin > limit + BLOCK:
                head = _cut_message(buffer[begin:], limit, is_usual=is_usual)
            is_held = begin >= 0 and not head
            cut = begin if is_held else _find_cut(buffer, max(begin, 0), seen)
            passed += _count_lines(buffer, counted, cut, is_usual=is_usual)
            buffer, seen, begin = buffer[cut:], seen - cut, min(begin, 0)
    if begin >= 0:
        yield line, head or _cut_message(buffer[begin:], limit, is_usual=is_usual)


def _find_cut(buffer: bytes, begin: int, seen: int) -> int:
    """Up to where nothing need stay: all but what tells whether a message begins, and no half line end."""
    cut = max(begin, seen - _LOOK_BEHIND)
    return cut - 1 if buffer[max(0, cut - 1) : cut + 1] == b"\r\n" else cut


def _has_usual_ends(buffer: bytes) -> bool:
    """Whether lines end with CR alone, and nothing is framed."""
    return b"\n" not in buffer and b"\x0b" not in buffer and b"\x1c" not in buffer


def _count_lines(buffer: bytes, start: int, end: int, *, is_usual: bool) -> int:
    """Line ends between two places: CR, LF or both."""
    returns = buffer.count(b"\r", start, end)
    feeds = 0 if is_usual else buffer.count(b"\n", start, end)
    both = buffer.count(b"\r\n", start, end) if feeds and returns else 0
    return feeds + returns - both


def _find_starts(buffer: bytes, seen: int, end: int) -> Iterator[int]:
    """Where messages begin: MSH at the start of a line, or with the usual delimiters behind it."""
    start = buffer.find(_NAME, seen, end)
    while start >= 0:
        if _HEADER.match(buffer, start, end) and _begins_message(buffer, start):
            yield start
        start = buffer.find(_NAME, start + len(_NAME), end)


def _begins_message(buffer: bytes, start: int) -> bool:
    if start and buffer[start - 1] in _LINE_ENDS:
        return True
    before = buffer[max(0, start - _LOOK_BEHIND) : start].rstrip(b" \t\xef\xbb\xbf")
    usual = buffer.startswith(b"MSH|^~\\", start) and not before.endswith(b"|")
    return not before or before[-1] in _LINE_ENDS or usual


def _cut_message(data: bytes, limit: int, *, is_usual: bool) -> bytes:
    """Without what stands behind it: the trailer of a batch, the header of the next."""
    is_usual = is_usual or _has_usual_ends(data)
    batch = (_BATCH_AFTER_CR if is_usual else _BATCH).search(data)
    return data[: min(batch.start(), limit + 1) if batch else limit + 1]
