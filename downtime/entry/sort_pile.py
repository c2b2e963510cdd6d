"""Sort a ward's pile in one pass: what came back, what was never used, what is lost.

It is looked at first and then done in one transaction. What carries somebody's work is never void or
lost with the others, and what moved meanwhile stays as it is; `undo_retirement` puts all of it back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlite_utils import Database

from downtime.entry import policies
from downtime.entry.model import RetiredWork
from downtime.entry.retire_forms import find_version, find_works
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


class Pile(NamedTuple):
    """What lies on a ward of an outage, by its number; empty for forms outside any."""

    outage: str
    ward: str


@dataclass(frozen=True, slots=True)
class SortedPile:
    """Which forms get which fate, and which stay: with the work they carry, or since they moved."""

    serials: Mapping[FormState, tuple[str, ...]]
    carrying: tuple[RetiredWork, ...] = ()
    moved: tuple[str, ...] = ()
    """Not out any more: somebody said already what became of them."""
    elsewhere: tuple[str, ...] = ()
    """Of another ward or outage: only that they came back may be said with this pile."""
    unknown: tuple[str, ...] = ()
    """Of a laptop that has not sent its data: check them in one by one."""
    version: str = ""
    """Another one when any of it would be otherwise."""

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


def list_pile(vault: Vault, pile: Pile) -> list[FormLine]:
    """The forms of a ward that are still out."""
    lines = issued_forms.fetch_lines(vault.db, pile.outage, OUT)
    return [line for line in lines if line.ward == pile.ward]


def preview_pile(vault: Vault, pile: Pile, fates: Mapping[str, FormState]) -> SortedPile:
    """What sorting so would do."""
    return _sort(vault.db, pile, fates, vault.now())


def sort_pile(
    vault: Vault, pile: Pile, fates: Mapping[str, FormState], actor: Actor, reason: str, *,
    shown: str,
) -> SortedPile:  # fmt: skip
    """Say of all these forms what became of them; a reason is needed for what is void or lost.

    `shown` is the version of the preview: ConflictError when it would be otherwise by now.
    """
    if any(fate != FormState.RETURNED for fate in fates.values()):
        reason = check_reason(reason)
    target = f"{len(fates)} forms"
    with vault.change(actor, AuditAction.LEDGER_PILE, target=target, reason=reason) as db:
        now = vault.now()
        sorted_ = _sort(db, pile, fates, now)
        policies.check_is_as_previewed(sorted_.version, shown)
        for fate, serials in sorted_.serials.items():
            for serial in serials:
                move_form.move_form(db, serial, fate, now, actor, reason)
    return sorted_


def _sort(db: Database, pile: Pile, fates: Mapping[str, FormState], now: str) -> SortedPile:
    forms = {form.serial: form for form in issued_forms.fetch_by_serials(db, list(fates))}
    sorted_: dict[FormState, list[str]] = {fate: [] for fate in FATES}
    works = find_works(db, [serial for serial in fates if serial in forms], now)
    carrying, moved, elsewhere = [], [], []
    for serial, fate in fates.items():
        form = forms.get(serial)
        if form is None:
            continue
        if form.state not in OUT:
            moved.append(serial)
        elif fate != FormState.RETURNED and (form.outage, form.ward) != pile:
            elsewhere.append(serial)
        elif fate != FormState.RETURNED and (work := works.get(serial)):
            carrying.append(work)
        else:
            sorted_[fate].append(serial)
    unknown = tuple(serial for serial in fates if serial not in forms)
    fate_by_serial = {serial: fate for fate, names in sorted_.items() for serial in names}
    return SortedPile(
        {fate: tuple(names) for fate, names in sorted_.items()},
        tuple(carrying),
        tuple(moved),
        tuple(elsewhere),
        unknown,
        find_version(db, fate_by_serial),
    )
