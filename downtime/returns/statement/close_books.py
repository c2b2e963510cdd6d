"""Close the books of an outage, and open them again.

They are closed when its statement is complete, and signed by its three leads. With anything open, or
unsigned, two people close them: one proposes it with a reason, another one closes with theirs. Both
stand on the statement with what was open then. A drill concerns no patient: one person closes it.
"""

from dataclasses import replace

from downtime.accounts.people import is_program
from downtime.errors import NotFoundError
from downtime.outage import outages
from downtime.outage.model import LIFECYCLE as OUTAGE_LIFECYCLE
from downtime.outage.model import AuditAction as OutageAction
from downtime.outage.model import Outage, OutageState
from downtime.returns.model import AuditAction, Lead
from downtime.returns.policies import (
    check_can_close_alone,
    check_can_propose,
    check_is_shown,
    check_reason,
)
from downtime.returns.statement.closing_model import LIFECYCLE, Closing, ClosingState
from downtime.returns.statement.completeness_statement import Statement, gather_statement
from downtime.returns.statement.open_groups import count_things
from downtime.returns.store import closings
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def close_outage(
    vault: Vault, settings: Settings, outage_id: str, actor: Actor, reason: str
) -> Outage:
    """Close the books of an outage that is complete and signed; a drill's as it is.

    ConflictError while a system is down, or while something is open or unsigned, which it names: then
    one person proposes to close all the same (`propose_closing`) and another does (`close_incomplete`).
    """
    reason = check_reason(reason)
    outage = outages.get_outage(vault, outage_id)
    OUTAGE_LIFECYCLE.check(outage.state, OutageState.CLOSED)
    statement = gather_statement(vault, settings, outage_id)
    check_can_close_alone(outage, count_things(statement.facts["open"]), list_unsigned(statement))
    return _close(vault, statement, _make_closing(vault, statement), actor, reason)


def propose_closing(
    vault: Vault, settings: Settings, outage_id: str, actor: Actor, reason: str, *, shown: str
) -> Closing:
    """Say why the books are to be closed although things are open: a second person then closes them.

    A new proposal takes the place of one that waits. `shown` is the digest of the facts that this person
    saw: ConflictError when they are others by now. ForbiddenError for a program.
    """
    reason = check_reason(reason)
    outage = outages.get_outage(vault, outage_id)
    OUTAGE_LIFECYCLE.check(outage.state, OutageState.CLOSED)
    check_can_propose(is_program=is_program(vault, actor))
    statement = gather_statement(vault, settings, outage_id)
    check_is_shown(statement.digest, shown)
    closing = replace(
        _make_closing(vault, statement),
        state=ClosingState.PROPOSED,
        proposed_by=actor.id,
        proposed_name=actor.name,
        proposed_at=vault.now(),
        proposed_reason=reason,
    )
    with vault.change(actor, AuditAction.CLOSING_PROPOSE, target=outage_id, reason=reason) as db:
        if waiting := closings.find_in_state(db, outage_id, ClosingState.PROPOSED):
            closings.save_closing(db, _move(waiting, ClosingState.WITHDRAWN))
        closing = replace(closing, id=closings.next_id(db))
        closings.save_closing(db, closing)
    return closing


def close_incomplete(
    vault: Vault, settings: Settings, outage_id: str, actor: Actor, reason: str, *, shown: str
) -> Outage:
    """Close the books that another person proposed to close with things open.

    ForbiddenError for the one who proposed it and for a program; NotFoundError without a proposal;
    ConflictError when anything is otherwise than the first person saw, or than this one did (`shown`).
    """
    reason = check_reason(reason)
    statement = gather_statement(vault, settings, outage_id)
    proposed = find_proposal(vault, outage_id)
    if proposed is None:
        raise NotFoundError(
            "closing.unproposed",
            "Nobody has proposed to close these books with things open.",
            "Propose it with a reason: another person closes them then.",
        )
    check_can_propose(
        is_program=is_program(vault, actor),
        proposed_by=proposed.proposed_by,
        actor_id=actor.id,
        is_as_proposed=proposed.facts_sha256 == statement.digest,
    )
    check_is_shown(statement.digest, shown)
    return _close(vault, statement, proposed, actor, reason)


