"""What is received, read as today's profiles say: one HL7 message, or all that a document holds."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import BytesIO

from downtime.clock import Clock, system_clock
from downtime.feeds.context import FeedContext
from downtime.feeds.file_format import FileFormat
from downtime.feeds.hl7 import messages
from downtime.feeds.hl7.messages import describe_reject, read_or_reject
from downtime.feeds.model import FeedMessage, Position, Reject
from downtime.feeds.read_feeds import read_document
from downtime.ingest.model import RawMessage

Item = FeedMessage | Reject


def read_raw(raw: RawMessage, context: FeedContext, clock: Clock = system_clock) -> list[Item]:
    """One message of HL7; one or more of a document. What cannot be used is a reject."""
    if raw.format is FileFormat.HL7:
        position = Position(raw.name, raw.number)
        return [read_or_reject(raw.data, position, context, raw.line)]
    items = read_document(raw.name, raw.format, BytesIO(raw.data), raw.modified, context, clock)
    moved = [_move_item(item, raw.number - 1) for item in items] or [_describe_empty(raw)]
    if raw.format is FileFormat.CUT:
        return [
            describe_reject(item, raw.data, context, raw.line)
            for item in moved
            if isinstance(item, Reject)
        ]
    return moved


def read_heading(raw: RawMessage, context: FeedContext) -> list[Item]:
    """What one HL7 message says of itself, or why its structure lets it not be read; a document whole."""
    if raw.format is not FileFormat.HL7:
        return read_raw(raw, context)
    return [messages.read_heading(raw.data, Position(raw.name, raw.number), context, raw.line)]


def _describe_empty(raw: RawMessage) -> FeedMessage:
    position, kind = Position(raw.name, raw.number), str(raw.format)
    unused = "it holds no message, row or resource"
    return FeedMessage(position=position, kind=kind, source="", sent="", content=(), unused=unused)


def _move_item(item: Item, count: int) -> Item:
    """A line of NDJSON is read by itself, and stands further down in its file."""
    if not count:
        return item
    position = item.position._replace(number=item.position.number + count)
    return replace(item, position=position)


def number_items(raw: RawMessage, first: int, items: Iterable[Item]) -> Iterator[tuple[int, Item]]:
    """Each with its arrival number, which rises: that of its place in what was received.

    It is the same whenever it is read, whatever else is read of the same table by then.
    """
    arrival = first - 1
    for item in items:
        arrival = max(arrival + 1, first + item.position.number - raw.number)
        yield arrival, item
