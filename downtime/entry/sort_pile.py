"""Sort a ward's pile in one pass: what came back, what was never used, what is lost.

It is looked at first and then done in one transaction. What carries somebody's work is never void or
lost with the others, and what moved meanwhile stays as it is; `undo_retirement` puts all of it back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from downtime.entry.model import RetiredWork
from downtime.entry.retire_forms import find_work
from downtime.errors import InputError
from downtime.paper import move_form
from downtime.paper.model import OUT, AuditAction, FormState
from downtime.paper.policies import check_reason
from downtime.paper.serials import parse_serial
from downtime.paper.store import issued_forms
from downtime.paper.store.issued_forms import FormLine
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

FATES = (FormState.RETURNED, FormState.VOID, FormState.LOST)
"""What may be said of a paper of the pile; of all others that they are still out."""


@dataclass(frozen=True, slots=True)
class SortedPile:
    """Which forms get which fate, and which stay: with the work they carry, or since they moved."""

    serials: Mapping[FormState, tuple[str, ...]]
    carrying: tuple[RetiredWork, ...] = ()
    moved: tuple[str, ...] = ()
    """Not out any more: somebody said already what became of them."""
    unknown: tuple[str, ...] = ()
    """Of a laptop that has not sent its data: check them in one by one."""

    @property
    def total(self) -> int:
        """How many forms change."""
        return sum(map(len, self.serials.values()))

    @property
    def all_serials(self) -> tuple[str, ...]:
        """All forms that change."""
        return tuple(serial for serials in self.serials.values() for serial in serials)


def read_fates(
    pile: Sequence[FormLine], came_back: Sequence[str], single: Mapping[str, str], others: str
) -> dict[str, FormState]:
    """What becomes of each form: scanned ones came back, some were said singly, `others` of all others.

    InputError for a serial with a slip in it, and for a word that is no fate.
    """
    fates = {line.serial: fate for line in pile if (fate := _parse_fate(others))}
    for serial, word in single.items():
        number, fate = parse_serial(serial), _parse_fate(word)
        if fate:
            fates[number] = fate
    return {**fates, **{parse_serial(text): FormState.RETURNED for text in came_back}}


def _parse_fate(word: str) -> FormState | None:
    if word in ("", "out"):
        return None
    if word not in FATES:
        raise InputError(
            "pile.fate", "That cannot be said of a form.", "Say returned, void or lost."
        )
    return FormState(word)


def list_pile(vault: Vault, outage: str, ward: str) -> list[FormLine]:
    """The forms of a ward that are still out."""
    lines = issued_forms.fetch_lines(vault.db, outage, OUT)
    return [line for line in lines if line.ward == ward]


def preview_pile(vault: Vault, fates: Mapping[str, FormState]) -> SortedPile:
    """What sorting so would do."""
    return _sort(vault.db, fates, vault.now())


def sort_pile(
    vault: Vault, fates: Mapping[str, FormState], actor: Actor, reason: str
) -> SortedPile:
    """Say of all these forms what became of them; a reason is needed for what is void or lost."""
    if any(fate != FormState.RETURNED for fate in fates.values()):
        reason = check_reason(reason)
    target = f"{len(fates)} forms"
    with vault.change(actor, AuditAction.LEDGER_PILE, target=target, reason=reason) as db:
        pile, now = _sort(db, fates, vault.now()), vault.now()
        for fate, serials in pile.serials.items():
            for serial in serials:
                move_form.move_form(db, serial, fate, now, actor, reason)
    return pile


def _sort(db: Database, fates: Mapping[str, FormState], now: str) -> SortedPile:
    forms = {form.serial: form for form in issued_forms.fetch_by_serials(db, list(fates))}
    sorted_: dict[FormState, list[str]] = {fate: [] for fate in FATES}
    carrying, moved = [], []
    for serial, fate in fates.items():
        if serial not in forms:
            continue
        if forms[serial].state not in OUT:
            moved.append(serial)
        elif fate != FormState.RETURNED and (work := find_work(db, serial, now)):
            carrying.append(work)
        else:
            sorted_[fate].append(serial)
    unknown = tuple(serial for serial in fates if serial not in forms)
    serials = {fate: tuple(names) for fate, names in sorted_.items()}
    return SortedPile(serials, tuple(carrying), tuple(moved), unknown)
