"""The requests that wait for their turn: those of people with a session first, then strangers one by one.

Strangers (anybody without a session: the sign-in page is all that they need) are answered few at a time, the
address first that has had least of the program's time lately. So a nurse's page never waits behind them, and
nobody who tries one password after another, from however many addresses, keeps those who come anew from signing
in. One who has hung up meanwhile is not answered. While people with a session ask for pages, strangers
have a share of the processor's time and no more: a page shares the interpreter with every other thread.
For the same reason pages for people are made one after another: of many at once each would end with the last.

It stands around the app as WSGI middleware, so that any server can have it. Whoever waits does so in a thread
of the server: it has one for each stranger that may wait (`count_server_threads`), or they would wait there.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from werkzeug.wsgi import ClosingIterator

from downtime.access_settings import WebSettings
from downtime.web.client_address import name_client
from downtime.web.client_work import ClientWork

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

    __slots__ = (
        "begun", "came", "client", "has_hung_up", "is_person", "is_refused", "started_cpu", "turn",
    )  # fmt: skip

    def __init__(
        self,
        client: str,
        is_person: bool,
        lock: threading.Lock,
        has_hung_up: Callable[[], bool],
    ) -> None:
        self.client, self.is_person, self.has_hung_up = client, is_person, has_hung_up
        self.is_refused = False
        """It gave its place in the queue to somebody with more right to it."""
        self.turn = threading.Condition(lock)
        self.came = time.monotonic()
        self.begun = self.started_cpu = 0.0


class RequestQueue:
    """An app whose requests are answered in turn.

    `has_hung_up` tells of a request whether nobody waits for its answer any more.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        settings: WebSettings,
        has_session: Callable[[str], bool],
        has_hung_up: Callable[["WSGIEnvironment"], bool] = lambda environ: False,
    ) -> None:
        self._app, self._has_session, self._has_hung_up = app, has_session, has_hung_up
        self._answered_most = settings.threads
        self._strangers_most = min(settings.stranger_threads, max(1, settings.threads - 1))
        self._waiting_most = settings.strangers_waiting
        self._first: deque[_Waiting] = deque()
        self._strangers: dict[str, deque[_Waiting]] = {}
        self._work = ClientWork()
        self._strangers_answered = 0
        self._strangers_rest_until = self._person_seen = -math.inf
        self._people: list[_Waiting] = []
        """The requests of people with a session that are being answered."""
        self._lock = threading.Lock()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """What the app answers, once it is this request's turn; 503 for a client that fills the queue."""
        client = name_client(environ.get("REMOTE_ADDR"))
        is_person = self._has_session(environ.get("HTTP_COOKIE", ""))
        waiting = _Waiting(client, is_person, self._lock, partial(self._has_hung_up, environ))
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
        """Wait for it; False for a stranger who has more of the queue than others, or has hung up meanwhile."""
        with self._lock:
            if not self._line_up(waiting):
                return False
            while (pause_seconds := self._find_pause(waiting)) is None or pause_seconds > 0:
                if pause_seconds is None:  # somebody else's turn may have come by time alone
                    self._tell_next(but=waiting)
                waiting.turn.wait(pause_seconds)
                if waiting.is_refused:
                    return False
            if not waiting.is_person and waiting.has_hung_up():
                self._leave_line(waiting)
                self._tell_next()
                return False
            self._begin(waiting)
            self._tell_next()
            return True

    def _line_up(self, waiting: _Waiting) -> bool:
        if waiting.is_person:
            self._first.append(waiting)
            self._person_seen = time.monotonic()
            self._work.forget(waiting.client)
            return True
        if not self._has_place(waiting.client):
            self._refuse_gone()
            if not self._has_place(waiting.client) and not self._make_room(waiting.client):
                return False
        self._strangers.setdefault(waiting.client, deque()).append(waiting)
        return True

    def _has_place(self, client: str) -> bool:
        """Whether fewer requests wait than may, and fewer of this client than are its share."""
        return self._count_waiting() < self._waiting_most and self._has_share(client)

    def _has_share(self, client: str) -> bool:
        clients = self._strangers.keys() | {client}
        return len(self._strangers.get(client, ())) < max(1, self._waiting_most // len(clients))

    def _count_waiting(self) -> int:
        return sum(len(line) for line in self._strangers.values())

    def _refuse_gone(self) -> None:
        for waiting in list(chain.from_iterable(self._strangers.values())):
            if waiting.has_hung_up():
                self._refuse(waiting)

    def _make_room(self, client: str) -> bool:
        """Refuse the last one of whoever had most, or asks most, for one who had or asks less."""
        if not self._strangers or not self._has_share(client):
            return False
        heaviest = max(self._strangers, key=self._weigh)
        work_seconds, count = self._weigh(client)
        if self._weigh(heaviest) <= (work_seconds, count + 1):
            return False
        self._refuse(self._strangers[heaviest][-1])
        return True

    def _weigh(self, client: str) -> tuple[float, int]:
        return self._work.find_seconds(client), len(self._strangers.get(client, ()))

    def _refuse(self, waiting: _Waiting) -> None:
        self._leave_line(waiting)
        waiting.is_refused = True
        waiting.turn.notify()

    def _leave_line(self, waiting: _Waiting) -> None:
        line = self._strangers[waiting.client]
        line.remove(waiting)
        if not line:
            del self._strangers[waiting.client]

    def _next(self) -> _Waiting | None:
        lines = self._strangers
        if self._first and not (lines and self._have_waited_long()):
            return self._first[0]
        if not lines:
            return None
        return min(
            (line[0] for line in lines.values()),
            key=lambda waiting: (self._work.find_seconds(waiting.client), waiting.came),
        )

    def _have_waited_long(self) -> bool:
        """Whether a stranger goes before people: once they may be answered at all, they wait no longer."""
        now = time.monotonic()
        may_begin = (
            self._strangers_answered < self._strangers_most and now >= self._strangers_rest_until
        )
        longest = now - min(line[0].came for line in self._strangers.values())
        return may_begin and longest >= STRANGERS_PATIENCE

    def _find_pause(self, waiting: _Waiting) -> float | None:
        """Seconds until a request can be answered; None while it will be told first."""
        answered = len(self._people) + self._strangers_answered
        if self._next() is not waiting or answered >= self._answered_most:
            return None
        now = time.monotonic()
        pause_seconds = max((p.begun + LONG_SECONDS - now for p in self._people), default=0.0)
        if not waiting.is_person:
            if self._strangers_answered >= self._strangers_most:
                return None
            pause_seconds = max(pause_seconds, self._strangers_rest_until - now)
        return pause_seconds

    def _begin(self, waiting: _Waiting) -> None:
        waiting.begun, waiting.started_cpu = time.monotonic(), time.thread_time()
        if waiting.is_person:
            self._people.append(self._first.popleft())
            return
        self._leave_line(waiting)
        self._strangers_answered += 1

    def _end_turn(self, waiting: _Waiting) -> None:
        with self._lock:
            if waiting.is_person:
                self._people.remove(waiting)
            else:
                self._work.add_seconds(waiting.client, time.monotonic() - waiting.begun)
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
