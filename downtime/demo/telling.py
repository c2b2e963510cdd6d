"""When the laboratory and radiology told what: the events of requests, in the order sent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from downtime.demo.requests import Request

ORDERED, TAKEN, ARRIVED, CANCELLED = "ordered", "taken", "arrived", "cancelled"
PARTIAL, FINAL, CORRECTED = "partial", "final", "corrected"
ORDERS = (ORDERED, TAKEN, ARRIVED, CANCELLED)
RESULTS = (PARTIAL, FINAL, CORRECTED)
_SETTLED = timedelta(minutes=3)
"""What happened so shortly before `now` had not been sent when the system failed."""


@dataclass(frozen=True, slots=True)
class Told:
    """One message: what happened to requests of one person, when, and when it was sent."""

    sent: datetime
    what: str
    requests: tuple[Request, ...]
    when: datetime


def told(found: Iterable[Request], now: datetime) -> list[Told]:
    """All that was told up to `now`, in the order sent, with one pair out of order."""
    events = [
        event
        for _, group in groupby(found, key=lambda r: r.group)
        for event in _of_group(tuple(group))
        if event.sent <= now - _SETTLED
    ]
    events.sort(key=lambda e: (e.sent, e.requests[0].number, e.what))
    return _correction_first(events)


def _of_group(group: tuple[Request, ...]) -> Iterator[Told]:
    """Order, sampling and arrival are told once for all tests of a sample, cultures apart."""
    for cultures in (False, True):
        some = tuple(r for r in group if (r.section == "MB") is cultures)
        if some:
            yield from _of_order(some)
    for request in group:
        yield from _of_results(request)


def _of_order(some: tuple[Request, ...]) -> Iterator[Told]:
    first = some[0]
    if not first.registered:
        yield Told(first.ordered + timedelta(minutes=1), ORDERED, some, first.ordered)
        if first.collected and not first.is_scan:
            yield Told(first.collected + timedelta(minutes=1), TAKEN, some, first.collected)
    if first.received:
        yield Told(first.received + timedelta(minutes=1), ARRIVED, some, first.received)
    if first.cancelled:
        yield Told(first.cancelled + timedelta(minutes=1), CANCELLED, some, first.cancelled)


def _of_results(request: Request) -> Iterator[Told]:
    if not (request.resulted and request.received):
        return
    if request.code == "BC":
        for hours in (24, 48):
            yield _told(PARTIAL, request, request.received + timedelta(hours=hours))
    yield _told(FINAL, request, request.resulted)
    if request.case == "amended-result":
        yield _told(CORRECTED, request, request.resulted + timedelta(minutes=95))


def _told(what: str, request: Request, when: datetime) -> Told:
    return Told(when + timedelta(minutes=2), what, (request,), when)


def _correction_first(events: list[Told]) -> list[Told]:
    """The amendment stands in the file before the result that it amends."""
    mine = [n for n, event in enumerate(events) if event.requests[0].case == "amended-result"]
    first = next((n for n in mine if events[n].what == FINAL), None)
    second = next((n for n in mine if events[n].what == CORRECTED), None)
    if first is not None and second is not None:
        events.insert(first, events.pop(second))
    return events
