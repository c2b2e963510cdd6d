"""The requests that wait for a web thread: those of people with a session first, then strangers in turn.

Strangers (anybody without a session: the sign-in page is all that they need) have few threads, and each of
their addresses has its turn after each other's. So a nurse's page never waits behind them, and nobody at
one address keeps those at another from signing in. While people with a session ask for pages, strangers
have a share of the processor's time and no more: a page shares the interpreter with every other thread.
For the same reason pages for people are made one after another: of many at once each would end with the last.
"""

import logging
import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, NamedTuple

from downtime.access_settings import WebSettings

log = logging.getLogger("downtime.web")

STRANGERS_REST = 4
"""While somebody with a session asks for pages, strangers rest so many times as long as they have worked."""
LONG_SECONDS = 0.1
"""Whatever takes longer, as an upload does, no longer keeps the next one waiting."""
SECONDS_WITH_PEOPLE = 5.0
"""So long after a page for somebody with a session the next one is expected."""


class _Refusal:
    """What waitress answers instead of asking the app."""

    def to_response(self, _: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Its status, headers and body."""
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Retry-After", "5")]
        return "503 Service Unavailable", headers, b"Many people ask at this moment. Try again.\n"


class _Next(NamedTuple):
    """The request that is answered next."""

    channel: Any
    is_stranger: bool
    begun: float


class RequestQueue:
    """What a waitress server gives its requests to, instead of its own queue for all."""

    def __init__(
        self,
        settings: WebSettings,
        has_session: Callable[[str], bool],
        name_client: Callable[[Any], str],
    ) -> None:
        self._threads_wanted = settings.threads
        self._strangers_most = min(settings.stranger_threads, max(1, settings.threads - 1))
        self._waiting_most = settings.strangers_waiting
        self._has_session, self._name_client = has_session, name_client
        self._first: deque[Any] = deque()
        self._strangers: OrderedDict[str, deque[Any]] = OrderedDict()
        self._strangers_answered = 0
        self._strangers_rest_until = self._person_seen = -math.inf
        self._begun: list[float] = []
        """When each request of a person with a session was begun that is not answered yet."""
        self._threads: list[threading.Thread] = []
        self._is_stopping = False
        self._changed = threading.Condition()

    def add_task(self, channel: Any) -> None:
        """A request has come whole on this connection of waitress."""
        request = channel.requests[0]
        with self._changed:
            self._start_threads()
            if self._has_session(request.headers.get("COOKIE", "")):
                self._first.append(channel)
                self._person_seen = time.monotonic()
            elif self._is_full(client := self._name_client(channel)):
                request.error = _Refusal()
                self._first.append(channel)
            else:
                self._strangers.setdefault(client, deque()).append(channel)
            self._changed.notify()

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """Answer nothing more; whether something was left unanswered."""
        with self._changed:
            self._is_stopping = True
            is_pending = bool(self._first or self._strangers)
            self._changed.notify_all()
        end = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        if cancel_pending:
            for channel in (
                *self._first,
                *(c for queue in self._strangers.values() for c in queue),
            ):
                channel.cancel()
        return is_pending

    def _is_full(self, client: str) -> bool:
        """Whether as many requests of a client wait as are its share."""
        clients = self._strangers.keys() | {client}
        share = max(1, self._waiting_most // len(clients))
        return len(self._strangers.get(client, ())) >= share

    def _start_threads(self) -> None:
        for number in range(len(self._threads), self._threads_wanted):
            thread = threading.Thread(target=self._work, name=f"web-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while (following := self._wait_for_next()) is not None:
            started = time.thread_time()
            try:
                following.channel.service()
            except BaseException as error:
                log.error("a connection failed: %s", type(error).__name__)
            with self._changed:
                if following.is_stranger:
                    self._end_stranger(time.thread_time() - started)
                else:
                    self._begun.remove(following.begun)
                self._changed.notify()

    def _end_stranger(self, worked_seconds: float) -> None:
        now = time.monotonic()
        self._strangers_answered -= 1
        if now - self._person_seen < SECONDS_WITH_PEOPLE:
            rested_until = max(now, self._strangers_rest_until)
            self._strangers_rest_until = rested_until + STRANGERS_REST * worked_seconds

    def _wait_for_next(self) -> _Next | None:
        with self._changed:
            while not self._is_stopping:
                now = time.monotonic()
                pause_seconds = self._find_pause(now)
                if pause_seconds is not None and pause_seconds <= 0:
                    if self._first:
                        self._begun.append(now)
                        return _Next(self._first.popleft(), is_stranger=False, begun=now)
                    self._strangers_answered += 1
                    return _Next(self._pop_stranger(), is_stranger=True, begun=now)
                self._changed.wait(pause_seconds)
        return None

    def _find_pause(self, now: float) -> float | None:
        """Seconds until a request can be answered; None while there is none for anybody."""
        is_strangers_turn = self._strangers and self._strangers_answered < self._strangers_most
        if not self._first and not is_strangers_turn:
            return None
        pause_seconds = max((begun + LONG_SECONDS - now for begun in self._begun), default=0.0)
        if not self._first:
            pause_seconds = max(pause_seconds, self._strangers_rest_until - now)
        return pause_seconds

    def _pop_stranger(self) -> Any:
        client, channels = self._strangers.popitem(last=False)
        channel = channels.popleft()
        if channels:
            self._strangers[client] = channels
        return channel
