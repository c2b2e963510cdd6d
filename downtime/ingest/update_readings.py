"""What the ledger says of its messages, brought up to how they are read today."""

from collections import Counter
from collections.abc import Container, Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from downtime.feeds.model import Outcome
from downtime.ingest.ledger import Ledger
from downtime.ingest.model import RecordedMessage
from downtime.ingest.store import entries, messages
from downtime.ingest.store.messages import Identifiers, Reading


class _Stored(NamedTuple):
    day: Path
    arrival: int
    reading: Reading


class _Change(NamedTuple):
    """A message that is read otherwise; a row that is new, or that is read no more."""

    day: Path
    arrival: int
    number: int
    before: Reading | None
    after: Reading | None
    patients: set[Identifiers]


class ReadingUpdate:
    """Collects, in order of arrival, what is read otherwise; writes it once that is decided."""

    def __init__(self, ledger: Ledger, after: int) -> None:
        self.ledger = ledger
        self.after = after
        """Only what arrived after this number is read again."""
        self._changes: list[_Change] = []
        self._stored = self._iterate_stored()
        self._next = next(self._stored, None)
        self._day = Path()

    def note(self, recorded: RecordedMessage) -> None:
        """Compare a message with what the ledger says of it."""
        self._skip_to(recorded.arrival)
        stored = self._next if self._next and self._next.arrival == recorded.arrival else None
        before, after = stored.reading if stored else None, messages.describe_reading(recorded.item)
        if before != after:
            number, patients = recorded.item.position.number, messages.list_patients(recorded.item)
            day = stored.day if stored else self._day
            self._changes.append(_Change(day, recorded.arrival, number, before, after, patients))
        if stored:
            self._advance()

    def count_outcomes(self, quarantined: Container[int]) -> Counter[tuple[Outcome, Outcome]]:
        """Messages whose outcome is another, by the outcome before and after.

        What is read for the first time is no change. A row of a table that was rejected as a whole comes from `rejected`; `quarantined` are the
        arrival numbers of what goes into quarantine now.
        """
        pairs: Counter[tuple[Outcome, Outcome]] = Counter()
        for change in self._changes:
            is_first = change.before and change.before.outcome == Outcome.NOT_YET_READ
            if change.after and not is_first:
                before = Outcome(change.before.outcome) if change.before else Outcome.REJECTED
                is_quarantined = change.arrival in quarantined
                after = Outcome.QUARANTINED if is_quarantined else Outcome(change.after.outcome)
                pairs[before, after] += before is not after
        return +pairs

    def write(self) -> None:
        """Let the ledger say what is read today, one transaction for each day."""
        for path, changes in groupby(self._changes, key=lambda change: change.day):
            with self.ledger.reading(path) as day, day.transaction() as db:
                ordered = sorted(changes, key=lambda change: change.after is None)
                for change in ordered:  # what is read no more goes last: rows take its source over
                    if change.after is None:
                        messages.delete_message(db, change.arrival)
                        continue
                    if change.before is None:
                        messages.insert_row_of_document(db, change.arrival, change.number)
                    messages.update_reading(
                        db, day.numbers, change.arrival, change.after, change.patients
                    )

    def _skip_to(self, arrival: int) -> None:
        """What stands before it in the ledger is no longer read as a message of its own."""
        while self._next and self._next.arrival < arrival:
            stored = self._next
            self._changes.append(
                _Change(stored.day, stored.arrival, 0, stored.reading, None, set())
            )
            self._advance()

    def _advance(self) -> None:
        self._next = next(self._stored, None)

    def _iterate_stored(self) -> Iterator[_Stored]:
        for path in self.ledger.list_days():
            with self.ledger.reading(path) as day:
                self._day = path
                for arrival, reading in entries.iterate_readings(day.db):
                    if arrival > self.after:
                        yield _Stored(path, arrival, reading)
