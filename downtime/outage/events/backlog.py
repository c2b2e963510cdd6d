"""Appointments and operations that did not take place and have no new date: the backlog, by priority. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from downtime.clinical.model import AppointmentStatus
from downtime.outage.events.model import Event

_NOT_DONE = (AppointmentStatus.CANCELLED, AppointmentStatus.NOSHOW)
PRIORITIES: Mapping[str, str] = {
    "cancer": "Suspected cancer",
    "urgent": "Urgent",
    "routine": "Routine",
    "": "Priority not recorded",
}
"""In the order in which they are worked off."""


def list_backlog(events: Iterable[Event]) -> list[Event]:
    """Of the last outcome of each slot those without a new date: by priority, target date, then when they were."""
    waiting = [
        event
        for event in events
        if event.answers["outcome"] in _NOT_DONE and not event.answers.get("rebook_start")
    ]
    order = list(PRIORITIES)
    return sorted(
        waiting,
        key=lambda event: (
            order.index(event.answers.get("priority", "")),
            event.answers.get("target") or "~",
            event.answers.get("start", ""),
        ),
    )


def count_backlog(backlog: Iterable[Event]) -> dict[str, int]:
    """How many of each priority, none left out."""
    counted = Counter(event.answers.get("priority", "") for event in backlog)
    return {PRIORITIES[code]: counted[code] for code in PRIORITIES}
