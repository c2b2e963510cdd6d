"""JSON and NDJSON files to documents, each checked for size and depth before it is used.

A decimal is kept as it was written: 1.50 stays 1.50. Control characters, such as NUL, are left out. A
document in which one name has two different values is refused: which of them holds is not said.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import orjson

from downtime.feeds.hl7.segments import decode_text
from downtime.feeds.model import UnusableMessageError
from downtime.settings import FeedsSettings

_INEXACT = re.compile(rb"\d\.\d*0[\s,}\]]|\d[eE][+-]?\d|[.]\d{15}|\D0\.0000|\d{17}")
"""Numbers that would not come back from a float as they were written."""

_CONTROL = re.compile(
    rb"(?<!\\)((?:\\\\)*)\\u00(?:0[0-8bcef]|1[0-9a-f]|7f|[89][0-9a-f])", re.IGNORECASE
)
"""Control characters as JSON escapes them, behind any escaped backslashes."""
_TOO_DEEP = "the resource is nested deeper than {} levels (feeds.max_json_depth)"
_BLANK = b" \t\r\n\xef\xbb\xbf"


class JsonDocument(NamedTuple):
    """The bytes of one document, and the line of the file on which it begins, from 1."""

    data: bytes
    line: int


def split_documents(stream: BinaryIO, limit: int) -> Iterator[JsonDocument]:
    """One a line when the first or second line is whole by itself, else the file.

    What is longer than `limit` bytes is cut off just after it; a line that long never stops the
    lines that follow.
    """
    lines = _read_lines(stream, limit)
    first = next(lines, None)
    if first is None:
        return
    first = first._replace(data=first.data.removeprefix(b"\xef\xbb\xbf"))
    opening = first.data.strip()
    is_begun = opening == b"{" or opening.startswith(b"[")  # a document over several lines
    second = None if is_begun or _is_whole(first.data) else next(lines, None)
    is_list_of_lines = _is_whole(first.data) or (
        second and _is_whole(second.data, b'"resourceType"')
    )
    if is_list_of_lines or len(first.data) > limit:
        yield first
        yield from (second,) if second else ()
        yield from lines
        return
    head = first.data + (second.data if second else b"")
    yield JsonDocument(head + stream.read(max(0, limit + 1 - len(head))), first.line)


def _read_lines(stream: BinaryIO, limit: int) -> Iterator[JsonDocument]:
    """The lines that are not blank; of one that is too long, its beginning."""
    number = 0
    while line := stream.readline(limit + 1):
        number += 1
        if line.strip(_BLANK):
            yield JsonDocument(line, number)
        while len(line) > limit and not line.endswith(b"\n"):
            line = stream.readline(limit + 1)


def _is_whole(line: bytes, key: bytes = b"") -> bool:
    """Whether a line is an object by itself, and begins with a key when one is named."""
    if key and not line.lstrip(b"{ \t").startswith(key):
        return False
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def parse_json(data: bytes, settings: FeedsSettings) -> Any:
    """The JSON of one document; UnusableMessageError when it is too large, too deep or no JSON."""
    limit, depth = settings.max_message_bytes, settings.max_json_depth
    if len(data) > limit:
        reason = f"the resource is longer than {limit} bytes (feeds.max_message_bytes)"
        raise UnusableMessageError("", reason)
    if b"\\u00" in data:
        data = _CONTROL.sub(rb"\1", data)
    try:
        parsed = orjson.loads(data)
    except orjson.JSONDecodeError:
        data = decode_text(data).encode("utf-8")
        try:
            parsed = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise UnusableMessageError("", _word_error(error, depth)) from None
    if _is_deeper(parsed, depth):
        raise UnusableMessageError("", _TOO_DEEP.format(depth))
    if _count_names(data) > _count_names(orjson.dumps(parsed)):
        json.loads(data, object_pairs_hook=_check_names)
    return json.loads(data, parse_float=str) if _INEXACT.search(data) else parsed


def _count_names(data: bytes) -> int:
    """How many names a document has, as far as their colons tell: quickly, and only to compare."""
    return data.count(b'":') + data.count(b'" :')


def _check_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; UnusableMessageError when one name has two different values in it."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        if values.setdefault(name, value) != value:
            reason = (
                "one name has two different values in one object: which of them holds is not said"
            )
            raise UnusableMessageError("", reason)
    return values


def _word_error(error: orjson.JSONDecodeError, depth: int) -> str:
    if "depth" in error.msg:
        return _TOO_DEEP.format(depth)
    place = f" in its line {error.lineno}" if error.lineno > 1 else ""
    return f"not valid JSON: {error.msg}{place}, column {error.colno}"


def _is_deeper(document: Any, limit: int) -> bool:
    level = [document]
    for _ in range(limit):
        inner: list[Any] = []
        for item in level:
            children = item.values() if isinstance(item, dict) else item
            if isinstance(item, (dict, list)):
                inner.extend(child for child in children if isinstance(child, (dict, list)))
        if not inner:
            return False
        level = inner
    return True
