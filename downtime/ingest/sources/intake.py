"""The one writer of all sources: it takes all that waits, and has it kept in one transaction.

A disk that is waited for once for each message allows some hundred a second; waited for once for
all that came meanwhile, thousands. Nobody is answered before that wait is over.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from typing import NamedTuple

from downtime.ingest.model import RawMessage, RecordedMessage
from downtime.ingest.sources.model import RecordMessages


class NotKept(Enum):
    """Why a message is not kept."""

    NOW = auto()
    """The disk is full, say: no message can be kept, and each has to come again."""
    EVER = auto()
    """A fault in Downtime that this message brings out, and that would stop those behind it."""


OnRecorded = Callable[[RecordedMessage | NotKept], None]
"""Called in the event loop when a message is kept, or is not."""
_FAULTS_OF_ONE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError)
"""What a message may bring out; a disk or a database never does."""
BUSY_SECONDS = 0.05
"""So long after a message the next is expected."""
BATCH_MESSAGES = 2_000
BATCH_BYTES = 67_108_864
"""Most that is handed to the ledger at once; one message may be longer."""


class _Waiting(NamedTuple):
    message: RawMessage
    on_recorded: OnRecorded


class Intake:
    """What waits for the writer, in order. Its methods belong to one event loop."""

    def __init__(self, record: RecordMessages, on_fault: Callable[[Exception], None]) -> None:
        self._record = record
        self._on_fault = on_fault
        self._waiting: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self.waiting_bytes = 0
        self._is_writing = False
        self._written_at = 0.0

    @property
    def is_busy(self) -> bool:
        """Whether messages come just now."""
        is_recent = time.monotonic() - self._written_at < BUSY_SECONDS
        return bool(self._waiting) or self._is_writing or is_recent

    def submit(self, message: RawMessage, on_recorded: OnRecorded) -> None:
        """Have a message kept after those before it."""
        self._waiting.append(_Waiting(message, on_recorded))
        self.waiting_bytes += len(message.data)
        self._arrived.set()

    async def run(self) -> None:
        """Write until cancelled. What is being written then is written whole, and answered."""
        writing: asyncio.Task[None] | None = None
        try:
            while True:
                await self._arrived.wait()
                writing = asyncio.create_task(self._write_batch())
                await asyncio.shield(writing)
        finally:
            if writing is not None:
                await writing
            while self._waiting:
                await self._write_batch()
            self._writer.shutdown()

    async def _write_batch(self) -> None:
        batch = self._take_batch()
        messages = [waiting.message for waiting in batch]
        loop = asyncio.get_running_loop()
        self._is_writing = True
        results = await loop.run_in_executor(self._writer, self._keep, messages)
        self._is_writing, self._written_at = False, time.monotonic()
        for waiting, result in zip(batch, results, strict=True):
            self.waiting_bytes -= len(waiting.message.data)
            waiting.on_recorded(result)

    def _keep(self, messages: Sequence[RawMessage]) -> Sequence[RecordedMessage | NotKept]:
        """All of them in one transaction; one by one where one of them brings out a fault."""
        try:
            return self._record(messages)
        except Exception as error:
            is_of_one = isinstance(error, _FAULTS_OF_ONE)
            if is_of_one and len(messages) > 1:
                return [result for message in messages for result in self._keep([message])]
            self._on_fault(error)
            return [NotKept.EVER if is_of_one else NotKept.NOW] * len(messages)

    def _take_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and len(batch) < BATCH_MESSAGES and size < BATCH_BYTES:
            waiting = self._waiting.popleft()
            batch.append(waiting)
            size += len(waiting.message.data)
        if not self._waiting:
            self._arrived.clear()
        return batch
