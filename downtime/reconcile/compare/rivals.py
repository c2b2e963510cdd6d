"""Facts of forms that are not compared now, which may mean the same live records. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from downtime.entry.facts import Fact
from downtime.reconcile.duplicates.store.stored_statements import StoredStatement
from downtime.reconcile.model import Item, StoredItem


class Rival(NamedTuple):
    """A fact of such a form."""

    fact: Fact
    patient: str
    matched_ids: tuple[str, ...]
    """The live records that it was last found to mean."""


def rivals_among(others: Iterable[StoredStatement]) -> list[Rival]:
    """Those that were laid beside live records; what is in doubt about its patient takes none."""
    return [
        Rival(_fact_of(other), other.statement.patient, other.matched_ids)
        for other in others
        if other.is_compared
    ]


def _fact_of(other: StoredStatement) -> Fact:
    statement = other.statement
    return Fact(
        key=statement.key, type=statement.type, system=statement.system, form=statement.form, serial=statement.serial,
        event=statement.event, fields=statement.fields,
    )  # fmt: skip


def find_freed(
    items: Iterable[Item], stored: Mapping[str, StoredItem], others: Sequence[StoredStatement]
) -> set[str]:
    """Serials of forms that may now get a live record that one of these items meant before."""
    now = {item.key: item.matched_ids for item in items}
    freed = {
        (row.item.fact.type, row.item.patient)
        for row in stored.values()
        if not set(row.item.matched_ids).issubset(now.get(row.key, ()))
    }
    return {
        other.statement.serial
        for other in others
        if (other.statement.type, other.statement.patient) in freed
    }
