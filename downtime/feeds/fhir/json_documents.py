"""JSON and NDJSON files to documents, each checked for size and depth before it is used.

A decimal is kept as it was written: 1.50 stays 1.50.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from downtime.feeds.hl7.segments import decode_text
from downtime.feeds.model import UnusableMessageError
from downtime.settings import FeedsSettings

_INEXACT = re.compile(rb"\d\.\d*0[\s,}\]]|\d[eE][+-]?\d|[.]\d{15}|\D0\.0000|\d{17}")
"""Numbers that would not come back from a float as they were written."""


def split_documents(stream: BinaryIO, limit: int) -> Iterator[bytes]:
    """One a line when the first line is whole by itself, else the file; cut off after `limit`."""
    first = b""
    while not first.strip(b" \t\r\n\xef\xbb\xbf"):
        first = stream.readline(limit + 1)
        if not first:
            return
    first = first.removeprefix(b"\xef\xbb\xbf")
    if not _is_whole(first):
        yield first + stream.read(max(0, limit + 1 - len(first)))
        return
    yield first
    while line := stream.readline(limit + 1):
        if line.strip():
            yield line
        while len(line) > limit and not line.endswith(b"\n"):
            line = stream.readline(limit + 1)


def _is_whole(line: bytes) -> bool:
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
    try:
        parsed = orjson.loads(data)
    except orjson.JSONDecodeError:
        data = decode_text(data).encode("utf-8")
        try:
            parsed = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise UnusableMessageError("", f"not valid JSON: {error}") from None
    if _is_deeper(parsed, depth):
        reason = f"the resource is nested deeper than {depth} levels (feeds.max_json_depth)"
        raise UnusableMessageError("", reason)
    return json.loads(data, parse_float=str) if _INEXACT.search(data) else parsed


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
