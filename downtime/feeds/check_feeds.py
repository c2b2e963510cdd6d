"""Checks feeds without keeping anything of them: what is used, what is not, and why."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from downtime.clinical.record_types import RECORD_TYPES
from downtime.feeds.model import (
    Change,
    FeedMessage,
    Finding,
    FindingKind,
    Origin,
    Outcome,
    Position,
    Reject,
    Replacement,
)
from downtime.feeds.quotes import quote_message
from downtime.feeds.read_feeds import read_feeds
from downtime.settings import Settings

MAX_LISTED = 1_000
"""Messages that are named for one reason; the others are counted."""
NOT_KNOWN = "not known"
"""The type of what could not be read so far."""


class FeedReason(NamedTuple):
    """Why messages of one type are not used, or not wholly."""

    outcome: Outcome
    kind: str
    """`ADT^A01`, `Patient`, `table` …"""
    segment: str
    reason: str


class FeedProblem(NamedTuple):
    """One message that is not used, or not wholly; holds no patient data."""

    reason: FeedReason
    position: Position
    origin: Origin
    quote: str = ""
    """The segment or row concerned, its values masked."""


class FeedFinding(NamedTuple):
    """Something else that is wrong with what was sent."""

    kind: FindingKind
    source: str
    segment: str
    text: str


class _ReadList(NamedTuple):
    """A full list, as it was counted when it was read."""

    kind: str
    outcome: Outcome
    position: Position
    origin: Origin


@dataclass(slots=True)
class FeedReport:
    """What reading some feeds came to."""

    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    """Messages, resources, rows and tables by type and what became of them."""
    reasons: Counter[FeedReason] = field(default_factory=Counter)
    problems: list[FeedProblem] = field(default_factory=list)
    """In the order read; of one reason not more than `MAX_LISTED`."""
    findings: Counter[FeedFinding] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    """What was said of each type of record, merges and removals included."""
    seconds: float = 0.0
    repeated: int = 0
    """What stands again as it stood before, and is counted nowhere else."""
    _lists: dict[int, _ReadList] = field(default_factory=dict)
    """By arrival number."""

    def count(self, outcome: Outcome) -> int:
        """How many messages came to this."""
        return sum(n for (_, counted), n in self.outcomes.items() if counted is outcome)

    @property
    def messages(self) -> int:
        """Messages, resources and rows in all; a reject inside an accepted table counts too."""
        return self.outcomes.total()

    @property
    def is_all_used(self) -> bool:
        """Whether everything that was sent is used."""
        return self.count(Outcome.USED) == self.messages

    @property
    def is_any_used(self) -> bool:
        """Whether something was taken of what was sent."""
        return self.count(Outcome.USED) + self.count(Outcome.USED_IN_PART) > 0

    def note(self, item: FeedMessage | Reject) -> None:
        """Count one."""
        if isinstance(item, Reject):
            self._note_reject(item)
        else:
            self._note_message(item)

    def quarantine(self, arrival: int, text: str) -> None:
        """A list that was noted is not applied, because it cannot be believed."""
        if noted := self._lists.pop(arrival, None):
            self.outcomes[noted.kind, noted.outcome] -= 1
            self.outcomes[noted.kind, Outcome.QUARANTINED] += 1
            reason = FeedReason(Outcome.QUARANTINED, noted.kind, "", text)
            self._note_problem(reason, noted.position, noted.origin)

    def _note_reject(self, reject: Reject) -> None:
        kind = reject.origin.kind or NOT_KNOWN
        self.outcomes[kind, Outcome.REJECTED] += 1
        reason = FeedReason(Outcome.REJECTED, kind, reject.segment, reject.reason)
        self._note_problem(reason, reject.position, reject.origin, reject.quote)

    def _note_message(self, message: FeedMessage) -> None:
        kind, outcome, position = message.kind, message.outcome, message.position
        types = (change.type for change in list_changes(message))
        self.records.update(name for name in types if name in RECORD_TYPES)
        self.outcomes[kind, outcome] += 1
        if any(isinstance(item, Replacement) for item in message.content):
            self._lists[position.arrival] = _ReadList(kind, outcome, position, message.origin)
        for gap in _list_gaps(message):
            reason = FeedReason(outcome, kind, gap.segment, gap.text)
            self._note_problem(reason, position, message.origin, quote_message(message, gap))
        for finding in message.findings:
            if finding.kind is FindingKind.NOT_READ:
                continue
            if finding.kind is FindingKind.LIST_IMPLAUSIBLE:
                self.quarantine(position.arrival, finding.text)
            else:
                named = FeedFinding(finding.kind, finding.source, finding.segment, finding.text)
                self.findings[named] += 1

    def _note_problem(
        self, reason: FeedReason, position: Position, origin: Origin, quote: str = ""
    ) -> None:
        self.reasons[reason] += 1
        if self.reasons[reason] <= MAX_LISTED:
            self.problems.append(FeedProblem(reason, position, origin, quote))


def _list_gaps(message: FeedMessage) -> list[Finding]:
    """What is not used of a message: the segment concerned, and why; nothing when all is used."""
    gaps = [finding for finding in message.findings if finding.kind is FindingKind.NOT_READ]
    if message.outcome is not Outcome.NOT_USED:
        return gaps
    unused = message.unused or ("" if gaps else "it says nothing that is used")
    return [Finding(FindingKind.NOT_READ, message.source, unused)] if unused else gaps


def check_feeds(paths: Iterable[Path], settings: Settings) -> FeedReport:
    """Read everything and report; NotFoundError when a path does not exist.

    Each list is believed as it stands (`snapshot.check_lists` holds it against the ones before).
    """
    started, report = time.perf_counter(), FeedReport()
    for item in read_feeds(paths, settings):
        report.note(item)
    report.seconds = time.perf_counter() - started
    return report


def list_changes(message: FeedMessage) -> Iterator[Change]:
    """Every change of a message, those inside a replacement included."""
    for item in message.content:
        if isinstance(item, Change):
            yield item
        else:
            yield from item.changes
