"""The last presses of buttons, so that a second one is known."""

import threading
from collections import OrderedDict
from http import HTTPStatus
from typing import NamedTuple

from flask import Response

MOST = 200
"""Presses that are remembered."""


class Press(NamedTuple):
    """One press of a button: when it is answered, and the answer unless it was a refusal."""

    answered: threading.Event
    answers: list[Response]


class Presses:
    """The last presses, by what was sent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._presses: OrderedDict[str, Press] = OrderedDict()

    def start(self, key: str) -> Press | None:
        """None for a press that is new; else the one that was before."""
        with self._lock:
            if press := self._presses.get(key):
                return press
            self._presses[key] = Press(threading.Event(), [])
            while len(self._presses) > MOST:
                self._presses.popitem(last=False)
            return None

    def clear(self) -> None:
        """Forget them all, since the vault is locked."""
        with self._lock:
            self._presses.clear()

    def finish(self, key: str, response: Response | None) -> None:
        """Keep what it led to; a refusal did nothing, and may be pressed again, as may a file."""
        with self._lock:
            press = self._presses.get(key)
            if press is None:
                return
            if response and response.status_code < HTTPStatus.BAD_REQUEST:
                press.answers.append(response)
            else:
                del self._presses[key]
            press.answered.set()
