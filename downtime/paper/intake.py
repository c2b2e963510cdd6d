"""Book paper as it comes back: one serial after the other, each with a line that says what it was.

A paper that was booked on this machine before is booked again, and stands in the list of duplicates
until somebody says whether it was the same paper or a second one under one serial.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlite_utils import Database

from downtime.clock import to_text
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.paper import serials, store, store_moves
from downtime.paper.issue import LOST, OUT, RETURNED, VOID, Issued
from downtime.paper.moves import COPY, SAME, SEEN, Move, doubtful, in_order
from downtime.settings import Settings
from downtime.vault import device
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

BOOKED, FOUND, AGAIN, LATER, STILL_VOID, FOREIGN, NOT_NEEDED = (
    "booked", "found", "again", "later", "void", "foreign", "not-needed",
)  # fmt: skip
"""It came back; it had been declared lost; it was booked here before; it was keyed already; it is
void; no laptop has reported it yet; it need not come back."""
WORDS = {
    BOOKED: "booked.",
    FOUND: "booked: it had been declared lost.",
    AGAIN: "was booked here before. The same paper, or a second one?",
    LATER: "was worked on already: nothing to do.",
    STILL_VOID: "is void: put it with the void ones.",
    FOREIGN: "booked: the laptop that printed it has not handed over yet.",
    NOT_NEEDED: "is a copy of what the systems said: it need not come back.",
}


@dataclass(frozen=True, slots=True)
class Booked:
    """What a serial was; `form` is None while its laptop has not handed over."""

    serial: str
    outcome: str
    form: Issued | None

    @property
    def sentence(self) -> str:
        """`K7-000042-X: booked.` for the line below the field; no patient is named."""
        title = f" ({self.form.title}, {self.form.ward or 'no ward'})" if self.form else ""
        return f"{serials.shown(self.serial)}{title}: {WORDS[self.outcome]}"


def book(vault: Vault, text: str, who: Actor) -> Booked:
    """Book the paper of a serial or page code as typed or scanned.

    InputError for a slip; NotFoundError for a serial of this machine that it never gave out.
    """
    number = serials.parse(text)
    with vault.change(who, "ledger.book", target=number) as db:
        form = next(store.forms(db, "serial = ?", number), None)
        if form is None and number[:2] == device.code(vault.home):
            raise NotFoundError(
                "serial.unknown",
                f"Form {serials.shown(number)} was never issued.",
                "Compare the serial with the paper; tell security if it is printed so.",
            )
        outcome = _outcome(form, store_moves.of(db, number), who)
        if outcome != NOT_NEEDED:
            store_moves.add(db, number, RETURNED, vault.now(), who, "", SEEN)
            store_moves.restate(db, [number])
    return Booked(number, outcome, form)


def _outcome(form: Issued | None, moves: list[Move], who: Actor) -> str:
    if any(move.kind == SEEN and move.device == who.device for move in in_order(moves)):
        return AGAIN
    if form is None:
        return FOREIGN
    if not form.returns:
        return NOT_NEEDED
    if form.state in OUT:
        return BOOKED
    return {LOST: FOUND, VOID: STILL_VOID, RETURNED: BOOKED}.get(form.state, LATER)


def undo_last(vault: Vault, who: Actor) -> str:
    """Take back what this person booked last on this machine; its serial.

    ConflictError when there is nothing, or the form was worked on since.
    """
    with vault.change(who, "ledger.unbook", target="last") as db:
        last = next(iter(store_moves.last_booked(db, who.id, who.device, 1)), None)
        if last is None:
            raise ConflictError("intake.nothing", "There is nothing to take back.", "Go on.")
        held = in_order(store_moves.of(db, last.serial))
        if held[-1] != last:
            raise ConflictError(
                "intake.worked-on",
                f"Form {serials.shown(last.serial)} was worked on since it was booked.",
                "Change it on the form's own page.",
            )
        store_moves.add_undo(db, last, vault.now(), who)
        store_moves.restate(db, [last.serial])
    return last.serial


def settle(vault: Vault, serial: str, kind: str, who: Actor, why: str = "") -> None:
    """Say of a paper that was booked again: `same` paper, or `copy` (a second one of its serial).

    ConflictError when nothing is in doubt about it.
    """
    number = serials.parse(serial)
    if kind not in (SAME, COPY):
        raise InputError("intake.kind", "That cannot be said.", "Say same or copy.")
    with vault.change(who, f"ledger.{kind}", target=number, why=why) as db:
        if not doubtful([m for m in store_moves.of(db, number) if m.device == who.device]):
            raise ConflictError("intake.settled", "Nothing is in doubt about this paper.", "Go on.")
        store_moves.add(db, number, RETURNED, vault.now(), who, why, kind)


def count(vault: Vault, settings: Settings, who: Actor) -> int:
    """How many papers this person booked on this machine in the last hours (of the settings)."""
    since = to_text(vault.clock() - timedelta(hours=settings.handover.booking_hours))
    return store_moves.count_seen(vault.db, who.id, who.device, since)


def recent(vault: Vault, who: Actor, limit: int) -> list[tuple[Move, Issued | None]]:
    """What this person booked last on this machine, newest first, with the form where it is known."""
    moves = store_moves.last_booked(vault.db, who.id, who.device, limit)
    forms = {form.serial: form for form in store.with_serials(vault.db, [m.serial for m in moves])}
    return [(move, forms.get(move.serial)) for move in moves]


def in_doubt(db: Database) -> dict[str, list[Move]]:
    """Serials that were booked twice on one machine, with all their moves."""
    repeated = (
        "serial IN (SELECT serial FROM form_move WHERE kind = ? GROUP BY serial, device"
        " HAVING count(*) > 1)"
    )
    return {n: moves for n, moves in _grouped(db, repeated, SEEN).items() if doubtful(moves)}


def copies(db: Database) -> dict[str, list[Move]]:
    """Serials of which there is more than one paper, with what was said of each."""
    found = _grouped(db, "kind = ?", COPY)
    return {n: in_order(moves) for n, moves in found.items() if in_order(moves)}


def foreign(db: Database) -> dict[str, list[Move]]:
    """Serials of laptops that have not reported them, with their moves."""
    found: dict[str, list[Move]] = {}
    for move in store_moves.without_form(db):
        found.setdefault(move.serial, []).append(move)
    return {n: in_order(moves) for n, moves in found.items() if in_order(moves)}


def _grouped(db: Database, condition: str, *values: object) -> dict[str, list[Move]]:
    found: dict[str, list[Move]] = {}
    for move in store_moves.where(db, condition, *values):
        found.setdefault(move.serial, []).append(move)
    return found
