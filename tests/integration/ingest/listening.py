"""A listener on a free port in a thread of this process, and senders that write what they like."""

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from downtime.clock import system_clock
from downtime.feeds.model import FeedMessage, Position, Reject
from downtime.ingest.model import RecordedMessage
from downtime.ingest.run_sources import run_in_loop
from downtime.ingest.sources.health import SourceHealth
from downtime.ingest.sources.intake import Intake
from downtime.ingest.sources.mllp_listener import MllpListener
from downtime.ingest.sources.mllp_settings import MllpSettings
from downtime.ingest.sources.model import SourceKind

VT, FS, CR = b"\x0b", b"\x1c", b"\r"
LIMIT = 22_000_000


def message(number: object, tail: str = "") -> bytes:
    """An admission with a control ID."""
    return (
        f"MSH|^~\\&|PAS|RXH|DT|RXH|20261102101500||ADT^A01|{number}|P|2.4\r"
        f"EVN|A01|20261102101500\rPID|1||{number}^^^DEMO^MR||Test^Tom\rPV1|1|I|W1^B1^1\r{tail}"
    ).encode()


def framed(content: bytes) -> bytes:
    return VT + content + FS + CR


class Keeper:
    """Stands where the ledger stands: keeps what it is handed, rejects what says so, fails if told."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []
        self.fails = False
        self.released = threading.Event()
        self.released.set()

    def __call__(self, raws) -> list[RecordedMessage]:
        self.released.wait(20)
        if self.fails:
            raise OSError(28, "No space left on device")
        if any(b"|POISON|" in raw.data[:200] for raw in raws):
            raise ValueError("a fault of our own")
        self.batches.append([raw.data for raw in raws])
        return [
            RecordedMessage(number, self.read(raw), "2026-11-02T10:15:01Z")
            for number, raw in enumerate(raws, 1)
        ]

    def read(self, raw) -> FeedMessage | Reject:
        position = Position(raw.name, raw.number)
        if b"|REJECT|" in raw.data[:200]:
            return Reject(position=position, segment="MSH", reason="MSH-9 is empty")
        used = b"|UNUSED|" not in raw.data[:200]
        return FeedMessage(
            position=position, kind="ADT^A01", source="PAS", sent="2026-11-02T10:15:00Z",
            content=(None,) if used else (), unused="" if used else "not a kind that is used",
        )  # fmt: skip

    @property
    def contents(self) -> list[bytes]:
        return [content for batch in self.batches for content in batch]


class Listening:
    """A running listener."""

    def __init__(self, settings: MllpSettings, keep, limit: int) -> None:
        self.keep = keep
        self.health = SourceHealth("test", SourceKind.MLLP, system_clock)
        self.port = 0
        self._settings, self._limit = settings, limit
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: run_in_loop(self._run()))

    async def _run(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        intake = Intake(self.keep, lambda error: self.health.note_fault(str(error)))
        self.listener = MllpListener(
            "test", self._settings, self._limit, intake, self.health, system_clock
        )
        writing = asyncio.create_task(intake.run())
        listening = asyncio.create_task(self.listener.run(self._note))
        await self._stopping.wait()
        for task in (listening, writing):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _note(self, port: int) -> None:
        self.port = port
        self._ready.set()

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(20)
        assert not self._thread.is_alive()


@contextmanager
def listening(keep=None, limit: int = LIMIT, **table: object) -> Iterator[Listening]:
    """A listener with this table, until the end of the block."""
    running = Listening(MllpSettings(port=0, **table), keep or Keeper(), limit)
    running.start()
    try:
        yield running
    finally:
        running.stop()


class Sender:
    """A connection on which anything can be written."""

    def __init__(self, port: int, tls=None, host: str = "127.0.0.1") -> None:
        plain = socket.create_connection((host, port), 10)
        self.socket = tls.wrap_socket(plain, server_hostname=host) if tls else plain
        self.read = b""

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def write(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.socket.sendall(piece)

    def answer(self, seconds: float = 10) -> bytes:
        """The next answer; empty when the line was closed; TimeoutError."""
        self.socket.settimeout(seconds)
        while FS not in self.read:
            try:
                block = self.socket.recv(65_536)
            except ConnectionError:
                return b""
            if not block:
                return b""
            self.read += block
        frame, _, self.read = self.read.partition(FS)
        return frame.lstrip(b"\r").removeprefix(VT)

    def ask(self, content: bytes) -> tuple[str, str]:
        """MSA-1 and MSA-2 of the answer to one message."""
        self.write(framed(content))
        return codes(self.answer())

    def is_closed(self, seconds: float = 10) -> bool:
        return self.answer(seconds) == b""


def codes(answer: bytes) -> tuple[str, str]:
    found = re.search(rb"MSA\|(\w\w)\|?([^|\r]*)", answer)
    return (found[1].decode(), found[2].decode()) if found else ("", "")
