"""Take forms out of use, as void or as lost: never what carries somebody's work, without a second person.

A draft, a scan, a page of it in the tray, a form that is open before somebody now, or a paper that came
back would disappear from every list behind the word 'void'. So one person alone cannot let it, and in bulk
it is left as it is.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from hashlib import sha256

from sqlite_utils import Database

from downtime.entry import policies
from downtime.entry.model import EntryState, RetiredWork, WorkKind
from downtime.entry.store import claims, entries, scans
from downtime.paper import ledger, move_form
from downtime.paper.model import AuditAction, FormState, IssuedForm
from downtime.paper.policies import check_reason
from downtime.paper.serials import parse_serial
from downtime.paper.store import issued_forms
from downtime.paper.store import moves as move_store
from downtime.scanning import store as scan_store
from downtime.scanning.scan_codes import list_serials
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class BulkRetirement:
    """Which of these forms go out of use together, and which stay, each with what it carries."""

    serials: tuple[str, ...]
    carrying: tuple[RetiredWork, ...]
    version: str
    """Another one when any of them becomes something else, moves, or is worked on."""


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
        work = find_works(db, [number], vault.now()).get(number)
        policies.check_can_retire(work, actor, with_work=with_work)
        move_form.move_form(db, number, to, vault.now(), actor, reason)
    return ledger.get_form(vault, number)


def find_work(vault: Vault, serial: str) -> RetiredWork | None:
    """What a form carries now that would disappear with it."""
    number = parse_serial(serial)
    return find_works(vault.db, [number], vault.now()).get(number)


def preview_retirement(vault: Vault, serials: Sequence[str], to: FormState) -> BulkRetirement:
    """What would happen to these forms together."""
    return _split(vault.db, [parse_serial(serial) for serial in serials], to, vault.now())


def retire_forms(
    vault: Vault, serials: Sequence[str], to: FormState, actor: Actor, reason: str, *, shown: str
) -> BulkRetirement:
    """Take forms out of use all together, but for those that carry work.

    `shown` is the version of the preview: ConflictError when it would be otherwise by now.
    """
    reason = check_reason(reason)
    numbers = [parse_serial(serial) for serial in serials]
    action = AuditAction(f"ledger.{to}")
    with vault.change(actor, action, target=f"{len(numbers)} forms", reason=reason) as db:
        split = _split(db, numbers, to, vault.now())
        policies.check_is_as_previewed(split.version, shown)
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
        works = find_works(db, numbers, now)
        untouched = [n for n in numbers if not _is_worked_on(db, n, works.get(n))]
        return tuple(n for n in untouched if move_form.undo_retirement(db, n, now, actor))


def _is_worked_on(db: Database, serial: str, work: RetiredWork | None) -> bool:
    """Whether a paper that came back carries more than that it came back."""
    is_back = ledger.find_form(db, serial).state == FormState.RETURNED
    return is_back and work is not None and work.kind != WorkKind.CAME_BACK


def _split(db: Database, numbers: Sequence[str], to: FormState, now: str) -> BulkRetirement:
    carrying = find_works(db, numbers, now)
    free = tuple(number for number in numbers if number not in carrying)
    version = find_version(db, dict.fromkeys(free, to))
    return BulkRetirement(free, tuple(carrying.values()), version)


def find_version(db: Database, fates: Mapping[str, FormState]) -> str:
    """What a preview shows, in short: what becomes of which form, as each is now."""
    lines = [
        f"{form.serial} {fates[form.serial]} {form.state} {form.changed_at}"
        for form in issued_forms.fetch_by_serials(db, list(fates))
    ]
    return sha256("\n".join(lines).encode()).hexdigest()[:16]


def find_works(db: Database, serials: Sequence[str], now: str) -> dict[str, RetiredWork]:
    """What each of these forms carries that would disappear with it; a paper that nobody touched is not in it."""
    scanners, works = _find_scanners(db), {}
    for serial in serials:
        people_by_kind = dict(_list_works(db, serial, now, scanners.get(serial, frozenset())))
        if people_by_kind:
            everybody = frozenset().union(*people_by_kind.values())
            works[serial] = RetiredWork(serial, next(iter(people_by_kind)), everybody)
    return works


def count_unnamed_pages(vault: Vault) -> int:
    """How many pages in the tray name no form at all: each may be of any form that nobody has seen."""
    pages = scan_store.fetch_tray_names(vault.db)
    return sum(not serial and not list_serials(codes.split()) for serial, codes, _ in pages)


def _find_scanners(db: Database) -> dict[str, Set[str]]:
    """Who scanned the pages in the tray, by each form that such a page names."""
    scanners: dict[str, set[str]] = defaultdict(set)
    for of_form, codes, person in scan_store.fetch_tray_names(db):
        for serial in {of_form, *list_serials(codes.split())} - {""}:
            scanners[serial].add(person)
    return dict(scanners)


def _list_works(
    db: Database, serial: str, now: str, scanners: Set[str]
) -> Iterator[tuple[WorkKind, Set[str]]]:
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
    if scanners:
        yield WorkKind.IN_TRAY, scanners
    if claim := claims.fetch(db, serial, now):
        yield WorkKind.OPEN, frozenset({claim.person})
    moves = move_store.fetch_moves_of(db, serial)
    if sighted := {move.person for move in moves if move.state == FormState.RETURNED}:
        yield WorkKind.CAME_BACK, frozenset(sighted)
