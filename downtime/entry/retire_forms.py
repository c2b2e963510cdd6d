"""Take forms out of use, as void or as lost: never what carries somebody's work, without a second person.

A draft, a scan, a form that is open before somebody now, or a paper that came back would disappear from
every list behind the word 'void'. So one person alone cannot let it, and in bulk it is left as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from downtime.entry import policies
from downtime.entry.model import EntryState, RetiredWork, WorkKind
from downtime.entry.store import claims, entries, scans
from downtime.paper import ledger, move_form
from downtime.paper.model import AuditAction, FormState, IssuedForm
from downtime.paper.policies import check_reason
from downtime.paper.serials import parse_serial
from downtime.paper.store import moves as move_store
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class BulkRetirement:
    """Which of these forms go out of use together, and which stay, each with what it carries."""

    serials: tuple[str, ...]
    carrying: tuple[RetiredWork, ...]


def void_form(
    vault: Vault, serial: str, actor: Actor, reason: str, *, with_work: bool = False
) -> IssuedForm:
    """Void a form that was spoilt or never used; the rules are those of `check_can_retire`."""
    return _retire(vault, serial, FormState.VOID, actor, reason, with_work=with_work)


def mark_lost(
    vault: Vault, serial: str, actor: Actor, reason: str, *, with_work: bool = False
) -> IssuedForm:
    """Declare that a form cannot be found; the rules are those of `check_can_retire`."""
    return _retire(vault, serial, FormState.LOST, actor, reason, with_work=with_work)


def _retire(
    vault: Vault, serial: str, to: FormState, actor: Actor, reason: str, *, with_work: bool
) -> IssuedForm:
    number, reason = parse_serial(serial), check_reason(reason)
    action = AuditAction(f"ledger.{to}")
    with vault.change(actor, action, target=number, reason=reason) as db:
        work = find_work(db, number, vault.now())
        policies.check_can_retire(work, actor, with_work=with_work)
        move_form.move_form(db, number, to, vault.now(), actor, reason)
    return ledger.get_form(vault, number)


def preview_retirement(vault: Vault, serials: Sequence[str]) -> BulkRetirement:
    """What would happen to these forms together."""
    return _split(vault.db, [parse_serial(serial) for serial in serials], vault.now())


def retire_forms(
    vault: Vault, serials: Sequence[str], to: FormState, actor: Actor, reason: str
) -> BulkRetirement:
    """Take forms out of use all together, but for those that carry work."""
    reason = check_reason(reason)
    numbers = [parse_serial(serial) for serial in serials]
    action = AuditAction(f"ledger.{to}")
    with vault.change(actor, action, target=f"{len(numbers)} forms", reason=reason) as db:
        split = _split(db, numbers, vault.now())
        for number in split.serials:
            move_form.move_form(db, number, to, vault.now(), actor, reason)
    return split


def undo_retirement(
    vault: Vault, serials: Sequence[str], actor: Actor, reason: str
) -> tuple[str, ...]:
    """Let forms be where they were before their last move, if that was out of use and made here.

    That they came back is undone for the one who said so, unless somebody has worked on them since.
    """
    reason = check_reason(reason)
    numbers = [parse_serial(serial) for serial in serials]
    target = f"{len(numbers)} forms"
    with vault.change(actor, AuditAction.LEDGER_UNDO, target=target, reason=reason) as db:
        now = vault.now()
        untouched = [n for n in numbers if not _is_worked_on(db, n, now)]
        return tuple(n for n in untouched if move_form.undo_retirement(db, n, now, actor))


def _is_worked_on(db: Database, serial: str, now: str) -> bool:
    """Whether a paper that came back carries more than that it came back."""
    is_back = ledger.find_form(db, serial).state == FormState.RETURNED
    work = find_work(db, serial, now) if is_back else None
    return work is not None and work.kind != WorkKind.CAME_BACK


def _split(db: Database, numbers: Sequence[str], now: str) -> BulkRetirement:
    carrying = {number: work for number in numbers if (work := find_work(db, number, now))}
    return BulkRetirement(tuple(n for n in numbers if n not in carrying), tuple(carrying.values()))


def find_work(db: Database, serial: str, now: str) -> RetiredWork | None:
    """What a form carries that would disappear with it; None for a paper that nobody touched."""
    people_by_kind = dict(_list_works(db, serial, now))
    if not people_by_kind:
        return None
    everybody = frozenset().union(*people_by_kind.values())
    return RetiredWork(serial, next(iter(people_by_kind)), everybody)


def _list_works(db: Database, serial: str, now: str) -> Iterator[tuple[WorkKind, frozenset[str]]]:
    """Each kind of work that a form carries, with the people whose it is.

    A paper that somebody checked in came back, even when they took that back again: else one person
    could check it in, take it back and void it alone.
    """
    entry = entries.fetch_entry(db, serial)
    if entry is not None and entry.state == EntryState.DRAFT:
        typists = {entry.transcriber, *entries.find_typists(db, serial)} - {""}
        yield WorkKind.DRAFT, frozenset(typists)
    if scan := scans.fetch(db, serial):
        yield WorkKind.SCAN, frozenset({scan.attached_by})
    if claim := claims.fetch(db, serial, now):
        yield WorkKind.OPEN, frozenset({claim.person})
    moves = move_store.fetch_moves_of(db, serial)
    if sighted := {move.person for move in moves if move.state == FormState.RETURNED}:
        yield WorkKind.CAME_BACK, frozenset(sighted)
