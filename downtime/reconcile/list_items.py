"""The items of an outage as a list: filtered, a page at a time, with what there is to filter by."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from downtime.reconcile.model import ALL_ITEMS, ItemFilter, StoredItem
from downtime.reconcile.store import items
from downtime.vault.vault import Vault

FILTERS = ("type", "system", "ward", "form")
"""By what a list is narrowed beside the state."""


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One page of items, and what the whole list holds."""

    rows: tuple[StoredItem, ...]
    total: int
    """Items that the filter lets through."""
    waiting: int
    """Those of them that still need a decision."""
    number: int
    """From 1."""
    pages: int
    states: Mapping[str, int]
    """Items of each state, whatever the filter."""
    open: int
    """Items that still need a decision, whatever the filter."""
    choices: Mapping[str, Mapping[str, int]]
    """For each of `FILTERS` its values, with the number of items."""


def list_page(vault: Vault, outage: str, wanted: ItemFilter, number: int, size: int) -> ItemPage:
    """A page of the items that a filter lets through; a page that is not there is the last one."""
    db = vault.db
    total = items.count_items(db, outage, wanted)
    waiting = items.count_items(db, outage, replace(wanted, open_only=True))
    pages = max(1, -(-total // size))
    number = min(max(1, number), pages)
    return ItemPage(
        tuple(items.fetch_item_page(db, outage, wanted, size, (number - 1) * size)), total, waiting, number,
        pages,
        items.count_items_by(db, outage, "state"), items.count_items(db, outage, ItemFilter(open_only=True)),
        {name: items.count_items_by(db, outage, name, ALL_ITEMS) for name in FILTERS},
    )  # fmt: skip


def find_next_open(vault: Vault, outage: str, wanted: ItemFilter, after: StoredItem) -> str:
    """Key of the next open item of a filter after this one, or the first; empty when none is open."""
    rows = items.fetch_item_page(vault.db, outage, replace(wanted, open_only=True), -1)
    others = [row for row in rows if row.key != after.key]
    place = (after.item.fact.event, after.key)
    later = (row.key for row in others if (row.item.fact.event, row.key) > place)
    return next(later, others[0].key if others else "")


def list_all(vault: Vault, outage: str, wanted: ItemFilter) -> list[StoredItem]:
    """All items that a filter lets through, in the order in which they happened."""
    return items.fetch_item_page(vault.db, outage, wanted, -1)
