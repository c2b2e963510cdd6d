"""Say where a form is: with a runner or returned; keying moves it further.

What takes it out of use, void or lost, is `downtime.entry.retire_forms`: it looks at what was keyed.
"""

from sqlite_utils import Database

from downtime.paper import ledger, serials
from downtime.paper.form_state import order_moves
from downtime.paper.model import OUT, AuditAction, FormState, IssuedForm, MoveKind
from downtime.paper.policies import check_can_move
from downtime.paper.store import issued_forms
from downtime.paper.store import moves as move_store
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

RETIRED = (FormState.VOID, FormState.LOST)
"""States in which a form is out of use."""


def mark_collected(vault: Vault, serial: str, actor: Actor, reason: str = "") -> IssuedForm:
    """A runner took the form from its ward; it is still out until it comes back."""
    return _move(vault, serial, FormState.COLLECTED, actor, reason)


def mark_returned(vault: Vault, serial: str, actor: Actor, reason: str = "") -> IssuedForm:
    """The paper came back. Doing it again changes nothing; ConflictError from a later state."""
    form = ledger.get_form(vault, serial)
    if form.state == FormState.RETURNED:
        return form
    return _move(vault, form.serial, FormState.RETURNED, actor, reason)


def _move(vault: Vault, serial: str, to: FormState, actor: Actor, reason: str) -> IssuedForm:
    number = serials.parse_serial(serial)
    with vault.change(actor, AuditAction(f"ledger.{to}"), target=number, reason=reason) as db:
        move_form(db, number, to, vault.now(), actor, reason)
    return ledger.get_form(vault, number)


def undo_retirement(db: Database, serial: str, at: str, actor: Actor) -> bool:
    """Take back that a form is void or lost, in the caller's transaction; False where it is not so.

    Only what was its last move, and was made on this machine. That a paper came back is taken back by
    the one who said so alone: else one person could void what another had seen.
    """
    moves = order_moves(move_store.fetch_moves_of(db, serial))
    last = moves[-1] if moves else None
    if last is None or last.device != actor.device:
        return False
    is_own_return = last.state == FormState.RETURNED and last.person == actor.id
    if last.state not in RETIRED and not is_own_return:
        return False
    move_store.add_undo(db, last, at, actor)
    move_store.update_states(db, [serial])
    return True


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
