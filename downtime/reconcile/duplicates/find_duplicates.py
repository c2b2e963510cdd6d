"""Find, while a comparison keeps a set of forms, what other forms of the outage say already."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlite_utils import Database

from downtime.reconcile.duplicates import annotate, store
from downtime.reconcile.duplicates.annotate import Annotated
from downtime.reconcile.duplicates.model import TYPES
from downtime.reconcile.duplicates.store import DuplicateFinding, StoredStatement
from downtime.reconcile.model import Decision, Item, StoredItem, ItemState
from downtime.reconcile.store.items import fact_digest
from downtime.settings import Settings


class DuplicateResult(NamedTuple):
    """The items, marked, and serials of other forms that have to be looked at because of them."""

    items: list[Item]
    stale_serials: set[str]
    repeated_keys: frozenset[str] = frozenset()
    """Keys of those of which another form says the same."""


def find_duplicates(
    db: Database,
    outage: str,
    settings: Settings,
    items: Sequence[Item],
    held: Mapping[str, StoredItem],
    serials: Sequence[str],
) -> DuplicateResult:
    """Items of these forms, beside all other forms about their patients, as they were and are now."""
    about = [item for item in items if item.fact.type in TYPES]
    about += [row.item for row in held.values() if row.item.fact.type in TYPES]
    if not about:
        return DuplicateResult(list(items), set())
    patients = {item.patient for item in about} - {""}
    units = any(item.fact.fields.get("batch") for item in about)
    others = store.fetch_statements(db, outage, patients, serials, units=units)
    decided = _decided(items, held)
    found = annotate.annotate_items(items, settings, [one.said for one in others], decided)
    store.save_findings(db, outage, serials, _kept(items, found))
    late = {one.said.serial for one in others if _is_late(one, found)}
    return DuplicateResult(found.items, late, frozenset(found.other))


def _decided(items: Sequence[Item], held: Mapping[str, StoredItem]) -> dict[str, str]:
    """The decisions that still hold of what one may find on two forms."""
    decided = {}
    for item in items:
        row = held.get(item.key)
        if (
            row
            and row.decided.decision != Decision.OPEN
            and item.fact.type in TYPES
            and _holds(row, item)
        ):
            decided[item.key] = row.decided.decision
    return decided


def _holds(row: StoredItem, item: Item) -> bool:
    if row.decided.decision == Decision.RETURNED:
        return True
    old = row.item
    same = (old.patient, old.matched_ids, old.person) == (
        item.patient,
        item.matched_ids,
        item.person,
    )
    known = old.state in (item.state, ItemState.CONFLICT) and same
    return known and row.digest == fact_digest(item.fact)


def _kept(items: Sequence[Item], found: Annotated) -> list[DuplicateFinding]:
    kept = []
    for item in items:
        other = found.other.get(item.key, "") if item.state in annotate.RETURNABLE_STATES else ""
        if item.key in found.units:
            about, unit = found.units[item.key]
            alone = store.encode_own_finding(item.state, item.explanation, item.needs_second_person)
            named, firm = " ".join(about), unit.against is None
            kept.append(DuplicateFinding(item.key, other, named, unit.place, firm, alone))
        elif other:
            kept.append(DuplicateFinding(item.key, other))
    return kept


def _is_late(one: StoredStatement, found: Annotated) -> bool:
    """Whether another form is to be looked at again, since more or less is said beside it now."""
    key = one.said.key
    if one.other != (found.other.get(key, "") if one.left else ""):
        return True
    if key not in found.units:
        return bool(one.unit)
    about, unit = found.units[key]
    return (one.unit, one.firm) != (" ".join(about), unit.against is None)
