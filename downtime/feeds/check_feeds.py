"""Checks feeds without keeping anything of them: what is read, what is refused, and why."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from downtime.feeds.model import Change, FeedMessage, Reject
from downtime.feeds.read_feeds import read_feeds
from downtime.settings import Settings


@dataclass(slots=True)
class FeedReport:
    """What reading some feeds came to."""

    accepted: int = 0
    rejected: list[Reject] = field(default_factory=list)
    records: Counter[str] = field(default_factory=Counter)
    """What was said of each type of record, merges and removals included."""
    kinds: Counter[str] = field(default_factory=Counter)
    """Accepted messages of each kind (`ADT^A01`, `Patient`, `table`)."""
    ignored: Counter[str] = field(default_factory=Counter)
    """Of these, the ones of which Downtime uses nothing."""
    seconds: float = 0.0

    @property
    def messages(self) -> int:
        """Messages, resources and rows in all; a reject inside an accepted table counts too."""
        return self.accepted + len(self.rejected)

    def as_json(self) -> dict[str, Any]:
        """The report as one JSON document: no patient data, positions and reasons only."""
        return {
            "messages": self.messages,
            "accepted": self.accepted,
            "rejected": [
                {
                    "source": reject.position.file,
                    "index": reject.position.number,
                    "segment": reject.segment,
                    "reason": reject.reason,
                }
                for reject in self.rejected
            ],
            "records": dict(sorted(self.records.items())),
            "kinds": dict(sorted(self.kinds.items())),
            "ignored": dict(sorted(self.ignored.items())),
            "seconds": round(self.seconds, 3),
        }


def check_feeds(paths: Iterable[Path], settings: Settings) -> FeedReport:
    """Reads everything and reports; NotFoundError when a path does not exist."""
    started, report = time.perf_counter(), FeedReport()
    for item in read_feeds(paths, settings):
        if isinstance(item, Reject):
            report.rejected.append(item)
            continue
        report.accepted += 1
        report.kinds[item.kind] += 1
        report.records.update(change.type for change in changes_of(item))
        if not item.content:
            report.ignored[item.kind] += 1
    report.seconds = time.perf_counter() - started
    return report


def changes_of(message: FeedMessage) -> Iterator[Change]:
    """Every change of a message, those inside a replacement included."""
    for item in message.content:
        if isinstance(item, Change):
            yield item
        else:
            yield from item.changes
