"""Give an item that is open, or somebody who is not found, to a person or team until a time."""

from collections.abc import Iterable, Mapping

from sqlite_utils import Database

from downtime.errors import InputError
from downtime.outage.model import Outage
from downtime.paper.assignments import assign, list_assignments
from downtime.paper.model import Assignment, AssignmentKind
from downtime.reconcile import decide_item
from downtime.reconcile.identity import unidentified
from downtime.reconcile.identity.match_patient import SERIAL
from downtime.reconcile.model import StoredItem
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def assign_item(
    vault: Vault, key: str, owner: str, due: str, actor: Actor, note: str = ""
) -> Assignment:
    """Give a compared item to an owner until `due` (UTC text); NotFoundError, InputError."""
    return assign(
        vault, AssignmentKind.ITEM, decide_item.get_item(vault, key).key, owner, due, actor, note
    )


def assign_items(
    vault: Vault, keys: Iterable[str], owner: str, due: str, actor: Actor, note: str = ""
) -> int:
    """Give several items to an owner until `due` (UTC text); how many. InputError for none."""
    given = [assign_item(vault, key, owner, due, actor, note) for key in keys]
    if not given:
        raise InputError("owners.none", "No item was ticked.", "Go back and tick at least one.")
    return len(given)


def assign_person(
    vault: Vault, settings: Settings, outage: Outage, ref: str,
    owner: str, due: str, actor: Actor, note: str = "",
) -> Assignment:  # fmt: skip
    """Give somebody of the list *Unmatched* to an owner until `due`; NotFoundError, InputError."""
    person = unidentified.find_unidentified(vault, settings, outage, ref)
    return assign(vault, AssignmentKind.PERSON, person.key, owner, due, actor, note)


def find_owner(row: StoredItem, given: Mapping[str, Mapping[str, Assignment]]) -> Assignment | None:
    """Who sees to an item: its own owner, else whoever has its person or its form.

    `given` is all that was given to anybody, by kind and target.
    """
    fact = row.item.fact
    person = fact.person.downtime_number or f"{SERIAL}{fact.serial}"
    return (
        given[AssignmentKind.ITEM].get(row.key)
        or given[AssignmentKind.PERSON].get(person)
        or given[AssignmentKind.FORM].get(fact.serial)
    )


def owners_of_items(db: Database, rows: Iterable[StoredItem]) -> dict[str, Assignment]:
    """Who sees to each of these items, by its key; those that nobody has are not in it."""
    given = {
        kind: list_assignments(db, kind)
        for kind in (AssignmentKind.ITEM, AssignmentKind.PERSON, AssignmentKind.FORM)
    }
    found = ((row.key, find_owner(row, given)) for row in rows)
    return {key: held for key, held in found if held}


def owner_of_item(vault: Vault, key: str) -> Assignment | None:
    """Who has an item."""
    return list_assignments(vault.db, AssignmentKind.ITEM).get(key)


def owner_of_person(vault: Vault, key: str) -> Assignment | None:
    """Who has somebody that is not found, by the key under which they are linked."""
    return list_assignments(vault.db, AssignmentKind.PERSON).get(key)
