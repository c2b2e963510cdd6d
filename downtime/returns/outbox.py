"""The outbox: messages wait, go out in each patient's order, and are answered, settled or sent again.

A sender works so, and may be killed between any two lines:

    with outbox.sender(vault, settings.returns, "LIMS", MLLP, who) as sender:
        while message := sender.next():
            …  # give sender.content(message) to the receiver
            sender.acknowledged(message, answer)   # or .refused, .sent, .later

Whatever a dead sender had in hand goes out again, the same bytes under the same control ID: a
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
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.returns.model import LIFECYCLE, AuditAction, Message, MessageState
from downtime.returns.store import outbox_messages
from downtime.settings import ReturnsSettings
from downtime.vault.audit import Actor
from downtime.vault.database import transaction
from downtime.vault.files import make_private
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Sender:
    """The one sender for a system and channel; a message in its hand is `sending`."""

    vault: Vault
    system: str
    channel: str
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
        self._move(
            message,
            MessageState.ACKNOWLEDGED,
            AuditAction.RETURN_ACKNOWLEDGE,
            answer=answer,
            reason="",
        )

    def mark_sent(self, message: Message, answer: str = "", reason: str = "") -> None:
        """It is in the receiver's safe keeping; whether it is taken in is not known yet."""
        self._move(
            message, MessageState.SENT, AuditAction.RETURN_SENT, answer=answer, reason=reason
        )

    def refuse(self, message: Message, reason: str, answer: str = "") -> None:
        """The receiver does not take it: it goes to a person, and the patient's later ones wait."""
        with self.vault.change(
            self.actor, AuditAction.RETURN_REFUSE, target=message.control_id
        ) as db:
            _refuse(db, message, reason, answer, self.vault.now())

    def retry_later(
        self, message: Message, reason: str, answer: str = "", *, least_seconds: float = 0.0
    ) -> None:
        """No answer, or 'not now': the same bytes again after a while that grows with the attempts.

        `least_seconds`: what the receiver asked for. Nobody decided anything, so this leaves no
        audit entry; `attempts` counts it.
        """
        now = self.vault.clock()
        seconds = max(least_seconds, self.backoff_seconds(message.attempts))
        due = to_text(now + timedelta(seconds=seconds))
        with transaction(self.vault.db) as db:
            move_message(
                db,
                message,
                MessageState.QUEUED,
                to_text(now),
                next_try=due,
                reason=reason,
                answer=answer,
            )

    def backoff_seconds(self, attempts: int) -> float:
        """Seconds before the next attempt: doubled each time, up to a cap, and spread by chance."""
        longest = self.settings.retry_cap_seconds
        doubled = self.settings.retry_first_seconds * 2.0 ** min(max(attempts - 1, 0), 30)
        return min(longest, doubled) * (0.5 + self.chance() / 2)

    def _move(self, message: Message, to: str, action: AuditAction, **columns: str) -> None:
        with self.vault.change(self.actor, action, target=message.control_id) as db:
            move_message(db, message, to, self.vault.now(), **columns)


@contextmanager
def open_sender(
    vault: Vault,
    settings: ReturnsSettings,
    system: str,
    channel: str,
    actor: Actor,
    chance: Callable[[], float] = random.random,
) -> Iterator[Sender]:
    """Be the only sender for this system and channel; what a dead one had in hand waits again.

    ConflictError when another one is at work, in whatever program.
    """
    folder = vault.home.path / "returns"
    make_private(folder)
    safe = "".join(c if c.isalnum() else "-" for c in f"{system}.{channel}")
    lock = FileLock(folder / f".{safe}.lock", timeout=0)
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


def get_message(vault: Vault, control_id: str) -> Message:
    """One message; NotFoundError."""
    return require_message(vault.db, control_id)


def send_again(vault: Vault, control_id: str, actor: Actor, check_reason: str) -> Message:
    """Let a refused message, or one without a final answer, go out once more unchanged."""
    with vault.change(
        actor, AuditAction.RETURN_AGAIN, target=control_id, reason=required_reason(check_reason)
    ) as db:
        message = require_message(db, control_id)
        if message.state == MessageState.HELD:
            raise _held_error(db, message)
        requeue_message(db, message, vault.now())
        return require_message(db, control_id)


