"""Let forms of one thing stand again, or no longer, as soon as something is decided about one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from sqlite_utils import Database

from downtime.reconcile import store, store_twice
from downtime.reconcile.rules import donations, marks, unit_words
from downtime.reconcile.rules.said import form, settled
from downtime.reconcile.states import CONFLICT, DECISIONS, LEAVE, ON_ANOTHER_FORM, OPEN
from downtime.reconcile.store import UNDECIDED, ItemRow
from downtime.reconcile.store_twice import Member


class _Now(NamedTuple):
    """What an item becomes, and the key of what it then stands behind."""

    state: str
    explanation: str
    second: bool
    other: str


def again(db: Database, rows: Iterable[ItemRow]) -> None:
    """When the form that stands for a unit is left, the next one stands; taken back, it stands anew.

    `rows` are the items that were decided about. What contradicts the others stays for two people.
    """
    decided = [row for row in rows if row.item.fact.fields.get("batch")]
    if not decided:
        return
    found = store_twice.members(db, decided[0].outage, [row.key for row in decided])
    now: dict[str, _Now] = {}
    for _, group in groupby(found, key=_unit):
        now |= _of_unit(list(group))
    changed = [_become(row, now[row.key]) for row in store.with_keys(db, now)]
    store.save(db, changed)
    store_twice.put_behind(db, {key: one.other for key, one in now.items()})


def reopen(db: Database, rows: Sequence[ItemRow]) -> None:
    """Open anew what went out and was certainly not taken in; forms behind it no longer say it was."""
    opened = [replace(row, decided=UNDECIDED) for row in rows]
    for row in rows:
        DECISIONS.check(row.decided.decision, OPEN)
        others = store.with_keys(db, store_twice.behind(db, [row.key]))
        store.save(db, [_without(other, row.item.fact.serial) for other in others])
    store.set_decisions(db, opened)
    again(db, opened)


def _without(row: ItemRow, serial: str) -> ItemRow:
    """What the screen says of it, without that the form of this serial was returned."""
    words = row.item.explanation.replace(form(serial, out=True), form(serial, out=False))
    return replace(row, item=replace(row.item, explanation=words))


def _unit(one: Member) -> str:
    return one.unit


class _Firm(NamedTuple):
    key: str
    serial: str
    left: bool
    settled: int
    member: Member


def _of_unit(members: Sequence[Member]) -> dict[str, _Now]:
    """What changes of the items of one unit."""
    firm = [
        _Firm(m.key, m.serial, m.decision == LEAVE, settled(m.state, m.decision), m)
        for m in members
        if m.firm
    ]
    behind = donations.followed(firm, lambda one, other: True)
    rival = next((m for m in members if not m.firm and m.decision != LEAVE), None)
    found: dict[str, _Now] = {}
    for one in firm:
        if one.left or one.member.alone[0] not in marks.LEFT:
            continue
        if first := behind.get(one.key):
            m = first.member
            words = unit_words.behind(m.serial, m.system, m.state, m.decision)
            found[one.key] = _Now(ON_ANOTHER_FORM, words, False, m.key)
        elif one.member.other and one.member.state in (ON_ANOTHER_FORM, CONFLICT):
            found[one.key] = _stands(one.member, rival)
    return found


def _stands(member: Member, rival: Member | None) -> _Now:
    """By itself again, unless another form, which nobody left yet, contradicts those of the unit."""
    state, explanation, second = member.alone
    if rival is None:
        return _Now(state, explanation, second, "")
    words = f"{explanation} {unit_words.clash(rival.serial)}"
    return _Now(CONFLICT, words, True, rival.key)


def _become(row: ItemRow, now: _Now) -> ItemRow:
    item = row.item
    if item.state == now.state and item.explanation == now.explanation:
        return row
    item = replace(item, state=now.state, explanation=now.explanation, second=now.second)
    return replace(row, item=item, decided=UNDECIDED)
