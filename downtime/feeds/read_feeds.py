"""Reads files and folders of feeds: each message accepted with what it says, or rejected with why.

The format is found by content first, then by the file's suffix. Hidden files are left out, folders
are read to their depth, in the order of their names. Messages are numbered as they arrive, over all
files.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from downtime.clock import Clock, system_clock, to_text
from downtime.errors import NotFoundError
from downtime.feeds.context import FeedContext, feed_context
from downtime.feeds.fhir.resources import read_fhir
from downtime.feeds.file_format import UNREADABLE, FileFormat, detect_format, open_as_bytes
from downtime.feeds.hl7.messages import read_hl7
from downtime.feeds.model import FeedMessage, Reject
from downtime.feeds.rejects import reject_file
from downtime.feeds.tables.files import read_csv, read_workbook
from downtime.settings import Settings


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that are named, and those in the folders that are named; NotFoundError."""
    for path in paths:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.is_file())
            yield from sorted(p for p in inside if not _is_hidden(p.relative_to(path)))
        elif path.exists():
            yield path
        else:
            raise NotFoundError(
                "feeds.missing", f"There is no file or folder {path}.", "Check the name."
            )


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def read_feeds(
    paths: Iterable[Path], settings: Settings, clock: Clock = system_clock
) -> Iterator[FeedMessage | Reject]:
    """Every message of every file, in order; a fault in one never stops the rest."""
    arrival, context = 0, feed_context(settings)
    for path in find_files(paths):
        for item in _read_file(path, context, clock):
            arrival += 1
            yield replace(item, position=item.position._replace(arrival=arrival))


def _read_file(path: Path, context: FeedContext, clock: Clock) -> Iterator[FeedMessage | Reject]:
    limit = context.settings.feeds.max_file_bytes
    try:
        if path.stat().st_size > limit:
            reason = f"the file is larger than {limit} bytes (feeds.max_file_bytes)"
            yield reject_file(path, reason)
            return
        file_format = detect_format(path)
        modified = to_text(datetime.fromtimestamp(path.stat().st_mtime, UTC))
        with open_as_bytes(path) as stream:
            yield from read_document(str(path), file_format, stream, modified, context, clock)
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror or type(error).__name__}"
        yield reject_file(path, reason)


def read_document(
    name: str,
    file_format: FileFormat,
    stream: BinaryIO,
    modified: str,
    context: FeedContext,
    clock: Clock = system_clock,
) -> Iterator[FeedMessage | Reject]:
    """Every message of one file or page of a known format; `modified` is when it was changed (UTC)."""
    if file_format in UNREADABLE:
        yield reject_file(Path(name), UNREADABLE[file_format])
    elif file_format is FileFormat.WORKBOOK:
        yield from read_workbook(stream, name, modified, context, clock)
    elif file_format is FileFormat.HL7:
        yield from read_hl7(stream, name, context)
    elif file_format is FileFormat.JSON:
        yield from read_fhir(stream, name, context, clock, modified)
    else:
        yield from read_csv(stream, name, modified, context, clock)
