"""Find, while a comparison stores a set of forms, what other forms of the outage say already."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlite_utils import Database

from downtime.reconcile.duplicates.annotate import Annotated, annotate_items
from downtime.reconcile.duplicates.keys import RECOGNITIONS, DuplicateKey
from downtime.reconcile.duplicates.model import RETURNABLE_STATES, UnitFinding
from downtime.reconcile.duplicates.store import stored_findings, stored_statements
from downtime.reconcile.duplicates.store.stored_findings import StoredFinding
from downtime.reconcile.duplicates.store.stored_statements import StoredStatement
from downtime.reconcile.model import Decision, Item, ItemState, StoredItem
from downtime.reconcile.rules.coded_medicines import FindCodes
from downtime.reconcile.store.items import fact_digest
from downtime.settings import Settings

_MOVED_ON = ItemState.NEWER_LIVE
"""The live record of such a fact has moved on: nothing of it goes out, whoever says it too."""


class DuplicateResult(NamedTuple):
    """The items, annotated, and what else follows."""

    items: list[Item]
    stale_serials: set[str]
    """Serials of other forms that have to be looked at because of these."""
    repeated_keys: frozenset[str] = frozenset()
    """Keys of those of which another form says the same."""


def find_duplicates(
    db: Database,
    outage: str,
    settings: Settings,
    items: Sequence[Item],
    stored: Mapping[str, StoredItem],
    others: Sequence[StoredStatement],
    serials: Sequence[str],
    find_codes: FindCodes,
) -> DuplicateResult:
    """Items of these forms, beside what `others` say of their patients."""
    statements = [other.statement for other in others if other.statement.state != _MOVED_ON]
    annotated = annotate_items(items, settings, statements, _decisions(items, stored), find_codes)
    stored_findings.save_findings(db, outage, serials, _findings(items, annotated))
    stale = {other.statement.serial for other in others if _is_stale(other, annotated)}
    return DuplicateResult(annotated.items, stale, frozenset(annotated.same_on_other_form))


def fetch_others(
    db: Database,
    outage: str,
    items: Iterable[Item],
    stored: Mapping[str, StoredItem],
    serials: Sequence[str],
) -> list[StoredStatement]:
    """What all other forms say of the patients of these items, as they were and are now."""
    relevant = [*items, *(row.item for row in stored.values())]
    patients = {item.patient for item in relevant} - {""}
    has_units = any(item.fact.fields.get("batch") for item in relevant)
    return stored_statements.fetch_statements(db, outage, patients, serials, with_units=has_units)


def _decisions(items: Sequence[Item], stored: Mapping[str, StoredItem]) -> dict[str, Decision]:
    """The decisions that still hold of what one may find on two forms."""
    return {
        item.key: row.decided.decision
        for item in items
        if item.fact.type in RECOGNITIONS
        and (row := stored.get(item.key))
        and row.decided.decision != Decision.OPEN
        and _still_holds(row, item)
    }


def _still_holds(row: StoredItem, item: Item) -> bool:
    if row.decided.decision == Decision.RETURNED:
        return True
    same_state = row.item.state in (item.state, ItemState.CONFLICT)
    same_match = row.item.has_same_match(item)
    return same_state and same_match and row.digest == fact_digest(item.fact)


def _findings(items: Sequence[Item], annotated: Annotated) -> list[StoredFinding]:
    findings = []
    for item in items:
        other = (
            annotated.same_on_other_form.get(item.key, "")
            if item.state in RETURNABLE_STATES
            else ""
        )
        if item.key in annotated.units:
            key, unit = annotated.units[item.key]
            alone = stored_findings.encode_own_finding(
                item.state, item.reasons, item.needs_second_person
            )
            findings.append(
                StoredFinding(item.key, other, *_unit_columns(key, unit), unit.sort_key, alone)
            )
        elif other:
            findings.append(StoredFinding(item.key, other))
    return findings


def _unit_columns(key: DuplicateKey, unit: UnitFinding) -> tuple[str, bool]:
    """What names the unit, and whether the form contradicts no other."""
    return " ".join(filter(None, key)), unit.contradicts is None


def _is_stale(other: StoredStatement, annotated: Annotated) -> bool:
    """Whether another form is to be looked at again, since more or less is said beside it now."""
    key = other.statement.key
    if other.other != (annotated.same_on_other_form.get(key, "") if other.is_returnable else ""):
        return True
    if key not in annotated.units:
        return bool(other.unit)
    return (other.unit, other.is_consistent) != _unit_columns(*annotated.units[key])
