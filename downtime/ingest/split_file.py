"""A file as what is kept of it: its HL7 messages, its lines of NDJSON, or the file as a whole."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from downtime.clock import to_text
from downtime.feeds.fhir.json_documents import split_documents
from downtime.feeds.file_format import FileFormat, detect_format, open_as_bytes
from downtime.feeds.hl7.framing import split_messages
from downtime.feeds.model import Reject
from downtime.feeds.rejects import reject_file
from downtime.ingest.model import RawMessage
from downtime.settings import Settings


def split_file(path: Path, source: str, settings: Settings) -> Iterator[RawMessage | Reject]:
    """What is kept of a file, in order, block by block; a reject when it cannot be read at all."""
    limit = settings.feeds.max_file_bytes
    try:
        if path.stat().st_size > limit:
            reason = f"the file is larger than {limit} bytes (feeds.max_file_bytes)"
            yield reject_file(path, reason)
        else:
            yield from _split(path, source, settings.feeds.max_message_bytes)
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror or type(error).__name__}"
        yield reject_file(path, reason)


def _split(path: Path, source: str, limit: int) -> Iterator[RawMessage]:
    file_format = detect_format(path)
    modified = to_text(datetime.fromtimestamp(path.stat().st_mtime, UTC))
    if file_format is FileFormat.WORKBOOK:
        yield RawMessage(source, file_format, str(path), 1, path.read_bytes(), modified)
        return
    with open_as_bytes(path) as stream:
        if file_format is FileFormat.HL7:
            for number, data in enumerate(split_messages(stream, limit), start=1):
                yield RawMessage(source, file_format, str(path), number, data)
        elif file_format is FileFormat.JSON:
            for number, document in enumerate(split_documents(stream, limit), start=1):
                data, line = document
                yield RawMessage(source, file_format, str(path), number, data, modified, line)
        else:
            yield RawMessage(source, file_format, str(path), 1, stream.read(), modified)
