"""Say that a line of a worklist is keyed, with the number of the live system; and take that back.

One number for two patients is what an entry under the wrong patient looks like: it waits for a second
person, whichever way it comes.
"""

from sqlite_utils import Database

from downtime.errors import ConflictError
from downtime.returns import outbox
from downtime.returns.model import (
    AuditAction,
    Message,
    MessageState,
    NumberClaim,
    Tick,
    TickOutcome,
)
from downtime.returns.policies import (
    check_can_confirm_number,
    check_is_worklist_line,
    check_not_ticked,
    check_reason,
    check_tick_number,
    is_number_confirmed,
)
from downtime.returns.store import number_claims, rekey_ticks
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def tick_line(vault: Vault, control_id: str, number: str, actor: Actor) -> TickOutcome:
    """Say that a line is keyed; `number` is what the live system gave it, empty when it gives none.

    A number that a line of another patient has too counts once a second person has typed it.
    ConflictError when somebody ticked it already: two people keyed it, so one of the two is double.
    ForbiddenError for who typed such a number already.
    """
    number = " ".join(number.split())
    check_tick_number(number)
    is_awaited = _needs_second(vault.db, control_id, number, actor)
    action = AuditAction.REKEY_CLAIM if is_awaited else AuditAction.REKEY_TICK
    with vault.change(actor, action, target=control_id) as db:
        if _needs_second(db, control_id, number, actor) != is_awaited:
            raise ConflictError(
                "rekey.changed", "Somebody has just typed this number.", "Type it once more."
            )
        message = _require_line(db, control_id)
        ticks = rekey_ticks.list_ticks(db, message.outage)
        check_not_ticked(message, ticks.get(control_id))
        if is_awaited:
            claim = NumberClaim(control_id, number, vault.now(), actor.id, actor.name)
            number_claims.save_claim(db, claim)
            return TickOutcome.AWAITS_SECOND
        _settle_claim(db, message, number, actor, vault.now())
        _tick(db, message, number, actor, vault.now())
    return TickOutcome.DONE


def _needs_second(db: Database, control_id: str, number: str, actor: Actor) -> bool:
    message = _require_line(db, control_id)
    if not number or not number_claims.find_lines_with_number(db, message, number):
        return False
    claim = number_claims.fetch_claims(db, message.outage).get(control_id)
    check_can_confirm_number(claim, number, actor)
    return not is_number_confirmed(claim, number, actor)


def _settle_claim(db: Database, message: Message, number: str, actor: Actor, now: str) -> None:
    """Keep who confirmed the number; forget a claim of another one."""
    claim = number_claims.fetch_claims(db, message.outage).get(message.control_id)
    if is_number_confirmed(claim, number, actor) and claim:
        confirmed = claim._replace(
            confirmed=now, confirmed_by=actor.id, confirmed_by_name=actor.name
        )
        number_claims.save_claim(db, confirmed)
    else:
        number_claims.delete_claim(db, message.control_id)


def _tick(db: Database, message: Message, number: str, actor: Actor, now: str) -> None:
    if message.state == MessageState.QUEUED:
        outbox.move_message(db, message, MessageState.SENT, now)
    outbox.move_message(db, message, MessageState.ACKNOWLEDGED, now, answer=number)
    tick = Tick(
        control_id=message.control_id, number=number, ticked=now, ticked_by=actor.id,
        ticked_by_name=actor.name,
    )  # fmt: skip
    rekey_ticks.insert_tick(db, tick)


def untick_line(vault: Vault, control_id: str, actor: Actor, reason: str) -> None:
    """Take a tick back; what it said is kept. InputError without a reason."""
    reason = check_reason(reason)
    with vault.change(actor, AuditAction.REKEY_UNTICK, target=control_id, reason=reason) as db:
        message, now = _require_line(db, control_id), vault.now()
        outbox.move_message(db, message, MessageState.SENT, now, answer="", reason=reason)
        rekey_ticks.close_tick(db, control_id, now, actor.id, actor.name, reason)
        number_claims.delete_claim(db, control_id)


def _require_line(db: Database, control_id: str) -> Message:
    message = outbox.require_message(db, control_id)
    check_is_worklist_line(message)
    return message
