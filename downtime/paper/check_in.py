"""Book paper as it comes back: one serial after the other, each with a line that says what it was.

A paper that was booked on this machine before is booked again, and stands in the list of duplicates
until somebody says whether it was the same paper or a second one under one serial.
"""

from dataclasses import dataclass
from datetime import timedelta

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
from downtime.paper.store import moves as tmpstore_moves
from downtime.settings import Settings
from downtime.vault import device
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

SENTENCES = {
    CheckInOutcome.CHECKED_IN: "booked.",
    CheckInOutcome.FOUND_AGAIN: "booked: it had been declared lost.",
    CheckInOutcome.REPEATED: "was booked here before. The same paper, or a second one?",
    CheckInOutcome.ALREADY_KEYED: "was worked on already: nothing to do.",
    CheckInOutcome.STILL_VOID: "is void: put it with the void ones.",
    CheckInOutcome.UNREPORTED: "booked: the laptop that printed it has not handed over yet.",
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
        """`K7-000042-X: booked.` for the line below the field; no patient is named."""
        title = f" ({self.form.title}, {self.form.ward or 'no ward'})" if self.form else ""
        return f"{serials.format_serial(self.serial)}{title}: {SENTENCES[self.outcome]}"


def check_in_form(vault: Vault, text: str, actor: Actor) -> CheckInResult:
    """Book the paper of a serial or page code as typed or scanned.

    InputError for a slip; NotFoundError for a serial of this machine that it never gave out.
    """
    number = serials.parse_serial(text)
    with vault.change(actor, AuditAction.LEDGER_BOOK, target=number) as db:
        form = next(issued_forms.fetch_forms(db, "serial = ?", number), None)
        if form is None and number[:2] == device.code(vault.home):
            raise NotFoundError(
                "serial.unknown",
                f"Form {serials.format_serial(number)} was never issued.",
                "Compare the serial with the paper; tell security if it is printed so.",
            )
        outcome = _find_outcome(form, tmpstore_moves.fetch_moves_of(db, number), actor)
        if outcome != CheckInOutcome.NOT_NEEDED:
            tmpstore_moves.add_move(
                db, number, FormState.RETURNED, vault.now(), actor, "", MoveKind.SIGHTED
            )
            tmpstore_moves.update_states(db, [number])
    return CheckInResult(number, outcome, form)


def _find_outcome(form: IssuedForm | None, moves: list[Move], actor: Actor) -> str:
    if any(
        move.kind == MoveKind.SIGHTED and move.device == actor.device for move in order_moves(moves)
    ):
        return CheckInOutcome.REPEATED
    if form is None:
        return CheckInOutcome.UNREPORTED
    if not form.returns:
        return CheckInOutcome.NOT_NEEDED
    if form.state in OUT:
        return CheckInOutcome.CHECKED_IN
    return {
        FormState.LOST: CheckInOutcome.FOUND_AGAIN,
        FormState.VOID: CheckInOutcome.STILL_VOID,
        FormState.RETURNED: CheckInOutcome.CHECKED_IN,
    }.get(form.state, CheckInOutcome.ALREADY_KEYED)


def undo_last_check_in(vault: Vault, actor: Actor) -> str:
    """Take back what this person booked last on this machine; its serial.

    ConflictError when there is nothing, or the form was worked on since.
    """
    with vault.change(actor, AuditAction.LEDGER_UNBOOK, target="last") as db:
        last = next(iter(tmpstore_moves.fetch_last_checked_in(db, actor.id, actor.device, 1)), None)
        if last is None:
            raise ConflictError("intake.nothing", "There is nothing to take back.", "Go on.")
        held = order_moves(tmpstore_moves.fetch_moves_of(db, last.serial))
        if held[-1] != last:
            raise ConflictError(
                "intake.worked-on",
                f"Form {serials.format_serial(last.serial)} was worked on since it was booked.",
                "Change it on the form's own page.",
            )
        tmpstore_moves.add_undo(db, last, vault.now(), actor)
        tmpstore_moves.update_states(db, [last.serial])
    return last.serial


def resolve_repeat(vault: Vault, serial: str, kind: str, actor: Actor, reason: str = "") -> None:
    """Say of a paper that was booked again: `same` paper, or `copy` (a second one of its serial).

    ConflictError when nothing is in doubt about it.
    """
    number = serials.parse_serial(serial)
    if kind not in (MoveKind.SAME, MoveKind.COPY):
        raise InputError("intake.kind", "That cannot be said.", "Say same or copy.")
    with vault.change(actor, AuditAction(f"ledger.{kind}"), target=number, reason=reason) as db:
        if not count_unresolved_sightings(
            [m for m in tmpstore_moves.fetch_moves_of(db, number) if m.device == actor.device]
        ):
            raise ConflictError("intake.settled", "Nothing is in doubt about this paper.", "Go on.")
        tmpstore_moves.add_move(db, number, FormState.RETURNED, vault.now(), actor, reason, kind)


def count_recent(vault: Vault, settings: Settings, actor: Actor) -> int:
    """How many papers this person booked on this machine in the last hours (of the settings)."""
    since = to_text(vault.clock() - timedelta(hours=settings.sync.check_in_hours))
    return tmpstore_moves.count_checked_in(vault.db, actor.id, actor.device, since)


def list_recent(vault: Vault, actor: Actor, limit: int) -> list[tuple[Move, IssuedForm | None]]:
    """What this person booked last on this machine, newest first, with the form where it is known."""
    moves = tmpstore_moves.fetch_last_checked_in(vault.db, actor.id, actor.device, limit)
    forms = {
        form.serial: form
        for form in issued_forms.fetch_by_serials(vault.db, [m.serial for m in moves])
    }
    return [(move, forms.get(move.serial)) for move in moves]


def find_unresolved(db: Database) -> dict[str, list[Move]]:
    """Serials that were booked twice on one machine, with all their moves."""
    repeated = (
        "serial IN (SELECT serial FROM form_move WHERE kind = ? GROUP BY serial, device"
        " HAVING count(*) > 1)"
    )
    return {
        n: moves
        for n, moves in _group_moves(db, repeated, MoveKind.SIGHTED).items()
        if count_unresolved_sightings(moves)
    }


def find_copies(db: Database) -> dict[str, list[Move]]:
    """Serials of which there is more than one paper, with what was said of each."""
    found = _group_moves(db, "kind = ?", MoveKind.COPY)
    return {n: order_moves(moves) for n, moves in found.items() if order_moves(moves)}


def find_unreported(db: Database) -> dict[str, list[Move]]:
    """Serials of laptops that have not reported them, with their moves."""
    found: dict[str, list[Move]] = {}
    for move in tmpstore_moves.fetch_moves_without_form(db):
        found.setdefault(move.serial, []).append(move)
    return {n: order_moves(moves) for n, moves in found.items() if order_moves(moves)}


def _group_moves(db: Database, condition: str, *values: object) -> dict[str, list[Move]]:
    found: dict[str, list[Move]] = {}
    for move in tmpstore_moves.fetch_moves(db, condition, *values):
        found.setdefault(move.serial, []).append(move)
    return found
