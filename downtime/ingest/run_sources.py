"""All sources as one service: each runs by itself, fails by itself, and is tried again later.

What they bring goes into the ledger: messages of listeners by one writer, in batches (`intake`), and
read when nothing else is to be done; documents of the sources that are asked by their own threads. A signal to stop lets everything that
was begun be finished and answered.
"""

import asyncio
import gc
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import Any, TypeVar

from downtime.errors import UserError
from downtime.feeds.model import Outcome
from downtime.ingest.ledger import Ledger
from downtime.ingest.model import AuditAction
from downtime.ingest.read_ledger import find_newest_of
from downtime.ingest.read_unread import UnreadMessages
from downtime.ingest.record_messages import keep_messages, record_messages
from downtime.ingest.sources.health import (
    HealthReport,
    SourceHealth,
    SourceState,
    count_seconds,
)
from downtime.ingest.sources.intake import Intake
from downtime.ingest.sources.mllp_listener import MllpListener
from downtime.ingest.sources.mllp_settings import MllpSettings
from downtime.ingest.sources.model import SourceSettings
from downtime.ingest.sources.poll_threads import PollThreads
from downtime.ingest.sources.polling import PollContext, Position
from downtime.ingest.sources.source_types import SOURCE_TYPES
from downtime.ingest.store import sources as sources_store
from downtime.settings import Settings
from downtime.vault.database import transaction
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

T = TypeVar("T")
GARBAGE_OBJECTS = 100_000
"""So many new objects before circles of them are looked for."""
READ_IDLE, READ_BUSY = 200, 10
"""Messages that were kept unread and are read at a time: while nothing comes, and while something does."""
READ_DELAY_SECONDS = 10.0
"""So long nothing is read while messages come."""
READ_PAUSES = 4.0
"""While messages come, reading pauses for so many times as long as it took."""
READ_SECONDS = 0.2
"""So often it is looked for what is unread."""
READ_REST_SECONDS = 5.0
"""So long what is unread is read on when the service stops."""
STOP_SECONDS = 30.0
"""So long a source that is being asked may take to finish when the service stops."""
OnReady = Callable[[str, int], None]
"""Told the name of each listener and the port on which it listens now."""


async def run_sources(
    vault: Vault,
    settings: Settings,
    sources: Mapping[str, SourceSettings],
    actor: Actor,
    stopping: asyncio.Event,
    on_ready: OnReady = lambda name, port: None,
) -> list[HealthReport]:
    """Run these sources until `stopping` is set; how each did. A source that fails stops no other."""
    with vault.change(actor, AuditAction.INGEST_RUN, target=" ".join(sorted(sources))):
        pass
    with closing(Ledger(vault, settings)) as ledger, _collecting_seldom():
        service = _Service(vault, settings, ledger, on_ready, _list_read_first(sources))
        await service.run(sources, stopping)
        return [health.report() for health in service.health]


