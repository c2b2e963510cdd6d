"""Let forms of one thing stand again, or no longer, as soon as something is decided about one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from sqlite_utils import Database

from downtime.reconcile.duplicates import annotate, donations, store, wording
from downtime.reconcile.duplicates.model import form, settled
from downtime.reconcile.duplicates.store import UnitMember
from downtime.reconcile.model import LIFECYCLE, UNDECIDED, Decision, StoredItem, ItemState
from downtime.reconcile.store import items


class _Now(NamedTuple):
    """What an item becomes, and the key of what it then stands behind."""

    state: str
    explanation: str
    second: bool
    other: str


def recompute_after_decision(db: Database, rows: Iterable[StoredItem]) -> None:
    """When the form that stands for a unit is left, the next one stands; taken back, it stands anew.

    `rows` are the items that were decided about. What contradicts the others stays for two people.
    """
    decided = [row for row in rows if row.item.fact.fields.get("batch")]
    if not decided:
        return
    found = store.fetch_unit_members(db, decided[0].outage, [row.key for row in decided])
    now: dict[str, _Now] = {}
    for _, group in groupby(found, key=_unit):
        now |= _of_unit(list(group))
    changed = [_become(row, now[row.key]) for row in items.fetch_by_keys(db, now)]
    items.save_items(db, changed)
    store.save_representatives(db, {key: one.other for key, one in now.items()})


def reopen_after_refusal(db: Database, rows: Sequence[StoredItem]) -> None:
    """Open anew what went out and was certainly not taken in; forms behind it no longer say it was."""
    opened = [replace(row, decided=UNDECIDED) for row in rows]
    for row in rows:
        LIFECYCLE.check(row.decided.decision, Decision.OPEN)
        others = items.fetch_by_keys(db, store.fetch_followers(db, [row.key]))
        items.save_items(db, [_without(other, row.item.fact.serial) for other in others])
    items.save_decisions(db, opened)
    recompute_after_decision(db, opened)


def _without(row: StoredItem, serial: str) -> StoredItem:
    """What the screen says of it, without that the form of this serial was returned."""
    words = row.item.explanation.replace(form(serial, out=True), form(serial, out=False))
    return replace(row, item=replace(row.item, explanation=words))


def _unit(one: UnitMember) -> str:
    return one.unit


class _Firm(NamedTuple):
    key: str
    serial: str
    is_left_out: bool
    settlement_rank: int
    member: UnitMember


def _of_unit(members: Sequence[UnitMember]) -> dict[str, _Now]:
    """What changes of the items of one unit."""
    firm = [
        _Firm(m.key, m.serial, m.decision == Decision.LEAVE, settled(m.state, m.decision), m)
        for m in members
        if m.firm
    ]
    behind = donations.find_representatives(firm, lambda one, other: True)
    rival = next((m for m in members if not m.firm and m.decision != Decision.LEAVE), None)
    found: dict[str, _Now] = {}
    for one in firm:
        if one.is_left_out or one.member.alone[0] not in annotate.RETURNABLE_STATES:
            continue
        if first := behind.get(one.key):
            m = first.member
            words = wording.behind(m.serial, m.system, m.state, m.decision)
            found[one.key] = _Now(ItemState.ON_ANOTHER_FORM, words, False, m.key)
        elif one.member.other and one.member.state in (
            ItemState.ON_ANOTHER_FORM,
            ItemState.CONFLICT,
        ):
            found[one.key] = _stands(one.member, rival)
    return found


def _stands(member: UnitMember, rival: UnitMember | None) -> _Now:
    """By itself again, unless another form, which nobody left yet, contradicts those of the unit."""
    state, explanation, second = member.alone
    if rival is None:
        return _Now(state, explanation, second, "")
    words = f"{explanation} {wording.clash(rival.serial)}"
    return _Now(ItemState.CONFLICT, words, True, rival.key)


def _become(row: StoredItem, now: _Now) -> StoredItem:
    item = row.item
    if item.state == now.state and item.explanation == now.explanation:
        return row
    item = replace(
        item, state=now.state, explanation=now.explanation, needs_second_person=now.second
    )
    return replace(row, item=item, decided=UNDECIDED)
