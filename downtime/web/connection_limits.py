"""Connections that hold places without asking anything are closed: idle ones, slow ones, too many of one client.

Waitress would count a connection as active for each byte that comes, and by a clock that may be set back.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from downtime.access_settings import WebSettings
from downtime.web.client_address import name_client
from downtime.web.front import Front

MIN_BYTES_PER_SECOND = 16_384
"""A body that comes more slowly than this is dropped, once its first seconds are over."""
LOOK_SECONDS = 0.5


class _Seen(NamedTuple):
    """A state of something, and since when (monotonic) it was seen so."""

    state: object
    since: float


class ConnectionLimits:
    """Looks after the connections of one listening waitress server."""

    def __init__(self, listener: Any, settings: WebSettings, front: Front) -> None:
        self._listener, self._settings, self._front = listener, settings, front
        self._activity: WeakKeyDictionary[Any, _Seen] = WeakKeyDictionary()
        self._requests: WeakKeyDictionary[Any, _Seen] = WeakKeyDictionary()
        self._looked = 0.0

    def close_overdue(self, _: float = 0) -> None:
        """Close what is overdue; waitress calls this in its own thread, each time it looks for work."""
        self._listener.next_channel_cleanup = 0  # call again, whatever the clock says meanwhile
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        waiting = [c for c in self._listener.active_channels.values() if not c.requests]
        for channel in waiting:
            if self._is_overdue(channel, now):
                channel.will_close = True
        for channel in self._list_surplus(waiting):
            channel.will_close = True

    def _is_overdue(self, channel: Any, now: float) -> bool:
        request = channel.request
        if request is None:
            silent = now - _note(self._activity, channel, channel.last_activity, now)
            return silent >= (
                self._settings.idle_seconds
                if _has_spoken(channel)
                else self._settings.request_seconds
            )
        started = _note(self._requests, request, None, now)
        length = request.content_length if request.headers_finished else 0
        return now - started >= self._settings.request_seconds + length / MIN_BYTES_PER_SECOND

    def _list_surplus(self, waiting: list[Any]) -> Iterator[Any]:
        """Of each client that has too many the ones that never asked anything, then the oldest."""
        by_client: defaultdict[str, list[Any]] = defaultdict(list)
        for channel in self._listener.active_channels.values():
            if not self._front.is_behind(channel):  # which counts its clients itself
                by_client[name_client(channel.addr[0])].append(channel)
        for channels in by_client.values():
            surplus = len(channels) - self._settings.client_connections
            if surplus > 0:
                closable = [channel for channel in channels if channel in waiting]
                closable.sort(key=lambda channel: (_has_answered(channel), channel.creation_time))
                yield from closable[:surplus]


def _note(seen: WeakKeyDictionary[Any, _Seen], key: Any, state: object, now: float) -> float:
    """Since when the state is so."""
    if key not in seen or seen[key].state != state:
        seen[key] = _Seen(state, now)
    return seen[key].since


def _has_spoken(channel: Any) -> bool:
    return bool(channel.last_activity != channel.creation_time)


def _has_answered(channel: Any) -> bool:
    """Whether a request has come whole on it, and none is coming now."""
    return _has_spoken(channel) and channel.request is None


def limit_connections(server: Any, settings: WebSettings, front: Front) -> None:
    """Let a waitress server, however many addresses it listens on, look after its connections so."""
    for listener in (server, *getattr(server, "map", {}).values()):
        if hasattr(listener, "active_channels"):
            listener.maintenance = ConnectionLimits(listener, settings, front).close_overdue
