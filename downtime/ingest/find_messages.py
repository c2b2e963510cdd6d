"""Find messages in the ledger, the newest first, and look at one: as it came, and what it touches."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain

from downtime.errors import NotFoundError
from downtime.feeds.file_format import FileFormat
from downtime.feeds.hl7.segments import decode_text
from downtime.feeds.model import Change, FeedMessage, Operation, Outcome
from downtime.ingest.ledger import Ledger
from downtime.ingest.model import LedgerEntry, MessageFilter
from downtime.ingest.read_ledger import StoredRaw, get_raw
from downtime.ingest.read_raw import number_items, read_raw
from downtime.ingest.store import day_file, entries

_TEXTS = (FileFormat.HL7, FileFormat.JSON, FileFormat.TABLE, FileFormat.CUT)
PAGE = 100
"""Messages that are shown at a time."""


@dataclass(frozen=True, slots=True)
class TouchedRecord:
    """A record of which a message says something."""

    type: str
    source: str
    key: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """One message with all that is known of it. `raw` and the keys of `touched` are patient data."""

    entry: LedgerEntry
    raw: bytes
    format: str
    touched: tuple[TouchedRecord, ...]
    """As it is read today; the first thousand."""


def find_messages(ledger: Ledger, wanted: MessageFilter, limit: int = PAGE) -> list[LedgerEntry]:
    """The newest messages that fit, at most `limit`; without their patients' identifiers."""
    matching: list[LedgerEntry] = []
    days = ledger.list_days()
    for path in reversed(days):
        if wanted.since and path != days[-1] and path.stem < wanted.since[:10]:
            break
        if wanted.until and path.stem > wanted.until[:10]:
            continue
        with ledger.reading(path) as day:
            matching += entries.find_entries(day.db, wanted, limit - len(matching))
        if len(matching) >= limit:
            break
    return matching


def index_past_days(ledger: Ledger) -> None:
    """Make the day before today quick to search: nothing more is written into it."""
    for path in ledger.list_days()[-2:-1]:
        with ledger.reading(path) as day:
            day_file.index_for_search(day.db)


def get_entry(ledger: Ledger, arrival: int) -> LedgerEntry:
    """One message by its arrival number, with its patients' identifiers; NotFoundError."""
    path = ledger.find_day(arrival)
    if path is not None:
        with ledger.reading(path) as day:
            if entry := entries.get_entry(day.db, arrival):
                return entry
    raise NotFoundError(
        "ingest.unknown",
        f"The ledger holds no message {arrival}.",
        "Look for it with 'downtime ingest list', or on the Ingest page; it may be older than"
        " ingest.retention_days.",
    )


def show_message(ledger: Ledger, arrival: int) -> ShownMessage:
    """One message as it came, and the records that it touches as it is read today; NotFoundError."""
    entry = get_entry(ledger, arrival)
    stored = get_raw(ledger, arrival)
    if stored is None:
        return ShownMessage(entry, b"", "", ())
    touched = _list_touched(ledger, stored, arrival)
    return ShownMessage(entry, stored.raw.data, str(stored.raw.format), touched)


def describe_raw(shown: ShownMessage) -> str:
    """What came, as text with a line for each segment; a workbook says only how long it is."""
    if shown.format not in _TEXTS:
        return f"{shown.format}, {len(shown.raw)} bytes"
    return "\n".join(decode_text(shown.raw).splitlines())


def _list_touched(ledger: Ledger, stored: StoredRaw, arrival: int) -> tuple[TouchedRecord, ...]:
    items = number_items(stored.raw, stored.arrival, read_raw(stored.raw, ledger.context))
    item = next((item for number, item in items if number == arrival), None)
    if not isinstance(item, FeedMessage):
        return ()
    parts = ((part,) if isinstance(part, Change) else part.changes for part in item.content)
    touched = (
        TouchedRecord(change.type, change.source, change.key, change.operation)
        for change in chain.from_iterable(parts)
    )
    return tuple(dict.fromkeys(touched))[:1000]


def count_outcomes(ledger: Ledger) -> dict[str, Counter[tuple[str, Outcome]]]:
    """For each day, the newest first: messages by source and what became of them."""
    counts = {}
    for path in reversed(ledger.list_days()):
        with ledger.reading(path) as day:
            counts[path.stem] = Counter(entries.count_outcomes(day.db))
    return counts


def mask_entry(entry: LedgerEntry) -> LedgerEntry:
    """Without the identifiers of patients."""
    return replace(entry, identifiers=())
