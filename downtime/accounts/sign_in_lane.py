"""The one lane in which passwords are tried: one at a time, few wait, and each client has its share.

Trying a password takes 64 MiB and a tenth of a second on purpose. Whoever comes while the lane is full
is asked at once to try again, so that no web thread waits long; who waits already gives way to a client
that has less of the lane, and to people who have a session and only unlock it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from downtime.errors import BusyError
from downtime.settings import AccountsSettings


@dataclass(eq=False)
class _Place:
    """Somebody in the lane."""

    client: str
    has_session: bool
    is_refused: bool = False


_places: list[_Place] = []
"""The first one's password is tried now, the others wait in this order."""
_changed = threading.Condition()


@contextmanager
def enter_lane(
    settings: AccountsSettings, client: str = "", *, has_session: bool = False
) -> Iterator[None]:
    """Wait for one's turn to try a password; BusyError when others with the same right fill the lane."""
    place = _Place(client, has_session)
    with _changed:
        if len(_places) > settings.sign_ins_waiting:
            _make_room(place)
        _places.insert(_find_position(place), place)
        _changed.wait_for(lambda: place.is_refused or _places[0] is place)
        if place.is_refused:
            raise busy_error()
    try:
        yield
    finally:
        with _changed:
            _places.remove(place)
            _changed.notify_all()


def busy_error() -> BusyError:
    """The one sentence for who is asked to try again."""
    return BusyError(
        "signin.busy",
        "Many people sign in at this moment.",
        "Try again in a few seconds: nothing was counted against you.",
    )


def _find_position(place: _Place) -> int:
    """Behind whoever is there; who has a session before those who wait without one."""
    if place.has_session:
        for position, other in enumerate(_places[1:], 1):
            if not other.has_session:
                return position
    return len(_places)


def _make_room(place: _Place) -> None:
    """Let the last one go that has less right to wait; BusyError when there is none."""
    waiting = [other for other in _places[1:] if not other.has_session]
    if not waiting:
        raise busy_error()
    last = max(reversed(waiting), key=lambda other: _count_places(other.client))
    if not place.has_session and _count_places(last.client) <= _count_places(place.client) + 1:
        raise busy_error()
    last.is_refused = True
    _places.remove(last)
    _changed.notify_all()


def _count_places(client: str) -> int:
    return sum(other.client == client for other in _places)
