"""Bring the publisher's state up to the ledger: each message read once, kept first, then applied.

The ledger is on the disk before the state is; the state remembers, in its own transaction, the last
arrival number that it has. So a cut at any moment loses nothing that is in the ledger and applies
nothing twice: the next time goes on behind that number.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import sqlite_utils

from downtime.clock import from_text
from downtime.feeds.model import (
    FeedMessage,
    Finding,
    FindingKind,
    Outcome,
    Position,
    Reject,
    Replacement,
)
from downtime.feeds.read_feeds import find_files
from downtime.ingest.ledger import Ledger
from downtime.ingest.mark_quarantine import mark_quarantined
from downtime.ingest.model import RecordedMessage
from downtime.ingest.read_ledger import get_latest_time, read_after
from downtime.ingest.record_messages import record_batches
from downtime.settings import Settings
from downtime.snapshot.apply_messages import QuarantinedList, apply_messages
from downtime.snapshot.hold_imports import NOTHING_HELD, HeldImports
from downtime.snapshot.state_files import keep_older_state
from downtime.snapshot.store import future_times, publisher_state, quarantined_lists
from downtime.vault.database import transaction
from downtime.vault.vault import Vault

MOST_REJECTED = 10_000
"""So many are named by one build."""
NO_OUTAGE: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Intake:
    """What was taken in, and what became of it."""

    messages: int = 0
    repeated: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    unused: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Messages of which nothing is used, by kind and reason."""
    rejected: list[Reject] = field(default_factory=list)
    """The first of them; `outcomes` counts all."""
    quarantined: dict[int, str] = field(default_factory=dict)
    """Arrival number to why a list was not applied."""
    released: set[int] = field(default_factory=set)
    held: Counter[str] = field(default_factory=Counter)
    """System to the messages that wait until its outage is over."""
    future: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Times that were still to come, by day of receipt (UTC) and system."""
    newest: int = 0
    """The highest arrival number of them."""
    _lists: dict[int, Outcome] = field(default_factory=dict)

    def note(self, recorded: RecordedMessage) -> None:
        """Count a message."""
        self.messages += 1
        self.repeated += recorded.repeated
        item, outcome = recorded.item, recorded.outcome
        self.outcomes[outcome] += 1
        self.newest = max(self.newest, recorded.arrival)
        if recorded.released:
            self.released.add(recorded.arrival)
        if isinstance(item, Reject):
            if len(self.rejected) < MOST_REJECTED:
                self.rejected.append(item)
            return
        if outcome is Outcome.NOT_USED:
            self.unused[item.kind, item.unused] += 1
        elif [part for part in item.content if isinstance(part, Replacement)]:
            self._lists[recorded.arrival] = outcome
        if item.findings and not recorded.repeated:
            self._note_future_times(item.findings, recorded.received[:10])

    def _note_future_times(self, findings: Iterable[Finding], day: str) -> None:
        kind = FindingKind.TIME_IN_FUTURE
        self.future.update((day, finding.source) for finding in findings if finding.kind is kind)

    def finish(self, db: sqlite_utils.Database, quarantined: Iterable[QuarantinedList]) -> None:
        """All is applied but these lists; what was rejected last is named once, not at each build."""
        self.quarantined = {item.arrival: item.finding.text for item in quarantined}
        with transaction(db):
            newest = max(self.newest, publisher_state.get_applied_arrival(db))
            publisher_state.save_applied_arrival(db, newest)
            future_times.add_future_times(db, self.future)
        for arrival in self.quarantined:
            self.outcomes[self._lists.get(arrival, Outcome.USED)] -= 1
            self.outcomes[Outcome.QUARANTINED] += 1

    @property
    def accepted(self) -> int:
        """Messages of which something is used."""
        return self.outcomes[Outcome.USED] + self.outcomes[Outcome.USED_IN_PART]

    @property
    def is_complete(self) -> bool:
        """Whether all that was sent is used, in part at least."""
        return not (self.rejected or self.unused or self.quarantined)


def update_state(
    vault: Vault,
    settings: Settings,
    ledger: Ledger,
    db: sqlite_utils.Database,
    paths: Iterable[Path],
    down: Mapping[str, str] = NO_OUTAGE,
) -> Intake:
    """Take the files in, and apply all that the ledger holds and the state `db` does not.

    Not what systems sent that are `down`, after the time (UTC) at which each was lost.
    """
    intake, now = Intake(), from_text(get_latest_time(ledger))
    with transaction(db):
        publisher_state.prepare_tables(db)
    applied = publisher_state.get_applied_arrival(db)
    if not applied:
        keep_older_state(vault, db)
    mark_quarantined(ledger, quarantined_lists.select_quarantined(db))
    imports = HeldImports.begin(db, down, applied)
    recorded = _take_in(ledger, applied, find_files(paths), intake)
    messages = list_usable(chain(imports.read_resumed(ledger, applied), recorded), intake, imports)
    result = apply_messages(db, messages, settings, now, intake.released)
    intake.finish(db, result.quarantined)
    imports.finish(db)
    mark_quarantined(ledger, intake.quarantined)
    return intake


def _take_in(
    ledger: Ledger, applied: int, files: Iterable[Path], intake: Intake
) -> Iterator[RecordedMessage]:
    """All messages after the number `applied`, in order of arrival; those of the files are new ones.

    What others put into the ledger meanwhile stands between two batches of ours.
    """
    for path in files:
        for batch in record_batches(ledger, path):
            new = [message for message in batch if message.arrival and not message.repeated]
            for message in batch:
                if message.repeated or not message.arrival:
                    intake.note(message)
            if new:
                if new[0].arrival > applied + 1:
                    yield from read_after(ledger, applied, new[0].arrival)
                yield from new
                applied = new[-1].arrival
    yield from read_after(ledger, applied)


def list_usable(
    recorded: Iterable[RecordedMessage], intake: Intake, imports: HeldImports = NOTHING_HELD
) -> Iterator[FeedMessage]:
    """The messages that a state applies, with their arrival numbers; all are counted."""
    for message in recorded:
        intake.note(message)
        if system := imports.find_holder(message):
            intake.held[system] += 1
        elif isinstance(item := message.item, FeedMessage):
            item.position = Position(*item.position[:2], message.arrival)
            yield item
