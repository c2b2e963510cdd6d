"""A receiver of HL7 v2 messages on this machine, as a recovered system's interface would be.

It answers by MLLP (HL7 Implementation Guide, appendix C), refuses what it was told to refuse, and
keeps what it was sent, so that what the sender says about it can be held against that.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_BEGIN, _END = b"\x0b", b"\x1c\r"


@dataclass(slots=True)
class Receiver:
    """One system. `refuses` says of a control ID whether it is not taken in."""

    system: str
    refuses: Callable[[str], bool]
    received: dict[str, bytes] = field(default_factory=dict)
    """What came, by control ID, the same message again replacing itself."""
    answers: dict[str, str] = field(default_factory=dict)
    """`acknowledged` or `refused`, by control ID."""
    port: int = 0

    @contextmanager
    def listening(self) -> Iterator["Receiver"]:
        """Answer on a port of this machine's own while the block runs."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = int(server.getsockname()[1])
            thread = threading.Thread(target=self._serve, args=(server,), daemon=True)
            thread.start()
            yield self
            server.shutdown(socket.SHUT_RDWR)
            thread.join()

    def _serve(self, server: socket.socket) -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            with line:
                self._answer(line)

    def _answer(self, line: socket.socket) -> None:
        waiting = b""
        while part := line.recv(65_536):
            waiting += part
            while _END in waiting:
                frame, _, waiting = waiting.partition(_END)
                line.sendall(_BEGIN + self._take(frame.removeprefix(_BEGIN)) + _END)

    def _take(self, content: bytes) -> bytes:
        head = content.split(b"\r", 1)[0].decode().split("|")
        control, version = head[9], head[11]
        refused = self.refuses(control)
        self.received[control] = content
        self.answers[control] = "refused" if refused else "acknowledged"
        code = "AE" if refused else "AA"
        error_text = "The patient is being merged; try later" if refused else ""
        message = (
            f"MSH|^~\\&|{self.system}|DEMO|DOWNTIME|DEMO|{head[6]}||ACK|A{control}|P|{version}\r"
            f"MSA|{code}|{control}|{error_text}\r"
        )
        return message.encode()