def resolve_message(vault: Vault, control_id: str, actor: Actor, reason: str) -> Message:
    """A person put it right another way: it does not go out, and those behind it may."""
    with vault.change(
        actor, AuditAction.RETURN_RESOLVE, target=control_id, reason=required_reason(reason)
    ) as db:
        settle_message(db, require_message(db, control_id), reason.strip(), vault.now())
        return require_message(db, control_id)


def refuse_message(
    vault: Vault, control_id: str, actor: Actor, reason: str, *, answer: str = ""
) -> Message:
    """What was handed over was not taken after all: a person says so, or a late answer does."""
    said = "" if answer else required_reason(reason)  # an answer's words may repeat what was sent
    with vault.change(actor, AuditAction.RETURN_REFUSE, target=control_id, reason=said) as db:
        _refuse(db, require_message(db, control_id), reason.strip(), answer, vault.now())
        return require_message(db, control_id)


def check_awaits_answer(message: Message, state: str, *, system: str) -> None:
    """ConflictError unless a message is in this state and for this system."""
    if (message.state, message.system) != (state, system):
        raise ConflictError(
            "return.not-waiting",
            f"Message {message.control_id} does not wait for an answer of {system}.",
            "See the list of messages.",
        )


def record_answer(
    vault: Vault, control_id: str, to: str, actor: Actor, *, answer: str = "", reason: str = ""
) -> Message:
    """A later word about a message handed over: `acknowledged` (a tick), or `sent` to take it back."""
    with vault.change(actor, AuditAction(f"return.{to}"), target=control_id, reason=reason) as db:
        move_message(
            db, require_message(db, control_id), to, vault.now(), answer=answer, reason=reason
        )
        return require_message(db, control_id)


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


def requeue_message(db: Database, message: Message, now: str) -> None:
    """Put a message back into the queue unchanged, inside the caller's change."""
    move_message(db, message, MessageState.QUEUED, now, next_try="", reason="")
    outbox_messages.release_held(db, message.system, message.order_key, now)
    hold_if_behind(db, message, now)


def hold_if_behind(db: Database, message: Message, now: str) -> None:
    """Hold a queued message while an earlier one of its patient is refused."""
    first = outbox_messages.find_first_refused(db, message.system, message.order_key)
    if first and first.position < message.position:
        outbox_messages.hold_later_messages(db, first, _hold_reason(first), now)


def hold_behind_refused(db: Database, system: str, now: str) -> None:
    """Hold what is queued behind any refused message of its patient."""
    firsts: dict[str, Message] = {}
    for refused in outbox_messages.list_messages(db, system=system, state=MessageState.REFUSED):
        firsts.setdefault(refused.order_key, refused)
    for first in firsts.values():
        outbox_messages.hold_later_messages(db, first, _hold_reason(first), now)


def _refuse(db: Database, message: Message, reason: str, answer: str, now: str) -> None:
    move_message(db, message, MessageState.REFUSED, now, reason=reason, answer=answer)
    outbox_messages.hold_later_messages(db, message, _hold_reason(message), now)


def _hold_reason(first: Message) -> str:
    return f"Waits for message {first.control_id} of the same patient, which was refused."


def _held_error(db: Database, message: Message) -> ConflictError:
    first = outbox_messages.find_first_refused(db, message.system, message.order_key)
    name = first.control_id if first else "before it"
    return ConflictError(
        "return.held",
        f"Message {message.control_id} waits for message {name} of the same patient.",
        "Settle that one: this one then goes by itself.",
    )


def move_message(db: Database, message: Message, to: str, now: str, **columns: str) -> None:
    """Move on from the state that the database holds now, not from the one that was read."""
    LIFECYCLE.check(require_message(db, message.control_id).state, to)
    outbox_messages.update_message(db, message.control_id, state=to, changed=now, **columns)


def require_message(db: Database, control_id: str) -> Message:
    """One message as it is now, inside the caller's change; NotFoundError."""
    found = outbox_messages.find_message(db, control_id)
    if found is None:
        raise NotFoundError("return.unknown", "There is no such message.", "See the list of them.")
    return found


def required_reason(text: str) -> str:
    """A reason that was given; InputError without one."""
    if not text.strip():
        raise InputError("return.reason", "This needs a reason.", "Say in a few words why.")
    return text
