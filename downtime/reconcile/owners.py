"""Give an item that is open, or somebody who is not found, to a person or team until a time."""

from collections.abc import Iterable, Mapping

from sqlite_utils import Database

from downtime.errors import InputError
from downtime.outage.model import Outage
from downtime.paper.assignments import FORM, ITEM, PERSON, Assignment, assign, assignments
from downtime.reconcile import decide
from downtime.reconcile.identity import unlinked
from downtime.reconcile.identity.match import SERIAL
from downtime.reconcile.store import ItemRow
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def give_item(
    vault: Vault, key: str, owner: str, due: str, who: Actor, note: str = ""
) -> Assignment:
    """Give a compared item to an owner until `due` (UTC text); NotFoundError, InputError."""
    return assign(vault, ITEM, decide.get(vault, key).key, owner, due, who, note)


def give_items(
    vault: Vault, keys: Iterable[str], owner: str, due: str, who: Actor, note: str = ""
) -> int:
    """Give several items to an owner until `due` (UTC text); how many. InputError for none."""
    given = [give_item(vault, key, owner, due, who, note) for key in keys]
    if not given:
        raise InputError("owners.none", "No item was ticked.", "Go back and tick at least one.")
    return len(given)


def give_person(
    vault: Vault, settings: Settings, outage: Outage, ref: str,
    owner: str, due: str, who: Actor, note: str = "",
) -> Assignment:  # fmt: skip
    """Give somebody of the list *Unmatched* to an owner until `due`; NotFoundError, InputError."""
    person = unlinked.unknown(vault, settings, outage, ref)
    return assign(vault, PERSON, person.key, owner, due, who, note)


def holder(row: ItemRow, given: Mapping[str, Mapping[str, Assignment]]) -> Assignment | None:
    """Who sees to an item: its own owner, else whoever has its person or its form.

    `given` is all that was given to anybody, by kind and target.
    """
    fact = row.item.fact
    person = fact.person.downtime_number or f"{SERIAL}{fact.serial}"
    return given[ITEM].get(row.key) or given[PERSON].get(person) or given[FORM].get(fact.serial)


def of_items(db: Database, rows: Iterable[ItemRow]) -> dict[str, Assignment]:
    """Who sees to each of these items, by its key; those that nobody has are not in it."""
    given = {kind: assignments(db, kind) for kind in (ITEM, PERSON, FORM)}
    found = ((row.key, holder(row, given)) for row in rows)
    return {key: held for key, held in found if held}


def of_item(vault: Vault, key: str) -> Assignment | None:
    """Who has an item."""
    return assignments(vault.db, ITEM).get(key)


def of_person(vault: Vault, key: str) -> Assignment | None:
    """Who has somebody that is not found, by the key under which they are linked."""
    return assignments(vault.db, PERSON).get(key)
