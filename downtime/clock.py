"""Time as an argument: the clock that is handed in, and UTC text as it is stored."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The computer's time, in UTC; only the edges (web, command line) pass it in."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """`2026-01-02T10:20:30Z`: sorts as text in the order of time. A naive time is a bug."""
    if moment.tzinfo is None:
        raise ValueError("a stored time needs a time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_text(text: str) -> datetime:
    """The UTC datetime of a stored time."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
