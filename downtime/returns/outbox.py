"""The outbox: messages wait, go out in each patient's order, are answered, settled or sent again.

A sender works so, and may be killed between any two lines:

    with outbox.open_sender(vault, settings.returns, "LIMS", Channel.MLLP, actor) as sender:
        while message := sender.claim_next():
            …  # give sender.read_content(message) to the receiver
            sender.acknowledge(message, answer)   # or .refuse, .mark_sent, .retry_later

Whatever a dead sender had claimed goes out again, the same bytes under the same control ID: a
receiver that knows the ID answers and does nothing.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from filelock import FileLock, Timeout
from sqlite_utils import Database

from downtime.clock import to_text
from downtime.errors import ConflictError, NotFoundError
from downtime.returns.model import (
    LIFECYCLE,
    AuditAction,
    Channel,
    Message,
    MessageReason,
    MessageState,
    TargetPause,
    encode_reason,
)
from downtime.returns.policies import check_awaits_answer, check_can_send_again, check_reason
from downtime.returns.store import outbox_messages, target_pauses
from downtime.settings import ReturnsSettings
from downtime.vault.database import transaction
from downtime.vault.files import make_private_folder
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_MOST_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class Sender:
    """The one sender for a system and channel; a message that it claims is `sending`."""

    vault: Vault
    system: str
    channel: Channel
    actor: Actor
    settings: ReturnsSettings
    chance: Callable[[], float] = random.random

    def claim_next(self) -> Message | None:
        """Take the next message that may go now, in the order of each patient; None for none."""
        with transaction(self.vault.db) as db:
            return outbox_messages.claim_next(db, self.system, self.channel, self.vault.now())

    def read_content(self, message: Message) -> bytes:
        """Its bytes, the same at every attempt."""
        return outbox_messages.read_content(self.vault.db, message.control_id)

    def acknowledge(self, message: Message, answer: str = "") -> None:
        """The receiver has taken it in."""
        action = AuditAction.RETURN_ACKNOWLEDGE
        self._move(message, MessageState.ACKNOWLEDGED, action, answer=answer, reason="")

    def mark_sent(self, message: Message, answer: str = "", reason: str = "") -> None:
        """It is in the receiver's safe keeping; whether it is taken in is not known yet."""
        action = AuditAction.RETURN_SENT
        self._move(message, MessageState.SENT, action, answer=answer, reason=reason)

    def refuse(
        self,
        message: Message,
        reason: str,
        answer: str = "",
        *,
        is_unanswered: bool = False,
        is_absent: bool = False,
    ) -> None:
        """The receiver does not take it: it goes to a person, and the patient's later ones wait.

        `is_unanswered`: what it said does not tell whether something of it arrived; `is_absent`: it
        holds nothing of any attempt.
        """
        target = message.control_id
        with self.vault.change(self.actor, AuditAction.RETURN_REFUSE, target=target) as db:
            if is_unanswered:
                outbox_messages.count_unanswered(db, target)
            if is_absent:
                outbox_messages.clear_unanswered(db, target)
            _refuse(db, message, reason, answer, self.vault.now())

    def retry_later(
        self,
        message: Message,
        reason: str,
        answer: str = "",
        *,
        least_seconds: float = 0.0,
        is_unanswered: bool = False,
    ) -> None:
        """No answer, or 'not now': the same bytes again after a while that grows with the attempts.

        `least_seconds`: what the receiver asked for; `is_unanswered`: it may have arrived. Nobody
        decided anything, so this leaves no audit entry; `attempts` counts it.
        """
        now = self.vault.clock()
        seconds = max(least_seconds, self.backoff_seconds(message.attempts))
        due = to_text(now + timedelta(seconds=seconds))
        columns = {"next_try": due, "reason": reason, "answer": answer}
        with transaction(self.vault.db) as db:
            if is_unanswered:
                outbox_messages.count_unanswered(db, message.control_id)
            move_message(db, message, MessageState.QUEUED, to_text(now), **columns)

    def pause_target(self, seconds: float, reason: str) -> None:
        """Leave the receiver alone with all messages, as it asked, whoever sends next."""
        until = to_text(self.vault.clock() + timedelta(seconds=seconds))
        with transaction(self.vault.db) as db:
            target_pauses.save_pause(db, TargetPause(self.system, self.channel, until, reason))

    def find_pause(self) -> TargetPause | None:
        """Until when the receiver wants to be left alone; None when it may be sent to."""
        return target_pauses.find_pause(self.vault.db, self.system, self.channel, self.vault.now())

    def backoff_seconds(self, attempts: int) -> float:
        """Seconds before the next attempt: doubled each time, up to a cap, and spread by chance."""
        doublings = min(max(attempts - 1, 0), _MOST_DOUBLINGS)
        seconds = self.settings.retry_first_seconds * 2.0**doublings
        return min(self.settings.retry_cap_seconds, seconds) * (0.5 + self.chance() / 2)

    def _move(
        self, message: Message, state: MessageState, action: AuditAction, **columns: str
    ) -> None:
        with self.vault.change(self.actor, action, target=message.control_id) as db:
            move_message(db, message, state, self.vault.now(), **columns)