def withdraw_proposal(vault: Vault, outage_id: str, actor: Actor, reason: str) -> None:
    """Take a proposal back; NotFoundError when none waits."""
    reason = check_reason(reason)
    with vault.change(actor, AuditAction.CLOSING_WITHDRAW, target=outage_id, reason=reason) as db:
        waiting = closings.find_in_state(db, outage_id, ClosingState.PROPOSED)
        if waiting is None:
            raise NotFoundError(
                "closing.unproposed", "No proposal waits.", "See the list of outages."
            )
        closings.save_closing(db, _move(waiting, ClosingState.WITHDRAWN))


def reopen_outage(vault: Vault, outage_id: str, actor: Actor, reason: str) -> Outage:
    """Open closed books again: the outage is being recovered, and its statement says who and why."""
    reason = check_reason(reason)
    with vault.change(actor, OutageAction.OUTAGE_REOPEN, target=outage_id, reason=reason) as db:
        outage = outages.get_outage(vault, outage_id)
        outages.set_reopened(db, outage, vault.now())
        closed = closings.find_in_state(db, outage_id, ClosingState.CLOSED)
        closed = closed or _describe_earlier(closings.next_id(db), outage)
        reopened = replace(
            _move(closed, ClosingState.REOPENED),
            reopened_by=actor.id,
            reopened_name=actor.name,
            reopened_at=vault.now(),
            reopened_reason=reason,
        )
        closings.save_closing(db, reopened)
    return outages.get_outage(vault, outage_id)


def find_proposal(vault: Vault, outage_id: str) -> Closing | None:
    """The proposal that waits for a second person."""
    return closings.find_in_state(vault.db, outage_id, ClosingState.PROPOSED)


def list_unsigned(statement: Statement) -> tuple[Lead, ...]:
    """The leads who have not signed the facts as they are now."""
    return tuple(lead for lead in Lead if lead not in statement.valid_signatures)


def _make_closing(vault: Vault, statement: Statement) -> Closing:
    return Closing(
        id=closings.next_id(vault.db),
        outage=statement.outage,
        state=ClosingState.PROPOSED,
        verdict=statement.verdict,
        facts_sha256=statement.digest,
        open_kinds=count_things(statement.facts["open"]),
        unsigned=list_unsigned(statement),
    )


def _close(
    vault: Vault, statement: Statement, closing: Closing, actor: Actor, reason: str
) -> Outage:
    outage_id = statement.outage
    with vault.change(actor, OutageAction.OUTAGE_CLOSE, target=outage_id, reason=reason) as db:
        outages.set_closed(db, outages.get_outage(vault, outage_id), vault.now())
        waiting = closings.find_in_state(db, outage_id, ClosingState.PROPOSED)
        if waiting and waiting.id != closing.id:
            closings.save_closing(db, _move(waiting, ClosingState.WITHDRAWN))
        closed = replace(
            _move(closing, ClosingState.CLOSED),
            verdict=statement.verdict,
            facts_sha256=statement.digest,
            open_kinds=count_things(statement.facts["open"]),
            unsigned=list_unsigned(statement),
            closed_by=actor.id,
            closed_name=actor.name,
            closed_at=vault.now(),
            closed_reason=reason,
        )
        closings.save_closing(db, closed)
    return outages.get_outage(vault, outage_id)


def _describe_earlier(number: int, outage: Outage) -> Closing:
    """A closing of before there were records of them: only when is known."""
    return Closing(
        id=number,
        outage=outage.id,
        state=ClosingState.CLOSED,
        verdict="",
        facts_sha256="",
        open_kinds={},
        unsigned=(),
        closed_at=outage.closed,
    )


def _move(closing: Closing, state: ClosingState) -> Closing:
    LIFECYCLE.check(closing.state, state)
    return replace(closing, state=state)
