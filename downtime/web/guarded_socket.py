"""A listening socket on which strangers are heard only so long, and which knows who has hung up.

A server reads a whole body before any app sees the request, into memory (`request_limits`). So what comes on a
connection is counted here, before the server has it: once it is more than a stranger may send and no cookie of a
session was among it, whatever the length that was announced or the chunks it comes in, the connection is answered
and read no further. It is Python's own socket, which waitress takes as any other.
"""

import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Self
from weakref import WeakValueDictionary

from downtime.web.cookies import SESSION_COOKIE

_COOKIE = re.compile(rb"((?:__Host-)?" + SESSION_COOKIE.encode() + rb"=[^;\s]+)")
_PAGE = (
    b"<!doctype html><html lang=en><title>Too large</title><h1>This is too large for somebody who is not signed in</h1>"
    b"<p>Nothing was kept. Sign in, then send it again.<p><a href=/sign-in>Sign in</a></html>\n"
)
_REFUSAL = (
    b"HTTP/1.1 413 Content Too Large\r\nContent-Type: text/html; charset=utf-8\r\n"
    b"Content-Security-Policy: default-src 'none'\r\nCache-Control: no-store\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_PAGE), _PAGE)
)
_CONTINUE = b"HTTP/1.1 100"
LINGER_SECONDS = 5.0
"""So long the rest of what is refused is passed over: a browser that is interrupted shows no answer."""
_lingering = threading.BoundedSemaphore(4)


class GuardedSocket(socket.socket):
    """Listens; `has_session` says of a Cookie header whether somebody is signed in there."""

    _has_session: Callable[[str], bool]
    _most_bytes: int
    _connections: WeakValueDictionary[tuple[str, str], "_Connection"]

    @classmethod
    def bind_all(
        cls, host: str, port: int, has_session: Callable[[str], bool], most_bytes: int
    ) -> list[Self]:
        """One for each address of the host; OSError when one is taken."""
        connections: WeakValueDictionary[tuple[str, str], _Connection] = WeakValueDictionary()
        bound: list[Self] = []
        for family, *_, address in dict.fromkeys(
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        ):
            try:
                plain = socket.create_server(address, family=family)
            except OSError:
                for listener in bound:
                    listener.close()
                raise
            listener = cls(fileno=plain.detach())
            listener._has_session, listener._most_bytes = has_session, most_bytes
            listener._connections = connections
            bound.append(listener)
        return bound

    def accept(self) -> tuple[socket.socket, Any]:
        """A connection that counts what comes."""
        plain, address = super().accept()
        connection = _Connection(fileno=plain.detach())
        connection.guard(self._has_session, self._most_bytes)
        self._connections[str(address[0]), str(address[1])] = connection
        return connection, address

    def has_hung_up(self, environ: Mapping[str, Any]) -> bool:
        """Whether nobody waits for the answer to this request any more."""
        connection = self._connections.get(
            (str(environ.get("REMOTE_ADDR")), str(environ.get("REMOTE_PORT")))
        )
        return connection is not None and connection.is_closed_there()


class _Connection(socket.socket):
    """Somebody's, whose bytes are counted since the last answer."""

    def guard(self, has_session: Callable[[str], bool], most_bytes: int) -> None:
        """From now on."""
        self._has_session, self._most_bytes = has_session, most_bytes
        self._begin_again()
        self._is_refused = False

    def _begin_again(self) -> None:
        self._count, self._head, self._is_known = 0, bytearray(), False

    def recv(self, *arguments: Any) -> bytes:
        """What came; nothing any more once it is too much of a stranger."""
        if self._is_refused:
            return b""
        data = super().recv(*arguments)
        if self._is_known:
            return data
        self._count += len(data)
        self._head += data
        if self._count > self._most_bytes:
            if not self._find_session():
                self._refuse()
                return b""
            self._is_known, self._head = True, bytearray()
        return data

    def send(self, data: Any, *arguments: Any) -> int:
        """An answer; what comes after it is another request."""
        if bytes(data[: len(_CONTINUE)]) != _CONTINUE:
            self._begin_again()
        return super().send(data, *arguments)

    def close(self) -> None:
        """At once, or after a while for one that was refused."""
        if self._is_refused and self.fileno() >= 0 and _lingering.acquire(blocking=False):
            unread = socket.socket(fileno=self.detach())
            threading.Thread(target=_pass_over, args=(unread,), daemon=True).start()
        super().close()

    def is_closed_there(self) -> bool:
        """Whether the other side has ended it; nothing is taken out of it."""
        try:
            return super().recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _find_session(self) -> bool:
        return any(
            self._has_session(cookie.decode("latin-1")) for cookie in _COOKIE.findall(self._head)
        )

    def _refuse(self) -> None:
        self._is_refused = True
        with suppress(OSError):
            super().send(_REFUSAL)
            self.shutdown(socket.SHUT_WR)


def _pass_over(unread: socket.socket) -> None:
    until, buffer = time.monotonic() + LINGER_SECONDS, bytearray(65_536)
    try:
        with unread, suppress(OSError):
            unread.settimeout(LINGER_SECONDS)
            while time.monotonic() < until and unread.recv_into(buffer):
                pass
    finally:
        _lingering.release()
