"""Fold events with their corrections and with what was recorded about them later. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from downtime.outage.events.model import Event, EventThread


def fold_threads(events: Sequence[Event], follow_ups: Iterable[Event] = ()) -> list[EventThread]:
    """Each event once with its versions, in the order in which things happened.

    The newest version counts, whatever machine it came from. `follow_ups` are
    events about events beside those that are among `events`.
    """
    versions: dict[str, list[Event]] = defaultdict(list)
    for event in {e.id: e for e in (*events, *follow_ups)}.values():
        versions[event.root].append(event)
    for of_one in versions.values():
        of_one.sort(key=_version_order)
    by_topic: dict[str, list[Event]] = defaultdict(list)
    for of_one in versions.values():
        latest = of_one[-1]
        if latest.topic in versions and not latest.is_withdrawn:
            by_topic[latest.topic].append(latest)
    wanted = {event.root for event in events}
    threads = [
        EventThread(
            versions=tuple(of_one),
            follow_ups=tuple(
                sorted(by_topic[root], key=lambda event: (event.happened, event.position, event.id))
            ),
        )
        for root, of_one in versions.items()
        if root in wanted
    ]
    return sorted(threads, key=thread_order)


def _version_order(event: Event) -> tuple[bool, int, str, str]:
    return event.is_correction, event.position, event.entered, event.id


def thread_order(thread: EventThread) -> tuple[str, int, str]:
    """By when it happened, then in the order in which it was recorded."""
    return thread.latest.happened, thread.versions[0].position, thread.root
