"""Send what waits for a system: one message after the other, each patient's in order, until answered.

The loop is the same for every network channel; a channel brings its own line to the receiver.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass

from downtime.errors import InputError
from downtime.returns import outbox, queueing, store
from downtime.returns.fhir.target import fhir_target
from downtime.returns.hl7.line import MllpLine
from downtime.returns.hl7.mllp import Line as Connection
from downtime.returns.lines import COMMITTED, REFUSED, TAKEN, Line, Outcome
from downtime.returns.outbox import Sender
from downtime.returns.profiles import Target, target
from downtime.returns.queueing import Queued
from downtime.returns.states import ACKNOWLEDGED, FHIR, MLLP, SENT
from downtime.returns.store import Message
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

Pause = Callable[[float], bool]
"""Wait for so many seconds; True when the sending is to end."""
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Sent:
    """What a sending did: messages by what became of them, and why it stopped early, if so."""

    queued: Queued
    taken: int = 0
    committed: int = 0
    refused: int = 0
    tries: int = 0
    waiting: int = 0
    trouble: str = ""

    @property
    def sentence(self) -> str:
        """In words, for a terminal and a screen."""
        parts = [f"{self.taken} taken in"]
        parts += [f"{self.committed} in safe keeping"] if self.committed else []
        parts += [f"{self.refused} refused"] if self.refused else []
        parts += [f"{self.waiting} waiting"] if self.waiting else []
        problems = len(self.queued.problems)
        parts += [f"{problems} items that cannot be written"] if problems else []
        return ", ".join(parts) + "." + (f" {self.trouble}" if self.trouble else "")


def send(
    vault: Vault,
    settings: Settings,
    system: str,
    who: Actor,
    *,
    pause: Pause,
    watch: bool = False,
    progress: Progress = lambda done, total: None,
) -> Sent:
    """Queue what is decided for a system and send all that waits, each message until it is answered.

    It ends when nothing may go now; with `watch`, when `pause` says so. A receiver that cannot be
    reached is tried `returns.tries` times in a row, with `watch` for ever. InputError for a system
    whose channel is no network; ConflictError while another program sends to it.
    """
    chosen = target(settings, system)
    if chosen.channel not in LINES:
        raise InputError(
            "return.channel",
            f"{system} is not told over a network.",
            f"Set returns.targets.{system}.channel to {' or '.join(LINES)}, or use 'export'.",
        )
    with (
        outbox.sender(vault, settings.returns, system, chosen.channel, who) as queue,
        LINES[chosen.channel](vault, settings, chosen, who) as line,
    ):
        work = _Sending(vault, settings, queue, line, pause, watch, progress)
        return work.run()


@dataclass(slots=True)
class _Sending:
    vault: Vault
    settings: Settings
    queue: Sender
    line: Line
    pause: Pause
    watch: bool
    progress: Progress
    failures: int = 0
    ended: bool = False

    def run(self) -> Sent:
        done = self._filled()
        while not self.ended:
            message = self.queue.next()
            if message is None:
                if not self._wait_for_more(done):
                    break
                continue
            self._one(message, done)
        done.waiting = store.waiting(self.vault.db, self.queue.system, self.queue.channel)
        return done

    def _filled(self) -> Sent:
        queued = queueing.queue(
            self.vault,
            self.settings,
            self.queue.who,
            system=self.queue.system,
            channel=self.queue.channel,
        )
        return Sent(queued)

    def _one(self, message: Message, done: Sent) -> None:
        came = self.line.exchange(message, self.queue.content(message))
        done.tries += 1
        self._record(message, came, done)
        self.failures = self.failures + 1 if came.pause else 0
        settled = done.taken + done.committed + done.refused
        self.progress(settled, settled + store.waiting(self.vault.db, *self._where))
        if came.pause:
            done.trouble = came.words
            gave_up = not self.watch and self.failures >= self.settings.returns.tries
            self.ended = gave_up or self.pause(max(came.wait, self.queue.wait(self.failures)))

    def _record(self, message: Message, came: Outcome, done: Sent) -> None:
        if came.state == TAKEN:
            self.queue.acknowledged(message, came.answer)
            done.taken += 1
        elif came.state == COMMITTED:
            self.queue.sent(message, came.answer, came.words)
            done.committed += 1
        elif came.state == REFUSED:
            self.queue.refused(message, came.words, came.answer)
            done.refused += 1
        else:
            self.queue.later(message, came.words, came.answer, least_seconds=came.wait)
        if came.state in (TAKEN, COMMITTED, REFUSED):
            done.trouble = ""

    def _wait_for_more(self, done: Sent) -> bool:
        """Whether to go on: a watch waits and looks for new decisions, a single run ends."""
        if not self.watch:
            return False
        if self.pause(self.settings.returns.watch_seconds):
            return False
        self._filled()
        return True

    @property
    def _where(self) -> tuple[str, str]:
        return self.queue.system, self.queue.channel


@contextmanager
def _mllp(vault: Vault, settings: Settings, chosen: Target, who: Actor) -> Iterator[Line]:
    def late(control_id: str, state: str, words: str) -> None:
        message = outbox.get(vault, control_id)
        outbox.check_is(message, SENT, system=chosen.system)
        if state == TAKEN:
            outbox.answered(vault, control_id, ACKNOWLEDGED, who, answer=words)
        else:
            outbox.refuse(vault, control_id, who, words, answer=words)

    with closing(Connection(chosen)) as connection:
        yield MllpLine(chosen, connection, vault.clock, late)


@contextmanager
def _fhir(vault: Vault, settings: Settings, chosen: Target, who: Actor) -> Iterator[Line]:
    from downtime.returns.fhir.line import connected  # loads httpx: slow, and seldom needed

    with connected(fhir_target(settings, chosen.system, chosen.fhir), vault.clock) as line:
        yield line


Opened = Callable[[Vault, Settings, Target, Actor], AbstractContextManager[Line]]
LINES: Mapping[str, Opened] = {MLLP: _mllp, FHIR: _fhir}
"""How a line of each network channel is opened."""
