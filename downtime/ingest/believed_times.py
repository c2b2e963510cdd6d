"""Times of a message as they could be believed when it was received: pure.

A clock that runs ahead is found out on receipt; read again a month later, its times lie in the past
and would look right. So they are cut to the time of receipt before they are applied, and a replay
gives what the first reading gave.
"""

from dataclasses import replace
from functools import lru_cache

from downtime.clinical.record_types import RECORD_TYPES
from downtime.clock import from_text, to_text
from downtime.feeds.model import Change, FeedMessage, Finding, FindingKind, Replacement
from downtime.snapshot.stamps import TOLERANCE

_PAST_FIELDS = ("issued", "given", "occurrence", "effective")
"""Times of what has happened when it is told."""


def believe_times(message: FeedMessage, received: str) -> FeedMessage:
    """The message with no time later than its receipt (UTC text; some minutes are forgiven)."""
    latest = _find_latest(received)
    if message.sent <= latest and not any(_is_later(part, latest) for part in message.content):
        return message
    content = tuple(_cut_part(part, latest) for part in message.content)
    return replace(message, sent=min(message.sent, latest), content=content)


def list_future_times(message: FeedMessage, latest: str) -> list[Finding]:
    """What of a message lies after the latest time (UTC text) that could be true: its own time, when
    something happened, or a time that belongs to what is over.
    """
    texts = ["The time of a message lies in the future: it is not believed."] * (
        message.sent > latest
    )
    changes = [part for part in message.content if isinstance(part, Change)]
    if any(change.event > latest for change in changes):
        texts.append(
            "Something is said to have happened in the future: it counts as when it was sent."
        )
    too_late = {
        (change.type, name)
        for change in changes
        for name in _PAST_FIELDS
        if latest < str(change.fields.get(name, ""))
    }
    texts += [
        f"{RECORD_TYPES[kind].singular}: '{name}' lies in the future."
        for kind, name in sorted(too_late)
    ]
    return [Finding(FindingKind.TIME_IN_FUTURE, message.source, text) for text in texts]


@lru_cache(maxsize=64)
def _find_latest(received: str) -> str:
    return to_text(from_text(received) + TOLERANCE)


def _is_later(part: Change | Replacement, latest: str) -> bool:
    if isinstance(part, Replacement):
        return part.sent > latest or any(_is_later(change, latest) for change in part.changes)
    return part.event > latest or part.sent > latest


def _cut_part(part: Change | Replacement, latest: str) -> Change | Replacement:
    if isinstance(part, Replacement):
        changes = tuple(_cut_change(change, latest) for change in part.changes)
        return replace(part, sent=min(part.sent, latest), changes=changes)
    return _cut_change(part, latest)


def _cut_change(change: Change, latest: str) -> Change:
    """An event that lies ahead counts as having happened when the message was made."""
    sent = min(change.sent, latest)
    return change._replace(sent=sent, event=sent if change.event > latest else change.event)
