"""How much of the program's time each client without a session has had lately: who had least goes first."""

import time
from collections import OrderedDict

REMEMBERED_SECONDS = 900
"""So long after its last turn a client is a newcomer again, ..."""
MOST_CLIENTS = 10_000
"""... or once so many others had one since."""


class ClientWork:
    """Seconds that were worked for clients; not for several threads at once."""

    def __init__(self) -> None:
        self._seconds: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """And when it was last, oldest first."""

    def find_seconds(self, client: str) -> float:
        """None at all for a newcomer."""
        seconds, last = self._seconds.get(client, (0.0, 0.0))
        return seconds if time.monotonic() - last < REMEMBERED_SECONDS else 0.0

    def add_seconds(self, client: str, seconds: float) -> None:
        """It had a turn."""
        self._seconds[client] = (self.find_seconds(client) + seconds, time.monotonic())
        self._seconds.move_to_end(client)
        if len(self._seconds) > MOST_CLIENTS:
            self._seconds.popitem(last=False)

    def forget(self, client: str) -> None:
        """Somebody there is signed in: the next one at that address has waited for nothing yet."""
        self._seconds.pop(client, None)
