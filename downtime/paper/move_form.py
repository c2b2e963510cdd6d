"""Say where a form is: with a runner, returned, void or lost; keying moves it further."""

from collections.abc import Sequence

from sqlite_utils import Database

from downtime.paper import ledger, serials
from downtime.paper.model import OUT, AuditAction, FormState, IssuedForm, MoveKind
from downtime.paper.policies import check_can_move, check_reason
from downtime.paper.store import issued_forms
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def mark_collected(vault: Vault, serial: str, actor: Actor, reason: str = "") -> IssuedForm:
    """A runner took the form from its ward; it is still out until it comes back."""
    return _move(vault, serial, FormState.COLLECTED, actor, reason)


def mark_returned(vault: Vault, serial: str, actor: Actor, reason: str = "") -> IssuedForm:
    """The paper came back. Doing it again changes nothing; ConflictError from a later state."""
    form = ledger.get_form(vault, serial)
    if form.state == FormState.RETURNED:
        return form
    return _move(vault, form.serial, FormState.RETURNED, actor, reason)


def void_form(vault: Vault, serial: str, actor: Actor, reason: str) -> IssuedForm:
    """The form was spoilt or never used; `reason` is required."""
    return _move(vault, serial, FormState.VOID, actor, check_reason(reason))


def mark_lost(vault: Vault, serial: str, actor: Actor, reason: str) -> IssuedForm:
    """Somebody declares that the form cannot be found; `reason` is required."""
    return _move(vault, serial, FormState.LOST, actor, check_reason(reason))


def void_unused_forms(vault: Vault, unused: Sequence[str], actor: Actor, reason: str) -> int:
    """Void unused forms all together (blank spares that came back); how many there were."""
    reason = check_reason(reason)
    target = f"{len(unused)} forms"
    with vault.change(actor, AuditAction.LEDGER_VOID, target=target, reason=reason) as db:
        for serial in unused:
            move_form(db, serials.parse_serial(serial), FormState.VOID, vault.now(), actor, reason)
    return len(unused)


def _move(vault: Vault, serial: str, to: FormState, actor: Actor, reason: str) -> IssuedForm:
    number = serials.parse_serial(serial)
    with vault.change(actor, AuditAction(f"ledger.{to}"), target=number, reason=reason) as db:
        move_form(db, number, to, vault.now(), actor, reason)
    return ledger.get_form(vault, number)


def move_form(
    db: Database, serial: str, to: FormState, at: str, actor: Actor, reason: str = ""
) -> None:
    """Move a form inside the caller's transaction; ConflictError unless the lifecycle has it."""
    form = ledger.find_form(db, serial)
    check_can_move(form, to)
    was_missing = form.state in (*OUT, FormState.LOST)
    is_sighted = to == FormState.RETURNED and was_missing
    kind = MoveKind.SIGHTED if is_sighted else MoveKind.MOVE
    issued_forms.set_state(db, serial, to, at, actor, reason, kind)
