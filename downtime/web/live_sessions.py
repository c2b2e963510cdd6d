"""Which browsers have a session, known before anything of a request is read: they go before strangers."""

import threading
from collections import OrderedDict
from hashlib import sha256

MOST = 10_000
"""The oldest are forgotten: their next request waits with the strangers', and is known again."""


class LiveSessions:
    """The tokens of sessions that this process has let in, as hashes."""

    def __init__(self, *cookie_names: str) -> None:
        self._cookie_names = cookie_names
        self._hashes: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, token: str) -> None:
        """A session was let in."""
        with self._lock:
            self._hashes[_hash(token)] = None
            self._hashes.move_to_end(_hash(token))
            if len(self._hashes) > MOST:
                self._hashes.popitem(last=False)

    def forget(self, token: str) -> None:
        """A session has ended."""
        with self._lock:
            self._hashes.pop(_hash(token), None)

    def knows(self, cookies: str) -> bool:
        """Whether a request with this Cookie header has a session."""
        for pair in cookies.split(";"):
            name, _, value = pair.strip().partition("=")
            if name in self._cookie_names and _hash(value) in self._hashes:
                return True
        return False


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
