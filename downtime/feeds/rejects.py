"""One message never stops the rest: what goes wrong with it becomes its reject."""

import traceback
from collections.abc import Callable
from pathlib import Path

from downtime.feeds.model import FeedMessage, Position, Reject, UnusableMessageError


def accept_or_reject(position: Position, read: Callable[[], FeedMessage]) -> FeedMessage | Reject:
    """The message, or the reject that says why it cannot be used."""
    try:
        return read()
    except Exception as error:
        return describe_fault(position, error)


def describe_fault(position: Position, error: Exception) -> Reject:
    """Why a message cannot be used, by what was raised when it was read.

    A fault of our own is a reject too, naming the place in the program: a feed of a million
    messages is not lost for one. Its reason holds no word of the message.
    """
    if isinstance(error, UnusableMessageError):
        return Reject(position=position, segment=error.segment, reason=error.reason)
    place = traceback.extract_tb(error.__traceback__)[-1]
    module = place.filename.replace("\\", "/").rsplit("/", 1)[-1]
    reason = (
        f"a fault in Downtime, not in the message: {type(error).__name__} in {module} line "
        f"{place.lineno}; please report it"
    )
    return Reject(position=position, segment="", reason=reason)


def reject_file(path: Path, reason: str) -> Reject:
    """The reject of a file of which no message can be read."""
    return Reject(position=Position(str(path), 1), segment="", reason=reason)
