"""Phoned results: which are critical, and which wait to be read back by a second person. Pure."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from downtime.clock import from_text
from downtime.outage.events.model import Event, EventKind, EventThread
from downtime.settings import Settings
from downtime.snapshot.search_terms import fold_text

_RULE = re.compile(r"\s*(.+?)\s*([<>])\s*(\d+(?:\.\d+)?)\s*")
_NUMBER = re.compile(r"[<>≤≥]?\s*(\d+(?:[.,]\d+)?)")


class PhonedResult(NamedTuple):
    """One result with what matters of it now."""

    thread: EventThread
    is_critical: bool
    read_back: Event | None
    is_overdue: bool
    """Nobody has read it back for longer than the site allows."""


def judge_results(
    threads: Iterable[EventThread], now: datetime, settings: Settings
) -> list[PhonedResult]:
    """Those that stand: overdue ones first, then critical ones, then the newest."""
    results = [
        _judge(thread, now, settings)
        for thread in threads
        if thread.latest.kind == EventKind.RESULT and thread.stands
    ]
    return sorted(
        sorted(results, key=lambda result: result.thread.latest.happened, reverse=True),
        key=lambda result: (
            result.read_back is not None, not result.is_overdue, not result.is_critical,
        ),
    )  # fmt: skip


def _judge(thread: EventThread, now: datetime, settings: Settings) -> PhonedResult:
    read_back = find_read_back(thread)
    waits = now - from_text(thread.latest.entered)
    limit = timedelta(minutes=settings.events.read_back_minutes)
    is_overdue = read_back is None and waits > limit
    return PhonedResult(thread, is_critical(thread.latest, settings), read_back, is_overdue)


def find_read_back(thread: EventThread) -> Event | None:
    """Who read back the result as it stands; what was corrected since has to be read back again."""
    return next(
        (e for e in thread.follow_ups if e.author != thread.latest.author and _agrees(e, thread)),
        None,
    )


def _agrees(read_back: Event, thread: EventThread) -> bool:
    if read_back.kind != EventKind.READ_BACK or read_back.position < thread.latest.position:
        return False
    values = read_back.answers.get("value", ""), thread.latest.answers["value"]
    return len({fold_value(value) for value in values}) == 1


def fold_value(value: str) -> str:
    """A value as two people may write it: `6.1`, `6,1`, ` 6.1`."""
    return "".join(value.split()).casefold().replace(",", ".")


def is_critical(result: Event, settings: Settings) -> bool:
    """Whether a value lies beyond a limit of the site, by the name of its test."""
    number = _NUMBER.match(result.answers["value"].strip())
    if number is None:
        return False
    value, test = float(number[1].replace(",", ".")), fold_text(result.answers["test"])
    return any(
        name in test and (value < limit if sign == "<" else value > limit)
        for name, sign, limit in read_rules(settings)
    )


def read_rules(settings: Settings) -> list[tuple[str, str, float]]:
    """Test, sign and limit of each rule; one that cannot be read is left out."""
    rules = (_RULE.fullmatch(rule) for rule in settings.events.critical_values)
    return [(fold_text(rule[1]), rule[2], float(rule[3])) for rule in rules if rule]
