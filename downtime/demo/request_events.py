"""When the laboratory and radiology told what: the events of requests, in the order sent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from downtime.demo.laboratory_values import Result, make_result, make_results
from downtime.demo.requests import Request


class EventKind(StrEnum):
    """What the laboratory or radiology reports of a request."""

    ORDERED = "ordered"
    TAKEN = "taken"
    ARRIVED = "arrived"
    CANCELLED = "cancelled"
    PARTIAL = "partial"
    FINAL = "final"
    CORRECTED = "corrected"


ORDERS = (EventKind.ORDERED, EventKind.TAKEN, EventKind.ARRIVED, EventKind.CANCELLED)
RESULTS = (EventKind.PARTIAL, EventKind.FINAL, EventKind.CORRECTED)
_SETTLED = timedelta(minutes=3)
"""What happened so shortly before `now` had not been sent when the system failed."""


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """One message: what happened to requests of one person, when, and when it was sent."""

    sent: datetime
    kind: EventKind
    requests: tuple[Request, ...]
    when: datetime


def list_request_events(requests: Iterable[Request], now: datetime) -> list[RequestEvent]:
    """All that was told up to `now`, in the order sent, with one pair out of order."""
    events = [
        event
        for _, group in groupby(requests, key=lambda r: r.group)
        for event in _list_group_events(tuple(group))
        if event.sent <= now - _SETTLED
    ]
    events.sort(key=lambda e: (e.sent, e.requests[0].number, e.kind))
    return _move_correction_forward(events)


def _list_group_events(group: tuple[Request, ...]) -> Iterator[RequestEvent]:
    """Order, sampling and arrival are told once for all tests of a sample, cultures apart."""
    for cultures in (False, True):
        same_section = tuple(r for r in group if (r.section == "MB") is cultures)
        if same_section:
            yield from _list_order_events(same_section)
    for request in group:
        yield from _list_result_events(request)


def _list_order_events(requests: tuple[Request, ...]) -> Iterator[RequestEvent]:
    first = requests[0]
    if not first.registered:
        yield RequestEvent(
            first.ordered + timedelta(minutes=1), EventKind.ORDERED, requests, first.ordered
        )
        if first.collected and not first.is_scan:
            yield RequestEvent(
                first.collected + timedelta(minutes=1), EventKind.TAKEN, requests, first.collected
            )
    if first.received:
        yield RequestEvent(
            first.received + timedelta(minutes=1), EventKind.ARRIVED, requests, first.received
        )
    if first.cancelled:
        yield RequestEvent(
            first.cancelled + timedelta(minutes=1), EventKind.CANCELLED, requests, first.cancelled
        )


def _list_result_events(request: Request) -> Iterator[RequestEvent]:
    if not (request.resulted and request.received):
        return
    if request.code == "BC":
        for hours in (24, 48):
            yield _result_event(
                EventKind.PARTIAL, request, request.received + timedelta(hours=hours)
            )
    yield _result_event(EventKind.FINAL, request, request.resulted)
    if request.case == "amended-result":
        yield _result_event(EventKind.CORRECTED, request, request.resulted + timedelta(minutes=95))


def _result_event(kind: EventKind, request: Request, when: datetime) -> RequestEvent:
    return RequestEvent(when + timedelta(minutes=2), kind, (request,), when)


def _move_correction_forward(events: list[RequestEvent]) -> list[RequestEvent]:
    """The amendment stands in the file before the result that it amends."""
    mine = [n for n, event in enumerate(events) if event.requests[0].case == "amended-result"]
    first = next((n for n in mine if events[n].kind == EventKind.FINAL), None)
    second = next((n for n in mine if events[n].kind == EventKind.CORRECTED), None)
    if first is not None and second is not None:
        events.insert(first, events.pop(second))
    return events


def result_values(request: Request, seed: int, kind: EventKind = EventKind.FINAL) -> list[Result]:
    """The values of a request's result; an amended one first had a haemolysed potassium."""
    taken = request.collected or request.ordered
    subject = request.subject(taken)
    results = make_results(seed, subject, request.code, request.group, taken.date())
    if request.case == "amended-result":
        potassium = 6.9 if kind == EventKind.FINAL else 4.6
        results = [make_result("K", potassium, subject) if r.code == "K" else r for r in results]
    return results
