"""Check in paper as it comes back: serial after serial, each with a line that says what it was.

A paper that was checked in on this machine before is so again, and stands in the list of duplicates
until somebody says whether it was the same paper or a second one under one serial.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from sqlite_utils import Database

from downtime.clock import to_text
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.paper import serials
from downtime.paper.form_state import count_unresolved_sightings, order_moves
from downtime.paper.model import (
    OUT,
    AuditAction,
    CheckInOutcome,
    FormState,
    IssuedForm,
    Move,
    MoveKind,
)
from downtime.paper.store import issued_forms
from downtime.paper.store import moves as move_store
from downtime.settings import Settings
from downtime.vault import device
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

SENTENCES = {
    CheckInOutcome.CHECKED_IN: "checked in.",
    CheckInOutcome.FOUND_AGAIN: "checked in: it had been declared lost.",
    CheckInOutcome.REPEATED: "was checked in here before. The same paper, or a second one?",
    CheckInOutcome.ALREADY_KEYED: "was worked on already: nothing to do.",
    CheckInOutcome.STILL_VOID: "is void: put it with the void ones.",
    CheckInOutcome.UNREPORTED: "checked in: the laptop that printed it has not reported it yet.",
    CheckInOutcome.NOT_NEEDED: "is a copy of what the systems said: it need not come back.",
}


@dataclass(frozen=True, slots=True)
class CheckInResult:
    """What a serial was; `form` is None while its laptop has not handed over."""

    serial: str
    outcome: CheckInOutcome
    form: IssuedForm | None

    @property
    def sentence(self) -> str:
        """`K7-000042-X: checked in.` for the line below the field; no patient is named."""
        title = f" ({self.form.title}, {self.form.ward or 'no ward'})" if self.form else ""
        return f"{serials.format_serial(self.serial)}{title}: {SENTENCES[self.outcome]}"


def check_in_form(vault: Vault, text: str, actor: Actor) -> CheckInResult:
    """Check in the paper of a serial or page code as typed or scanned.

    InputError for a slip; NotFoundError for a serial of this machine that it never gave out.
    """
    number = serials.parse_serial(text)
    with vault.change(actor, AuditAction.LEDGER_BOOK, target=number) as db:
        form = issued_forms.find_form(db, number)
        if form is None and _is_first_block_of(device.read_own_code(vault.home), number):
            raise NotFoundError(
                "serial.unknown",
                f"Form {serials.format_serial(number)} was never issued.",
                "Compare the serial with the paper; tell security if it is printed so.",
            )
        outcome = _find_outcome(form, move_store.fetch_moves_of(db, number), actor)
        if outcome != CheckInOutcome.NOT_NEEDED:
            now, kind = vault.now(), MoveKind.SIGHTED
            move_store.add_move(db, number, FormState.RETURNED, now, actor, "", kind)
            move_store.update_states(db, [number])
    return CheckInResult(number, outcome, form)


def _is_first_block_of(code: str, number: str) -> bool:
    """Whether this machine would know the form. Emergency copies have blocks of their own: one that was
    printed while nothing could be written may be in no ledger (`packs.print_pack`)."""
    return number[:2] == code and len(number) == min(serials.LENGTHS)


def _find_outcome(form: IssuedForm | None, moves: list[Move], actor: Actor) -> CheckInOutcome:
    sighted = [move for move in order_moves(moves) if move.kind == MoveKind.SIGHTED]
    if any(move.device == actor.device for move in sighted):
        return CheckInOutcome.REPEATED
    if form is None:
        return CheckInOutcome.UNREPORTED
    if not form.returns:
        return CheckInOutcome.NOT_NEEDED
    if form.state in OUT:
        return CheckInOutcome.CHECKED_IN
    outcomes = {
        FormState.LOST: CheckInOutcome.FOUND_AGAIN,
        FormState.VOID: CheckInOutcome.STILL_VOID,
        FormState.RETURNED: CheckInOutcome.CHECKED_IN,
    }
    return outcomes.get(form.state, CheckInOutcome.ALREADY_KEYED)


def undo_last_check_in(vault: Vault, actor: Actor) -> str:
    """Take back what this person checked in last on this machine; its serial.

    ConflictError when there is nothing, or the form was worked on since.
    """
    with vault.change(actor, AuditAction.LEDGER_UNBOOK, target="last") as db:
        last = next(iter(move_store.fetch_last_checked_in(db, actor.id, actor.device, 1)), None)
        if last is None:
            raise ConflictError("intake.nothing", "There is nothing to take back.", "Go on.")
        if order_moves(move_store.fetch_moves_of(db, last.serial))[-1] != last:
            raise ConflictError(
                "intake.worked-on",
                f"Form {serials.format_serial(last.serial)} was worked on since it was checked in.",
                "Change it on the form's own page.",
            )
        move_store.add_undo(db, last, vault.now(), actor)
        move_store.update_states(db, [last.serial])
    return last.serial


def resolve_repeat(
    vault: Vault, serial: str, kind: MoveKind, actor: Actor, reason: str = ""
) -> None:
    """Say of a paper that was checked in again: the `SAME` paper, or a `COPY` under its serial.

    ConflictError when nothing is in doubt about it.
    """
    number = serials.parse_serial(serial)
    if kind not in (MoveKind.SAME, MoveKind.COPY):
        raise InputError("intake.kind", "That cannot be said.", "Say same or copy.")
    with vault.change(actor, AuditAction(f"ledger.{kind}"), target=number, reason=reason) as db:
        moves = move_store.fetch_moves_of(db, number)
        if not count_unresolved_sightings(m for m in moves if m.device == actor.device):
            raise ConflictError("intake.settled", "Nothing is in doubt about this paper.", "Go on.")
        move_store.add_move(db, number, FormState.RETURNED, vault.now(), actor, reason, kind)


def count_recent(vault: Vault, settings: Settings, actor: Actor) -> int:
    """How many papers this person checked in on this machine in the last hours (of the settings)."""
    since = to_text(vault.clock() - timedelta(hours=settings.sync.check_in_hours))
    return move_store.count_checked_in(vault.db, actor.id, actor.device, since)


def list_recent(vault: Vault, actor: Actor, limit: int) -> list[tuple[Move, IssuedForm | None]]:
    """What this person checked in last on this machine, newest first, with each form if known."""
    moves = move_store.fetch_last_checked_in(vault.db, actor.id, actor.device, limit)
    known = issued_forms.fetch_by_serials(vault.db, [move.serial for move in moves])
    forms = {form.serial: form for form in known}
    return [(move, forms.get(move.serial)) for move in moves]


def find_unresolved(db: Database) -> dict[str, list[Move]]:
    """Serials that were checked in twice on one machine, with all their moves."""
    by_serial = _group_moves(move_store.fetch_sighted_twice(db))
    return {n: moves for n, moves in by_serial.items() if count_unresolved_sightings(moves)}


def find_copies(db: Database) -> dict[str, list[Move]]:
    """Serials of which there is more than one paper, with what was said of each."""
    return _order_groups(_group_moves(move_store.fetch_moves_of_kind(db, MoveKind.COPY)))


def find_unreported(db: Database) -> dict[str, list[Move]]:
    """Serials of laptops that have not reported them, with their moves."""
    return _order_groups(_group_moves(move_store.fetch_moves_without_form(db)))


def _order_groups(by_serial: dict[str, list[Move]]) -> dict[str, list[Move]]:
    ordered = {serial: order_moves(moves) for serial, moves in by_serial.items()}
    return {serial: moves for serial, moves in ordered.items() if moves}


def _group_moves(moves: Iterable[Move]) -> dict[str, list[Move]]:
    """Moves that come by serial."""
    return {serial: list(group) for serial, group in groupby(moves, lambda move: move.serial)}
