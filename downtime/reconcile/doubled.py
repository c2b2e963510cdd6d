"""Find, while a comparison keeps a set of forms, what other forms of the outage say already."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlite_utils import Database

from downtime.reconcile import store_twice
from downtime.reconcile.item import Item
from downtime.reconcile.rules import marks
from downtime.reconcile.rules.marks import Marked
from downtime.reconcile.rules.said import TYPES
from downtime.reconcile.states import CONFLICT, OPEN, RETURNED
from downtime.reconcile.store import ItemRow, digest
from downtime.reconcile.store_twice import Kept, Other
from downtime.settings import Settings


class Doubled(NamedTuple):
    """The items, marked, and serials of other forms that have to be looked at because of them."""

    items: list[Item]
    late: set[str]
    told: frozenset[str] = frozenset()
    """Keys of those of which another form says the same."""


def marked(
    db: Database,
    outage: str,
    settings: Settings,
    items: Sequence[Item],
    held: Mapping[str, ItemRow],
    serials: Sequence[str],
) -> Doubled:
    """Items of these forms, beside all other forms about their patients, as they were and are now."""
    about = [item for item in items if item.fact.type in TYPES]
    about += [row.item for row in held.values() if row.item.fact.type in TYPES]
    if not about:
        return Doubled(list(items), set())
    patients = {item.patient for item in about} - {""}
    units = any(item.fact.fields.get("batch") for item in about)
    others = store_twice.others(db, outage, patients, serials, units=units)
    decided = _decided(items, held)
    found = marks.marked(items, settings, [one.said for one in others], decided)
    store_twice.keep(db, outage, serials, _kept(items, found))
    late = {one.said.serial for one in others if _is_late(one, found)}
    return Doubled(found.items, late, frozenset(found.other))


def _decided(items: Sequence[Item], held: Mapping[str, ItemRow]) -> dict[str, str]:
    """The decisions that still hold of what one may find on two forms."""
    decided = {}
    for item in items:
        row = held.get(item.key)
        if row and row.decided.decision != OPEN and item.fact.type in TYPES and _holds(row, item):
            decided[item.key] = row.decided.decision
    return decided


def _holds(row: ItemRow, item: Item) -> bool:
    if row.decided.decision == RETURNED:
        return True
    old = row.item
    same = (old.patient, old.matched, old.person) == (item.patient, item.matched, item.person)
    known = old.state in (item.state, CONFLICT) and same
    return known and row.digest == digest(item.fact)


def _kept(items: Sequence[Item], found: Marked) -> list[Kept]:
    kept = []
    for item in items:
        other = found.other.get(item.key, "") if item.state in marks.LEFT else ""
        if item.key in found.units:
            about, unit = found.units[item.key]
            alone = store_twice.alone(item.state, item.explanation, item.second)
            named, firm = " ".join(about), unit.against is None
            kept.append(Kept(item.key, other, named, unit.place, firm, alone))
        elif other:
            kept.append(Kept(item.key, other))
    return kept


def _is_late(one: Other, found: Marked) -> bool:
    """Whether another form is to be looked at again, since more or less is said beside it now."""
    key = one.said.key
    if one.other != (found.other.get(key, "") if one.left else ""):
        return True
    if key not in found.units:
        return bool(one.unit)
    about, unit = found.units[key]
    return (one.unit, one.firm) != (" ".join(about), unit.against is None)
