"""Find compared items: one, all that a filter lets through, or a page with what to filter by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlite_utils import Database

from downtime.errors import NotFoundError
from downtime.reconcile.model import (
    Decision,
    ItemFilter,
    ItemState,
    StoredItem,
)
from downtime.reconcile.store import items
from downtime.reconcile.store.items import Counted
from downtime.vault.vault import Vault

FILTERS: tuple[Counted, ...] = ("type", "system", "ward", "form")
"""By what a list is narrowed beside the state."""


def get_item(vault: Vault, key: str) -> StoredItem:
    """One item; NotFoundError."""
    for row in items.fetch_by_keys(vault.db, [key]):
        return row
    raise NotFoundError("decision.unknown", "There is no such item.", "See the list of items.")


def list_items(
    vault: Vault,
    outage: str,
    *,
    state: ItemState | Literal[""] = "",
    decision: Decision | Literal[""] = "",
    system: str = "",
) -> list[StoredItem]:
    """The items of an outage in the order of system and form, narrowed by what is not empty."""
    return list(items.fetch_items(vault.db, outage, state=state, decision=decision, system=system))


def list_filtered(vault: Vault, outage: str, item_filter: ItemFilter) -> list[StoredItem]:
    """All items that a filter lets through, in the order in which they happened."""
    return items.fetch_item_page(vault.db, outage, item_filter, -1)


def list_after(
    vault: Vault, outage: str, item_filter: ItemFilter, after: str, limit: int
) -> list[StoredItem]:
    """The next items of a filter behind the one with this key, or the first; in the order of events."""
    place = next(iter(items.fetch_by_keys(vault.db, [after])), None) if after else None
    begin = (place.item.fact.event, place.key) if place else ("", "")
    return items.fetch_items_after(vault.db, outage, item_filter, begin, limit)


def find_next_open(vault: Vault, outage: str, item_filter: ItemFilter, after: StoredItem) -> str:
    """Key of the next open item of a filter after this one, or the first; empty when none is open."""
    wanted = replace(item_filter, open_only=True)
    for begin in (after.key, ""):
        following = list_after(vault, outage, wanted, begin, 2)
        for row in following:
            if row.key != after.key:
                return row.key
    return ""


HasWords = Callable[[Sequence[str]], bool]
"""Whether the texts of an item hold what somebody looks for."""


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


def find_with_words(
    vault: Vault, outage: str, item_filter: ItemFilter, has_words: HasWords
) -> list[StoredItem]:
    """The items of a filter that hold what somebody looks for, in the order in which they happened."""
    matching = (
        item.key
        for item in items.read_texts(vault.db, outage, item_filter)
        if has_words(item.texts)
    )
    return items.fetch_by_keys(vault.db, matching)


def list_page(
    vault: Vault, outage: str, item_filter: ItemFilter, number: int, size: int,
    has_words: HasWords | None = None,
) -> ItemPage:  # fmt: skip
    """A page of the items that a filter lets through; a page that is not there is the last one.

    With `has_words` of those only that hold what somebody looks for.
    """
    db = vault.db
    if has_words:
        matching = find_with_words(vault, outage, item_filter, has_words)
        return _cut_page(db, outage, matching, number, size)
    total = items.count_items(db, outage, item_filter)
    pages = max(1, -(-total // size))
    number = min(max(1, number), pages)
    return ItemPage(
        rows=tuple(items.fetch_item_page(db, outage, item_filter, size, (number - 1) * size)),
        total=total,
        waiting=items.count_items(db, outage, replace(item_filter, open_only=True)),
        number=number,
        pages=pages,
        states=items.count_items_by(db, outage, "state"),
        open=items.count_items(db, outage, ItemFilter(open_only=True)),
        choices={name: items.count_items_by(db, outage, name) for name in FILTERS},
    )


def _cut_page(
    db: Database, outage: str, matching: Sequence[StoredItem], number: int, size: int
) -> ItemPage:
    pages = max(1, -(-len(matching) // size))
    number = min(max(1, number), pages)
    return ItemPage(
        rows=tuple(matching[(number - 1) * size : number * size]),
        total=len(matching),
        waiting=sum(row.is_open for row in matching),
        number=number,
        pages=pages,
        states=items.count_items_by(db, outage, "state"),
        open=items.count_items(db, outage, ItemFilter(open_only=True)),
        choices={name: items.count_items_by(db, outage, name) for name in FILTERS},
    )
