"""A scripted MLLP receiver on the loopback address: keeps what it got, and answers as a test says."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager

VT, END = b"\x0b", b"\x1c\r"


def number(message: bytes) -> str:
    """The control ID of a message."""
    return message.decode().split("\r")[0].split("|")[9]


def ack(
    message: bytes, code: str = "AA", *, about: str = "", more: str = "", asks: str = ""
) -> bytes:
    """An acknowledgement in its frame; `more` are further segments, `asks` is MSH-15."""
    about = about or number(message)
    text = f"MSH|^~\\&|LIMS|DEMO|DOWNTIME|DEMO|20261104||ACK|A{about}|P|2.4|||{asks}\rMSA|{code}|{about}\r"
    return VT + (text + more).encode() + END


class Receiver:
    """Takes connections one after the other; `answer(message, connection)` gives bytes or None.

    With `tls`, a context of `ssl`, nobody is heard before the handshake.
    """

    def __init__(self, answer: Callable, tls: ssl.SSLContext | None = None) -> None:
        self.answer, self.tls = answer, tls
        self.got: list[bytes] = []
        self.confirmed: list[bytes] = []
        self.connections = 0
        self._stopping = False
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def numbers(self) -> list[str]:
        return [number(message) for message in self.got]

    @property
    def effects(self) -> list[str]:
        """Control IDs as a receiver sees them that takes each one only once."""
        return list(dict.fromkeys(self.numbers))

    def _serve(self) -> None:
        while not self._stopping:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        rest = b""
        if self.tls:
            try:
                connection = self.tls.wrap_socket(connection, server_side=True)
            except (ssl.SSLError, OSError):
                return
        with connection:
            while True:
                try:
                    read = connection.recv(65536)
                except OSError:
                    return
                if not read:
                    return
                rest += read
                while END in rest:
                    frame, _, rest = rest.partition(END)
                    if not self._one(frame.lstrip(b"\r\n").removeprefix(VT), connection):
                        return

    def _one(self, message: bytes, connection: socket.socket) -> bool:
        if b"\rMSA|" in message:
            self.confirmed.append(message)
            return True
        self.got.append(message)
        said = self.answer(message, connection)
        if said is None:
            return False
        try:
            connection.sendall(said)
        except OSError:
            return False
        return True

    def stop(self) -> None:
        self._stopping = True
        self._server.close()


@contextmanager
def receiver(answer: Callable | None = None, tls: ssl.SSLContext | None = None):
    """A receiver that takes everything, or answers as given."""
    made = Receiver(answer or (lambda message, connection: ack(message)), tls)
    try:
        yield made
    finally:
        made.stop()


def scripted(*answers):
    """Give these answers one after the other, then AA; each is bytes, None, or a function."""
    left = list(answers)

    def answer(message, connection):
        said = left.pop(0) if left else ack(message)
        return said(message) if callable(said) else said

    return answer


def slowly(message: bytes) -> bytes:
    time.sleep(0.6)
    return ack(message)
