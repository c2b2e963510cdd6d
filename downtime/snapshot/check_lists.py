"""Checks feeds as `feeds.check_feeds` does, and holds each full list against those before it."""

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from downtime.feeds.check_feeds import FeedReport
from downtime.feeds.model import FeedMessage, Replacement
from downtime.ingest.read_paths import read_paths
from downtime.settings import Settings
from downtime.snapshot.apply_messages import apply_messages
from downtime.snapshot.store import publisher_state


def check_feeds_and_lists(paths: Iterable[Path], settings: Settings, now: datetime) -> FeedReport:
    """Read everything and report; a list that a build would put in quarantine is said to be so.

    NotFoundError when a path does not exist. Nothing is kept: lists stand in memory.
    """
    started, report = time.perf_counter(), FeedReport()
    db = publisher_state.open_in_memory()
    with closing(db.conn):
        applied = apply_messages(db, _note_messages(paths, settings, now, report), settings, now)
    for item in applied.quarantined:
        report.quarantine(item.arrival, item.finding.text)
    report.seconds = time.perf_counter() - started
    return report


def _note_messages(
    paths: Iterable[Path], settings: Settings, now: datetime, report: FeedReport
) -> Iterator[FeedMessage]:
    """Counts all of them, a repetition once; the full lists are passed on."""
    for message in read_paths(paths, settings, lambda: now):
        if message.repeated:
            report.repeated += 1
            continue
        report.note(message.item)
        item = message.item
        if isinstance(item, FeedMessage) and any(
            isinstance(part, Replacement) for part in item.content
        ):
            yield item
