"""Send what waits for a system: one message after the other, each patient's in order, until answered.

The loop is the same for every network channel; a channel brings its own connection.
"""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clock import from_text
from downtime.errors import InputError
from downtime.returns import outbox, queue_messages
from downtime.returns.channels import CHANNELS
from downtime.returns.connection import AttemptResult, Connection
from downtime.returns.model import AttemptOutcome, Message, TargetPause
from downtime.returns.outbox import Sender
from downtime.returns.profiles import read_target
from downtime.returns.queue_messages import QueueResult
from downtime.returns.store import outbox_messages
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

Pause = Callable[[float], bool]
"""Wait for so many seconds; True when the sending is to end."""
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class SendingReport:
    """What a sending did: messages by what became of them, and why it stopped early, if so."""

    queued: QueueResult
    acknowledged: int = 0
    committed: int = 0
    refused: int = 0
    attempts: int = 0
    waiting: int = 0
    fault: str = ""

    @property
    def sentence(self) -> str:
        """In words, for a terminal and a screen."""
        parts = [f"{self.acknowledged} accepted"]
        parts += [f"{self.committed} in safe keeping"] if self.committed else []
        parts += [f"{self.refused} refused"] if self.refused else []
        parts += [f"{self.waiting} waiting"] if self.waiting else []
        problems = len(self.queued.problems)
        parts += [f"{problems} items that cannot be written"] if problems else []
        return ", ".join(parts) + "." + (f" {self.fault}" if self.fault else "")


def describe_pause(pause: TargetPause, zone: ZoneInfo) -> str:
    """Until when a receiver asked to be left alone, for a person."""
    until = display.format_moment(pause.until, zone)
    return f"{pause.system} asked to be left alone until {until}: {pause.reason}"


def send_messages(
    vault: Vault,
    settings: Settings,
    system: str,
    actor: Actor,
    *,
    pause: Pause,
    watch: bool = False,
    progress: Progress = lambda done, total: None,
) -> SendingReport:
    """Queue what is decided for a system and send all that waits, each message until it is answered.

    It ends when nothing may go now; with `watch`, when `pause` says so. A receiver that cannot be
    reached is tried `returns.tries` times in a row, with `watch` for ever. InputError for a system
    whose channel is no network; ConflictError while another program sends to it.
    """
    target = read_target(settings, system)
    open_connection = CHANNELS[target.channel].open_connection
    if open_connection is None:
        networks = [channel for channel, row in CHANNELS.items() if row.open_connection]
        raise InputError(
            "return.channel",
            f"{system} is not told over a network.",
            f"Set returns.targets.{system}.channel to {' or '.join(networks)}, or use 'export'.",
        )

    def record_late_answer(control_id: str, answer: str, is_taken: bool) -> None:
        outbox.record_late_answer(vault, system, control_id, actor, answer, is_taken=is_taken)

    with (
        outbox.open_sender(vault, settings.returns, system, target.channel, actor) as sender,
        open_connection(settings, target, vault.clock, record_late_answer) as connection,
    ):
        return _SendingRun(vault, settings, sender, connection, pause, watch, progress).run()


@dataclass(slots=True)
class _SendingRun:
    vault: Vault
    settings: Settings
    sender: Sender
    connection: Connection
    pause: Pause
    watch: bool
    progress: Progress
    failures: int = 0
    is_ended: bool = False

    def run(self) -> SendingReport:
        report = SendingReport(self._queue_decided())
        while not self.is_ended:
            if pause := self.sender.find_pause():
                self._wait_for_receiver(pause, report)
                continue
            message = self.sender.claim_next()
            if message is not None:
                self._attempt(message, report)
            elif not self._wait_for_more():
                break
        report.waiting = self._count_waiting()
        return report

    def _queue_decided(self) -> QueueResult:
        sender = self.sender
        return queue_messages.queue_items(
            self.vault, self.settings, sender.actor, system=sender.system, channel=sender.channel
        )

    def _attempt(self, message: Message, report: SendingReport) -> None:
        result = self.connection.deliver(message, self.sender.read_content(message))
        report.attempts += 1
        self.failures = self.failures + 1 if result.pause else 0
        seconds = max(result.wait_seconds, self.sender.backoff_seconds(self.failures))
        self._record(message, result, seconds, report)
        answered = report.acknowledged + report.committed + report.refused
        self.progress(answered, answered + self._count_waiting())
        if result.pause:
            if result.asks_for_pause:
                self.sender.pause_target(seconds, result.reason)
            report.fault = result.reason
            gave_up = not self.watch and self.failures >= self.settings.returns.tries
            self.is_ended = gave_up or self.pause(seconds)

    def _wait_for_receiver(self, pause: TargetPause, report: SendingReport) -> None:
        """It asked to be left alone: a watch waits that long, a single run ends and says until when."""
        zone = ZoneInfo(self.settings.site.time_zone)
        report.fault = describe_pause(pause, zone)
        seconds = (from_text(pause.until) - self.vault.clock()).total_seconds()
        self.is_ended = not self.watch or self.pause(max(seconds, 1.0))

    def _record(
        self, message: Message, result: AttemptResult, seconds: float, report: SendingReport
    ) -> None:
        match result.outcome:
            case AttemptOutcome.TAKEN:
                self.sender.acknowledge(message, result.answer)
                report.acknowledged += 1
            case AttemptOutcome.COMMITTED:
                self.sender.mark_sent(message, result.answer, result.reason)
                report.committed += 1
            case AttemptOutcome.REFUSED:
                self.sender.refuse(
                    message, result.reason, result.answer, is_unanswered=result.is_unanswered,
                    is_absent=result.is_absent,
                )  # fmt: skip
                report.refused += 1
            case AttemptOutcome.LATER:
                self.sender.retry_later(
                    message, result.reason, result.answer,
                    least_seconds=self._least_seconds(message, result, seconds),
                    is_unanswered=result.is_unanswered,
                )  # fmt: skip
                return
        report.fault = ""

    def _least_seconds(
        self, message: Message, result: AttemptResult, pause_seconds: float
    ) -> float:
        """What it asked for; without a time, longer than the others wait, so that one message at
        which a receiver fails each time does not keep them from it.
        """
        if result.asks_for_pause and not result.wait_seconds:
            return pause_seconds + self.sender.backoff_seconds(message.attempts)
        return result.wait_seconds

    def _wait_for_more(self) -> bool:
        """Whether to go on: a watch waits and looks for new decisions, a single run ends."""
        if not self.watch or self.pause(self.settings.returns.watch_seconds):
            return False
        self._queue_decided()
        return True

    def _count_waiting(self) -> int:
        return outbox_messages.count_waiting(self.vault.db, self.sender.system, self.sender.channel)
