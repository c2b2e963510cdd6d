"""A file as what is kept of it: its HL7 messages, its lines of NDJSON, or the file as a whole."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import BinaryIO

from downtime.clock import to_text
from downtime.feeds.fhir.json_documents import split_documents
from downtime.feeds.file_format import HEAD_BYTES as LOOKED_AT_BYTES
from downtime.feeds.file_format import FileFormat, as_bytes, detect_content
from downtime.feeds.hl7.framing import number_messages
from downtime.feeds.model import Reject
from downtime.feeds.rejects import reject_file
from downtime.ingest.model import RawMessage
from downtime.ingest.policies import HEAD_BYTES, cut_when_too_long
from downtime.settings import Settings


def split_file(path: Path, source: str, settings: Settings) -> Iterator[RawMessage | Reject]:
    """What is kept of a file, in order, block by block; a reject when it cannot be read at all."""
    limit = settings.feeds.max_file_bytes
    try:
        if path.stat().st_size > limit:
            with path.open("rb") as stream:
                yield describe_too_large(stream, str(path), _read_modified(path), source)
        else:
            yield from _split(path, source, settings.feeds.max_message_bytes)
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror or type(error).__name__}"
        yield reject_file(path, reason)


def _split(path: Path, source: str, limit: int) -> Iterator[RawMessage]:
    with path.open("rb") as stream:
        yield from split_stream(stream, str(path), _read_modified(path), source, limit)


def _read_modified(path: Path) -> str:
    return to_text(datetime.fromtimestamp(path.stat().st_mtime, UTC))


def describe_too_large(stream: BinaryIO, name: str, modified: str, source: str) -> RawMessage:
    """What is kept of a file that is not read because it is too large: that it was there."""
    return RawMessage(source, FileFormat.CUT, name, 1, stream.read(HEAD_BYTES), modified)


def split_stream(
    opened: BinaryIO, name: str, modified: str, source: str, limit: int
) -> Iterator[RawMessage]:
    """The same for a file that is open, here or far away, and can go back to its beginning.

    `limit` is the most bytes of one message: of a longer one only the beginning is kept; `modified`
    is when the file was changed (UTC).
    """
    for raw in _split_stream(opened, name, modified, source, limit):
        yield cut_when_too_long(raw, limit)


def _split_stream(
    opened: BinaryIO, name: str, modified: str, source: str, limit: int
) -> Iterator[RawMessage]:
    looked_at = as_bytes(opened)  # kept to the end: when it goes it closes the file
    head = looked_at.read(LOOKED_AT_BYTES)
    file_format = detect_content(head, PurePath(name).suffix)
    opened.seek(0)
    if file_format is FileFormat.WORKBOOK:
        yield RawMessage(source, file_format, name, 1, opened.read(limit + 1), modified)
        return
    stream = as_bytes(opened)
    if file_format is FileFormat.HL7:
        number = 0
        for number, (line, data) in enumerate(number_messages(stream, limit), start=1):
            yield RawMessage(source, file_format, name, number, data, line=line)
        if not number:  # a batch without messages: its beginning says that it was there
            yield RawMessage(source, file_format, name, 1, head[:HEAD_BYTES], line=1)
    elif file_format is FileFormat.JSON:
        for number, (data, line) in enumerate(split_documents(stream, limit), start=1):
            yield RawMessage(source, file_format, name, number, data, modified, line)
    else:
        yield RawMessage(source, file_format, name, 1, stream.read(limit + 1), modified)
