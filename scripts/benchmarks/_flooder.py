"""A hundred clients that hold connections, or forty strangers who sign in: run as a process of its own.

`python _flooder.py KIND PORT` says `ready` when all are there, and goes on until it is killed.
"""

import contextlib
import http.client
import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from urllib.parse import urlencode

CLIENTS = 100
STRANGERS = 40
SECONDS_A_BYTE = 1.0
BODY_BYTES = 60_000
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def hold_idle(port: int) -> None:
    """A connection on which nothing is ever asked."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.recv(1)  # until the server closes it


def send_slowly(port: int, start: bytes) -> None:
    """A request of which a byte comes a second."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(start)
        while True:
            time.sleep(SECONDS_A_BYTE)
            line.sendall(b"x")


def sign_in_as_stranger(port: int) -> None:
    """Open the page, type a password that is not theirs, hear the answer; again and again."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request("GET", "/sign-in")
    answer = line.getresponse()
    page = answer.read().decode()
    match = _TOKEN.search(page)
    if not match:
        return
    fields = {"csrf_token": match[1], "username": "nurse", "password": "guess", "code": "1"}
    headers = {
        "Cookie": (answer.getheader("Set-Cookie") or "").partition(";")[0],
        "Content-Type": "application/x-www-form-urlencoded",
        "Sec-Fetch-Site": "same-origin",
    }
    line.request("POST", "/sign-in", urlencode(fields), headers)
    line.getresponse().read()
    line.close()


HEADER = b"GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
BODY = (
    b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: %d\r\n\r\n" % BODY_BYTES
)
KINDS: dict[str, tuple[int, Callable[[int], None]]] = {
    "idle": (CLIENTS, hold_idle),
    "slow-header": (CLIENTS, lambda port: send_slowly(port, HEADER)),
    "slow-body": (CLIENTS, lambda port: send_slowly(port, BODY)),
    "strangers": (STRANGERS, sign_in_as_stranger),
}


def main() -> None:
    """All clients of a kind, each beginning anew when the server lets it go."""
    count, attack = KINDS[sys.argv[1]]
    port = int(sys.argv[2])

    def repeat() -> None:
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                attack(port)
            time.sleep(0.01)

    for _ in range(count):
        threading.Thread(target=repeat, daemon=True).start()
    time.sleep(2)
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
