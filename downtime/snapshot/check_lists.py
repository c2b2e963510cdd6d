"""Checks feeds as `feeds.check_feeds` does, and holds each full list against those before it."""

import time
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from downtime.feeds.check_feeds import FeedReport
from downtime.feeds.model import Replacement
from downtime.feeds.read_feeds import read_feeds
from downtime.settings import Settings
from downtime.snapshot.apply_messages import apply_messages
from downtime.snapshot.store import publisher_state


def check_feeds_and_lists(paths: Iterable[Path], settings: Settings, now: datetime) -> FeedReport:
    """Read everything and report; a list that a build would put in quarantine is said to be so.

    NotFoundError when a path does not exist. Nothing is kept: lists stand in memory.
    """
    started, report = time.perf_counter(), FeedReport()
    lists = (
        message
        for message in report.note_all(read_feeds(paths, settings))
        if any(isinstance(item, Replacement) for item in message.content)
    )
    db = publisher_state.open_in_memory()
    with closing(db.conn):
        applied = apply_messages(db, lists, settings, now)
    for item in applied.quarantined:
        report.quarantine(item.arrival, item.finding.text)
    report.seconds = time.perf_counter() - started
    return report
