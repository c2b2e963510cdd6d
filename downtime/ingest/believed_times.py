"""Times of a message as they could be believed when it was received: pure.

A clock that runs ahead is found out on receipt; read again a month later, its times lie in the past
and would look right. So they are taken away: the message counts as sent with what came before it
(`snapshot.stamps`), a list as made when it was received. The ledger says so, and a replay gives what
the first reading gave.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

from downtime.clinical.record_types import RECORD_TYPES
from downtime.clock import from_text, to_text
from downtime.feeds.check_feeds import list_changes
from downtime.feeds.model import Change, FeedMessage, Finding, FindingKind, Reject, Replacement

TOLERANCE = timedelta(minutes=10)
"""How far the clock of a system may be ahead of ours."""
_PAST = frozenset({"issued", "given", "occurrence", "effective"})
_PAST_FIELDS = {
    kind: name for kind, row in RECORD_TYPES.items() for name in row.time_fields if name in _PAST
}
"""By type of record the time of what has happened when it is told."""


def believe_times(item: FeedMessage | Reject, received: str) -> FeedMessage | Reject:
    """The message without times later than its receipt (UTC text; some minutes are forgiven), and with
    a finding for each that was.
    """
    if isinstance(item, Reject):
        return item
    latest = _find_latest(received)
    if item.sent <= latest and not _is_any_later(item.content, latest):
        return item
    return replace(
        item,
        sent=_believe(item.sent, latest),
        content=tuple(_believe_part(part, received, latest) for part in item.content),
        findings=(*item.findings, *_list_findings(item, latest)),
    )


def _list_findings(message: FeedMessage, latest: str) -> Iterator[Finding]:
    """What of a message lies after the latest time (UTC text) that could be true: its own time, when
    something happened, or a time that belongs to what is over.
    """
    texts = ["The time of a message lies in the future: it is not believed."] * _is_sent_later(
        message, latest
    )
    changes = list(list_changes(message))
    if any(change.event > latest for change in changes):
        texts.append(
            "Something is said to have happened in the future: it counts as when it was sent."
        )
    too_late = {change.type for change in changes if _is_field_later(change, latest)}
    texts += [
        f"{RECORD_TYPES[kind].singular}: '{_PAST_FIELDS[kind]}' lies in the future."
        for kind in sorted(too_late)
    ]
    return (Finding(FindingKind.TIME_IN_FUTURE, message.source, text) for text in texts)


@lru_cache(maxsize=64)
def _find_latest(received: str) -> str:
    return to_text(from_text(received) + TOLERANCE)


def _is_sent_later(message: FeedMessage, latest: str) -> bool:
    return message.sent > latest or any(part.sent > latest for part in message.content)


def _is_any_later(content: Iterable[Change | Replacement], latest: str) -> bool:
    for part in content:
        if part.sent > latest:
            return True
        if isinstance(part, Replacement):
            if _is_any_later(part.changes, latest):
                return True
        elif part.event > latest or (part.type in _PAST_FIELDS and _is_field_later(part, latest)):
            return True
    return False


def _is_field_later(change: Change, latest: str) -> bool:
    name = _PAST_FIELDS.get(change.type)
    return name is not None and str(change.fields.get(name, "")) > latest


def _believe_part(part: Change | Replacement, received: str, latest: str) -> Change | Replacement:
    if isinstance(part, Replacement):
        changes = tuple(_believe_change(change, latest) for change in part.changes)
        return replace(part, sent=_believe(part.sent, latest) or received, changes=changes)
    return _believe_change(part, latest)


def _believe_change(change: Change, latest: str) -> Change:
    return change._replace(sent=_believe(change.sent, latest), event=_believe(change.event, latest))


def _believe(time: str, latest: str) -> str:
    return time if time <= latest else ""
