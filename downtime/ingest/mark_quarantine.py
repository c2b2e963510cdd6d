"""What is decided of a message after it was read: it lies in quarantine, or is read otherwise today."""

from collections.abc import Mapping
from pathlib import Path

from downtime.feeds.model import Outcome
from downtime.ingest.ledger import Ledger
from downtime.ingest.store import messages


def mark_quarantined(ledger: Ledger, reasons: Mapping[int, str]) -> None:
    """Note of messages, by arrival number, that they were not applied, and why."""
    for arrival, reason in reasons.items():
        path = ledger.find_day(arrival)
        if path is None:
            continue
        with ledger.reading(path) as day, day.transaction() as db:
            messages.save_outcome(db, day.numbers, arrival, Outcome.QUARANTINED, reason)


def list_quarantined(ledger: Ledger, day: Path) -> set[int]:
    """Arrival numbers of a day's messages that lie in quarantine."""
    with ledger.reading(day) as opened:
        return messages.select_quarantined(opened.db)
