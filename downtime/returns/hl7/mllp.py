"""MLLP: HL7 v2 messages in frames over TCP, with TLS where the target says so.

A frame is VT, the message, FS, CR (HL7 Transport Specification MLLP, release 1). Every wait has an
end: a receiver that connects and then says nothing, or drips, is given up and tried again later.
"""

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from downtime.errors import InputError
from downtime.returns.profiles import Target
from downtime.transport.credentials import build_client_tls

VT, FS, CR = b"\x0b", b"\x1c", b"\x0d"
_BETWEEN = b"\r\n"
"""What may stand between frames: some receivers end a frame with more than one CR."""
_CHUNK = 65_536


class ConnectionBrokenError(Exception):
    """The line to a receiver cannot be used: a sentence for a person, without patient data.

    `nothing_left` says that it broke before any byte of the message.
    """

    def __init__(self, sentence: str, *, nothing_left: bool = False) -> None:
        super().__init__(sentence)
        self.nothing_left = nothing_left


def frame_message(content: bytes) -> bytes:
    """A message in its frame; InputError for one that holds a frame's own signs."""
    if VT in content or FS in content:
        raise InputError(
            "mllp.frame", "A message holds signs that end a frame.", "Correct its entry."
        )
    return VT + content + FS + CR


@dataclass(slots=True)
class MllpClient:
    """One connection to a receiver. Every method raises BrokenError when it cannot be used."""

    target: Target
    clock: Callable[[], float] = time.monotonic
    _socket: socket.socket | None = None
    _buffer: bytearray = field(default_factory=bytearray)

    def send(self, content: bytes) -> None:
        """Connect if needed and hand one message over; frames that wait from before are void."""
        framed = frame_message(content)
        try:
            line = self._connected()
            line.settimeout(self.target.answer_seconds)
            line.sendall(framed)
        except TimeoutError:
            raise self._broken_error("takes messages too slowly") from None
        except OSError as error:
            raise self._broken_error(f"closed the connection ({_fault_text(error)})") from None

    def receive(self, deadline: float) -> bytes:
        """The content of the next frame, before `deadline` on the clock."""
        if self._socket is None:
            raise self._broken_error("is not connected")
        while True:
            if (content := self._frame()) is not None:
                return content
            self._read(deadline)

    def send_commit(self, content: bytes) -> None:
        """Send on the open connection; a fault shows when the next answer is awaited."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.settimeout(self.target.answer_seconds)
                self._socket.sendall(frame_message(content))

    def deadline(self) -> float:
        """When an answer that is awaited from now on is late."""
        return self.clock() + self.target.answer_seconds

    def close(self) -> None:
        """Let go of the connection; the next `send` opens another."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._buffer.clear()

    def _frame(self) -> bytes | None:
        """A whole frame of what was read; None while it is not whole."""
        start = 0
        while start < len(self._buffer) and self._buffer[start] in _BETWEEN:
            start += 1
        del self._buffer[:start]
        if self._buffer and self._buffer[:1] != VT:
            raise self._broken_error("answered with something that is not a frame")
        end = self._buffer.find(FS)
        if end < 0:
            if len(self._buffer) > self.target.max_answer_bytes:
                raise self._broken_error("answered with more than an answer can be")
            return None
        content = bytes(self._buffer[1:end])
        del self._buffer[: end + 1]
        return content

    def _read(self, deadline: float) -> None:
        seconds = deadline - self.clock()
        if self._socket is None or seconds <= 0:
            raise self._broken_error("did not answer in time")
        try:
            self._socket.settimeout(seconds)
            read = self._socket.recv(_CHUNK)
        except TimeoutError:
            raise self._broken_error("did not answer in time") from None
        except OSError as error:
            raise self._broken_error(f"broke the connection off ({_fault_text(error)})") from None
        if not read:
            raise self._broken_error("closed the connection without an answer")
        self._buffer += read

    def _connected(self) -> socket.socket:
        if self._socket is not None and self._is_closed(self._socket):
            self.close()
        if self._socket is None:
            self._socket = self._connect()
        return self._socket

    def _is_closed(self, line: socket.socket) -> bool:
        """Whether the receiver closed, or said something unasked that answers no message of ours."""
        try:
            line.settimeout(0)
            self._buffer += line.recv(_CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError):
            return bool(self._buffer.strip(_BETWEEN))
        except OSError:
            return True
        return True

    def _connect(self) -> socket.socket:
        target = self.target
        try:
            plain = socket.create_connection((target.host, target.port), target.connect_seconds)
        except OSError as error:
            what = f"cannot be reached ({_fault_text(error)})"
            raise self._broken_error(what, nothing_left=True) from None
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not target.tls:
            return plain
        try:
            name = f"returns.targets.{target.system}"
            tls = build_client_tls(name, target.ca_file, target.certificate_file)
            return tls.wrap_socket(plain, server_hostname=target.host)
        except (OSError, ValueError) as error:
            plain.close()
            what = f"cannot be reached by TLS ({_fault_text(error)})"
            raise self._broken_error(what, nothing_left=True) from None

    def _broken_error(self, what: str, *, nothing_left: bool = False) -> ConnectionBrokenError:
        self.close()
        sentence = f"{self.target.system} {what}."
        return ConnectionBrokenError(sentence, nothing_left=nothing_left)


def _fault_text(error: OSError | ValueError) -> str:
    """The kind of a fault, in the system's words, without an address."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return getattr(error, "strerror", None) or type(error).__name__
