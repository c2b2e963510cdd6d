"""The one writer of all sources: it takes all that waits, and has it kept in one transaction.

A disk that is waited for once for each message allows some hundred a second; waited for once for
all that came meanwhile, thousands. Nobody is answered before that wait is over.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from downtime.ingest.model import RawMessage, RecordedMessage
from downtime.ingest.sources.model import RecordMessages

OnRecorded = Callable[[RecordedMessage | None], None]
"""Called in the event loop when a message is kept, or with None when it could not be."""
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

    def submit(self, message: RawMessage, on_recorded: OnRecorded) -> None:
        """Have a message kept after those before it."""
        self._waiting.append(_Waiting(message, on_recorded))
        self.waiting_bytes += len(message.data)
        self._arrived.set()

    async def run(self) -> None:
        """Write until cancelled. What is being written then is written whole, and answered."""
        try:
            while True:
                await self._arrived.wait()
                await asyncio.shield(self._write_batch())
        finally:
            while self._waiting:
                await self._write_batch()
            self._writer.shutdown()

    async def _write_batch(self) -> None:
        batch = self._take_batch()
        messages = [waiting.message for waiting in batch]
        results: Sequence[RecordedMessage | None]
        try:
            loop = asyncio.get_running_loop()
            results = await loop.run_in_executor(self._writer, self._record, messages)
        except Exception as error:  # a full disk, a locked file: no message of the batch is kept
            self._on_fault(error)
            results = [None] * len(batch)
        for waiting, result in zip(batch, results, strict=True):
            self.waiting_bytes -= len(waiting.message.data)
            waiting.on_recorded(result)

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