def run_in_loop(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end in an event loop; that of libuv, where there is one, takes half the time."""
    with asyncio.Runner(loop_factory=_find_loop()) as runner:
        return runner.run(main)


def _find_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _list_read_first(sources: Mapping[str, SourceSettings]) -> frozenset[str]:
    """The listeners that read a message before they answer it."""
    return frozenset(
        name
        for name, source in sources.items()
        if isinstance(source, MllpSettings) and source.read_before_answer
    )


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Messages leave no circles behind: looking for them took a third of the time of a message."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class _Service:
    def __init__(
        self,
        vault: Vault,
        settings: Settings,
        ledger: Ledger,
        on_ready: OnReady,
        read_first: frozenset[str],
    ) -> None:
        self.vault = vault
        self.settings = settings
        self.ledger = ledger
        self.on_ready = on_ready
        self.health: list[SourceHealth] = []
        self.stopping = threading.Event()
        self.threads = PollThreads()
        keep = partial(keep_messages, ledger, read_first=read_first)
        self.intake = Intake(keep, self._note_ledger_fault)
        self.unread = UnreadMessages(ledger, self._note_read)

    async def run(self, sources: Mapping[str, SourceSettings], stopping: asyncio.Event) -> None:
        """All of them, until told to stop; then what was begun is finished, the writer last."""
        writer = asyncio.create_task(self.intake.run())
        tasks = [
            asyncio.create_task(self._keep_running(name, source))
            for name, source in sources.items()
        ]
        reporting = asyncio.create_task(self._keep_reporting())
        reading = asyncio.create_task(self._keep_reading())
        await stopping.wait()
        self.stopping.set()
        await _cancel(*tasks, reporting)
        await asyncio.to_thread(self.threads.join, STOP_SECONDS)
        await _cancel(writer)
        await _cancel(reading)
        for health in self.health:
            health.state = SourceState.STOPPED
        self._save_health()

    async def _keep_running(self, name: str, source: SourceSettings) -> None:
        """One source: run it, again and again where it is asked, later and later where it fails."""
        health = SourceHealth(name, source.kind, self.vault.clock)
        with suppress(Exception):  # a damaged day must not stop what is received
            await asyncio.to_thread(self._recall, health)
        self.health.append(health)
        run: Callable[[], Awaitable[None]] | None = None
        failures = 0
        while True:
            try:
                run = run or self._prepare(name, source, health)
                await run()
            except Exception as error:
                health.note_fault(describe_fault(error))
                health.state = SourceState.WAITING
                failures += 1
                wait = getattr(error, "wait_seconds", 0.0)  # what a busy server asks for
                await asyncio.sleep(max(wait, self._pause_seconds(failures)))
            else:
                failures = 0
                health.note_success()
                await asyncio.sleep(getattr(source, "every_seconds", 0.0))

    def _recall(self, health: SourceHealth) -> None:
        """A source that was heard before the service was started has not 'never' been heard."""
        before = {report.name: report for report in sources_store.list_health(self.vault.db)}
        received, sent = find_newest_of(self.ledger, health.name)
        if (report := before.get(health.name)) and report.last_message >= received:
            health.recall(report.last_message, report.lag_seconds, report.last_success)
        else:  # it was cut off before it could say how it does
            health.recall(received, count_seconds(sent, received))

    def _prepare(
        self, name: str, source: SourceSettings, health: SourceHealth
    ) -> Callable[[], Awaitable[None]]:
        """What runs a source once: a listener until it is stopped, others until they were asked."""
        make_poller = SOURCE_TYPES[source.kind].poller
        if make_poller is None:
            return partial(self._listen, name, source, health)
        context = PollContext(
            name,
            self.settings,
            health,
            partial(record_messages, self.ledger),
            Position(partial(self._fetch_position, name), partial(self._save_position, name)),
            self.vault.clock,
            self.stopping,
        )
        poller = make_poller(source, context)
        return partial(self.threads.run, poller.poll, self.settings.ingest.poll_seconds)

    async def _listen(self, name: str, source: SourceSettings, health: SourceHealth) -> None:
        if not isinstance(source, MllpSettings):
            raise TypeError(source.kind)
        limit = self.settings.feeds.max_message_bytes
        listener = MllpListener(name, source, limit, self.intake, health, self.vault.clock)
        await listener.run(partial(self._note_ready, health))

    async def _keep_reading(self) -> None:
        """Read what was kept unread: at once while nothing comes, a part of the time while it does.

        Whoever sends a burst is answered as fast as can be; who sends on and on leaves room for it.
        """
        reading: asyncio.Task[int] | None = None
        idle_at = time.monotonic()
        try:
            while True:
                is_busy, begun = self.intake.is_busy, time.monotonic()
                idle_at = idle_at if is_busy else begun
                if is_busy and begun - idle_at < READ_DELAY_SECONDS:
                    await asyncio.sleep(READ_SECONDS)
                    continue
                limit = READ_BUSY if is_busy else READ_IDLE
                reading = asyncio.create_task(asyncio.to_thread(self._read_unread, limit))
                count = await asyncio.shield(reading)
                if not count:
                    await asyncio.sleep(READ_SECONDS)
                elif is_busy or self.intake.is_busy:
                    await asyncio.sleep(READ_PAUSES * (time.monotonic() - begun))
        finally:
            if reading is not None:
                await reading
            await asyncio.to_thread(self._read_rest)

    def _read_unread(self, limit: int) -> int:
        """0 when nothing waits, or when it cannot be read now: then it is tried again."""
        try:
            return self.unread.read(limit)
        except Exception as error:
            self._note_ledger_fault(error)
            return 0

    def _read_rest(self) -> None:
        """What is left when the service stops, as far as it goes."""
        end = time.monotonic() + READ_REST_SECONDS
        while self._read_unread(READ_IDLE) and time.monotonic() < end:
            pass

    def _note_read(self, source: str, outcome: Outcome) -> None:
        for health in self.health:
            if health.name == source:
                health.note_read(outcome)

    def _pause_seconds(self, failures: int) -> float:
        ingest = self.settings.ingest
        return min(ingest.retry_cap_seconds, ingest.retry_first_seconds * 2.0 ** (failures - 1))

    def _note_ready(self, health: SourceHealth, port: int) -> None:
        health.note_success()
        self.on_ready(health.name, port)

    def _note_ledger_fault(self, error: Exception) -> None:
        for health in self.health:
            health.note_fault(f"Nothing can be kept: {describe_fault(error)}")

    def _fetch_position(self, name: str) -> str:
        return sources_store.fetch_position(self.vault.db, name)

    def _save_position(self, name: str, position: str) -> None:
        with transaction(self.vault.db) as db:
            sources_store.save_position(db, name, position)

    async def _keep_reporting(self) -> None:
        while True:
            await asyncio.to_thread(self._save_health)
            await asyncio.sleep(self.settings.ingest.health_seconds)

    def _save_health(self) -> None:
        """Best effort: a vault that cannot be written now must not stop what is received."""
        with suppress(Exception), transaction(self.vault.db) as db:
            sources_store.save_health(db, [health.report() for health in self.health])


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def describe_fault(error: Exception) -> str:
    """A sentence for a person, without patient data and without an address."""
    if isinstance(error, UserError):
        return error.sentence
    if isinstance(error, TimeoutError):
        return "No answer in time."
    if "disk is full" in str(error):  # SQLite's words; they hold nothing else
        return "The disk is full: free some space."
    if isinstance(error, OSError):
        return f"{error.strerror or type(error).__name__}."
    place = traceback.extract_tb(error.__traceback__)[-1]
    module = place.filename.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{type(error).__name__} in {module} line {place.lineno}."
