"""What a browser's passkey is asked to sign: new each time, this browser's own, good for once and some minutes.

It lies in the browser's own signed cookie, so that strangers fill nothing here; what was answered once is
remembered for as long as it could be sent again.
"""

import secrets
import threading
import time
from collections.abc import Callable
from ipaddress import ip_address

from flask import request, session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from downtime.accounts.passkeys import PasskeyAnswer
from downtime.errors import LockedError

VALID_SECONDS = 300
_KEY = "passkey"


class PasskeyChallenges:
    """The challenges of one app; `clock` is monotonic, for the computer's own may be set back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._spent: dict[str, float] = {}
        self._lock = threading.Lock()

    def issue(self) -> bytes:
        """A challenge for this browser, in place of the one before."""
        challenge = secrets.token_bytes(32)
        session[_KEY] = [bytes_to_base64url(challenge), self._clock()]
        return challenge

    def take_answer(self, credential: str) -> PasskeyAnswer:
        """The answer of this browser with what it was asked; LockedError when that is over."""
        challenge, issued = session.pop(_KEY, ["", 0.0])
        now = self._clock()
        with self._lock:
            self._spent = {
                name: since for name, since in self._spent.items() if now - since <= VALID_SECONDS
            }
            is_valid = challenge and now - issued <= VALID_SECONDS and challenge not in self._spent
            self._spent[challenge] = now
        if not is_valid:
            raise LockedError(
                "passkey.late",
                "The question to your passkey is no longer valid.",
                "Press the button again.",
            )
        return PasskeyAnswer(
            credential, base64url_to_bytes(challenge), host_name(), request.host_url.rstrip("/")
        )


def host_name() -> str:
    """The name under which these pages were opened, without the port."""
    return request.host.rpartition(":")[0] or request.host


def works_here() -> bool:
    """Whether a browser gives these pages a passkey: under a name, encrypted or on this very computer."""
    name = host_name()
    return not _is_address(name) and (request.is_secure or name == "localhost")


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