@contextmanager
def open_sender(
    vault: Vault,
    settings: ReturnsSettings,
    system: str,
    channel: Channel,
    actor: Actor,
    chance: Callable[[], float] = random.random,
) -> Iterator[Sender]:
    """Be the only sender for this system and channel; what a dead one had claimed waits again.

    ConflictError when another one is at work, in whatever program.
    """
    folder = vault.home.path / "returns"
    make_private_folder(folder)
    file_name = "".join(c if c.isalnum() else "-" for c in f"{system}.{channel}")
    lock = FileLock(folder / f".{file_name}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ConflictError(
            "return.sending",
            f"Messages for {system} are being sent already.",
            "Wait for that, or stop it first.",
        ) from None
    try:
        with transaction(vault.db) as db:
            outbox_messages.requeue_sending(db, system, channel, vault.now())
        yield Sender(vault, system, channel, actor, settings, chance)
    finally:
        lock.release()


def send_again(vault: Vault, control_id: str, actor: Actor, reason: str) -> Message:
    """Let a refused message, or one without a final answer, go out once more unchanged."""
    reason = check_reason(reason)
    with vault.change(actor, AuditAction.RETURN_AGAIN, target=control_id, reason=reason) as db:
        message = require_message(db, control_id)
        first = outbox_messages.find_first_refused(db, message.system, message.order_key)
        check_can_send_again(message, first)
        now = vault.now()
        move_message(db, message, MessageState.QUEUED, now, next_try="", reason="")
        outbox_messages.release_held(db, message.system, message.order_key, now)
        hold_if_behind(db, message, now)
        return require_message(db, control_id)


def resolve_message(vault: Vault, control_id: str, actor: Actor, reason: str) -> Message:
    """A person put it right another way: it does not go out, and those behind it may."""
    reason = check_reason(reason)
    with vault.change(actor, AuditAction.RETURN_RESOLVE, target=control_id, reason=reason) as db:
        settle_message(db, require_message(db, control_id), reason, vault.now())
        return require_message(db, control_id)


def refuse_message(vault: Vault, control_id: str, actor: Actor, reason: str) -> Message:
    """A person says that the system did not take what was handed over."""
    reason = check_reason(reason)
    with vault.change(actor, AuditAction.RETURN_REFUSE, target=control_id, reason=reason) as db:
        _refuse(db, require_message(db, control_id), reason, "", vault.now())
        return require_message(db, control_id)


def record_late_answer(
    vault: Vault, system: str, control_id: str, actor: Actor, answer: str, *, is_taken: bool
) -> None:
    """The application's answer to a message that was in its receiver's safe keeping.

    NotFoundError or ConflictError for a message that does not wait for an answer of this system.
    """
    check_awaits_answer(require_message(vault.db, control_id), system=system)
    action = AuditAction.RETURN_ACKNOWLEDGE if is_taken else AuditAction.RETURN_REFUSE
    # The audit keeps no words of an answer: they may repeat what was sent.
    with vault.change(actor, action, target=control_id) as db:
        message, now = require_message(db, control_id), vault.now()
        if is_taken:
            move_message(db, message, MessageState.ACKNOWLEDGED, now, answer=answer, reason="")
        else:
            _refuse(db, message, answer, answer, now)


def mark_handed_over(vault: Vault, messages: Sequence[Message], actor: Actor) -> None:
    """Queued messages that were written to files, or put on a list, all at once."""
    if not messages:
        return
    target = f"{messages[0].outage}: {len(messages)} messages"
    with vault.change(actor, AuditAction.RETURN_EXPORT, target=target) as db:
        for message in messages:
            move_message(db, message, MessageState.SENT, vault.now(), reason="")


def settle_message(db: Database, message: Message, reason: str, now: str) -> None:
    """Take a waiting or refused message out of the queue, inside the caller's change."""
    move_message(db, message, MessageState.RESOLVED, now, reason=reason)
    outbox_messages.release_held(db, message.system, message.order_key, now)


def hold_if_behind(db: Database, message: Message, now: str) -> None:
    """Hold a queued message while an earlier one of its patient is refused."""
    first = outbox_messages.find_first_refused(db, message.system, message.order_key)
    if first and first.position < message.position:
        _hold_behind(db, first, now)


def hold_behind_refused(db: Database, system: str, now: str) -> None:
    """Hold what is queued behind any refused message of its patient."""
    first_by_patient: dict[str, Message] = {}
    refused = outbox_messages.list_messages(db, system=system, state=MessageState.REFUSED)
    for message in refused:
        first_by_patient.setdefault(message.order_key, message)
    for first in first_by_patient.values():
        _hold_behind(db, first, now)


def move_message(
    db: Database, message: Message, state: MessageState, now: str, **columns: str
) -> None:
    """Move on from the state that the database holds now, not from the one that was read."""
    LIFECYCLE.check(require_message(db, message.control_id).state, state)
    outbox_messages.update_message(db, message.control_id, state=state, changed=now, **columns)


def require_message(db: Database, control_id: str) -> Message:
    """One message as it is now; NotFoundError."""
    message = outbox_messages.find_message(db, control_id)
    if message is None:
        raise NotFoundError("return.unknown", "There is no such message.", "See the list of them.")
    return message


def _refuse(db: Database, message: Message, reason: str, answer: str, now: str) -> None:
    move_message(db, message, MessageState.REFUSED, now, reason=reason, answer=answer)
    _hold_behind(db, message, now)


def _hold_behind(db: Database, first: Message, now: str) -> None:
    reason = encode_reason(MessageReason.HELD_BEHIND, first.control_id)
    outbox_messages.hold_later_messages(db, first, reason, now)
