"""The requests that wait for their turn: those of people with a session first, then strangers one by one.

Strangers (anybody without a session: the sign-in page is all that they need) are answered few at a time, and
each of their addresses has its turn after each other's. So a nurse's page never waits behind them, and nobody
at one address keeps those at another from signing in. While people with a session ask for pages, strangers
have a share of the processor's time and no more: a page shares the interpreter with every other thread.
For the same reason pages for people are made one after another: of many at once each would end with the last.

It stands around the app as WSGI middleware, so that any server can have it. Whoever waits does so in a thread
of the server: it has one for each stranger that may wait (`count_server_threads`), or they would wait there.
"""

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.wsgi import ClosingIterator

from downtime.access_settings import WebSettings
from downtime.web.client_address import name_client

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

STRANGERS_REST = 4
"""While somebody with a session asks for pages, strangers rest so many times as long as they have worked."""
LONG_SECONDS = 0.1
"""Whatever takes longer, as an upload does, no longer keeps the next one waiting."""
SECONDS_WITH_PEOPLE = 5.0
"""So long after a page for somebody with a session the next one is expected."""
STRANGERS_PATIENCE = 2.0
"""After so many seconds a stranger's turn comes although people ask without end: one browser could keep all out."""
REFUSED = b"Many people ask at this moment. Try again.\n"


def count_server_threads(settings: WebSettings) -> int:
    """Threads that a server needs, so that whoever waits for a turn keeps nobody from asking for one."""
    return 2 * settings.threads + settings.strangers_waiting


class _Waiting:
    """A request in a queue; `turn` is told when it has become the next one."""

    __slots__ = ("begun", "came", "client", "started_cpu", "turn")

    def __init__(self, client: str | None, lock: threading.Lock) -> None:
        self.client = client
        """None for somebody with a session."""
        self.turn = threading.Condition(lock)
        self.came = time.monotonic()
        self.begun = self.started_cpu = 0.0


class RequestQueue:
    """An app whose requests are answered in turn."""

    def __init__(
        self, app: "WSGIApplication", settings: WebSettings, has_session: Callable[[str], bool]
    ) -> None:
        self._app, self._has_session = app, has_session
        self._answered_most = settings.threads
        self._strangers_most = min(settings.stranger_threads, max(1, settings.threads - 1))
        self._waiting_most = settings.strangers_waiting
        self._first: deque[_Waiting] = deque()
        self._strangers: OrderedDict[str, deque[_Waiting]] = OrderedDict()
        self._strangers_answered = 0
        self._strangers_rest_until = self._person_seen = -math.inf
        self._people: list[_Waiting] = []
        """The requests of people with a session that are being answered."""
        self._lock = threading.Lock()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """What the app answers, once it is this request's turn; 503 for a client that fills the queue."""
        is_person = self._has_session(environ.get("HTTP_COOKIE", ""))
        client = None if is_person else name_client(environ.get("REMOTE_ADDR"))
        waiting = _Waiting(client, self._lock)
        if not self._take_turn(waiting):
            length = ("Content-Length", str(len(REFUSED)))
            kind = ("Content-Type", "text/plain; charset=utf-8")
            start_response("503 Service Unavailable", [kind, length, ("Retry-After", "5")])
            return [REFUSED]
        try:
            answer = self._app(environ, start_response)
        except BaseException:
            self._end_turn(waiting)
            raise
        return ClosingIterator(answer, lambda: self._end_turn(waiting))

    def _take_turn(self, waiting: _Waiting) -> bool:
        """Wait for it; False at once for a stranger whose address has its share of the queue."""
        with self._lock:
            if not self._line_up(waiting):
                return False
            while (pause_seconds := self._find_pause(waiting)) is None or pause_seconds > 0:
                if pause_seconds is None:  # somebody else's turn may have come by time alone
                    self._tell_next(but=waiting)
                waiting.turn.wait(pause_seconds)
            self._begin(waiting)
            self._tell_next()
            return True

    def _line_up(self, waiting: _Waiting) -> bool:
        if waiting.client is None:
            self._first.append(waiting)
            self._person_seen = time.monotonic()
            return True
        if self._is_full(waiting.client):
            return False
        self._strangers.setdefault(waiting.client, deque()).append(waiting)
        return True

    def _is_full(self, client: str) -> bool:
        """Whether as many requests of a client wait as are its share."""
        clients = self._strangers.keys() | {client}
        share = max(1, self._waiting_most // len(clients))
        return len(self._strangers.get(client, ())) >= share

    def _next(self) -> _Waiting | None:
        stranger = next(iter(self._strangers.values()))[0] if self._strangers else None
        if self._first and not (stranger and self._has_waited_long(stranger)):
            return self._first[0]
        return stranger

    def _has_waited_long(self, stranger: _Waiting) -> bool:
        """Whether a stranger goes before people: once they may be answered at all, they wait no longer."""
        now = time.monotonic()
        may_begin = (
            self._strangers_answered < self._strangers_most and now >= self._strangers_rest_until
        )
        return may_begin and now - stranger.came >= STRANGERS_PATIENCE

    def _find_pause(self, waiting: _Waiting) -> float | None:
        """Seconds until a request can be answered; None while it will be told first."""
        answered = len(self._people) + self._strangers_answered
        if self._next() is not waiting or answered >= self._answered_most:
            return None
        now = time.monotonic()
        pause_seconds = max((p.begun + LONG_SECONDS - now for p in self._people), default=0.0)
        if waiting.client is not None:
            if self._strangers_answered >= self._strangers_most:
                return None
            pause_seconds = max(pause_seconds, self._strangers_rest_until - now)
        return pause_seconds

    def _begin(self, waiting: _Waiting) -> None:
        waiting.begun, waiting.started_cpu = time.monotonic(), time.thread_time()
        if waiting.client is None:
            self._people.append(self._first.popleft())
            return
        client, queue = self._strangers.popitem(last=False)
        queue.popleft()
        if queue:
            self._strangers[client] = queue
        self._strangers_answered += 1

    def _end_turn(self, waiting: _Waiting) -> None:
        with self._lock:
            if waiting.client is None:
                self._people.remove(waiting)
            else:
                self._end_stranger(time.thread_time() - waiting.started_cpu)
            self._tell_next()

    def _end_stranger(self, worked_seconds: float) -> None:
        now = time.monotonic()
        self._strangers_answered -= 1
        if now - self._person_seen < SECONDS_WITH_PEOPLE:
            rested_until = max(now, self._strangers_rest_until)
            self._strangers_rest_until = rested_until + STRANGERS_REST * worked_seconds

    def _tell_next(self, but: _Waiting | None = None) -> None:
        following = self._next()
        if following and following is not but:
            following.turn.notify()
