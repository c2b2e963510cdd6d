"""Give an item that is open, or somebody who is not found, to a person or team until a time."""

from collections.abc import Iterable, Mapping

from sqlite_utils import Database

from downtime.errors import InputError
from downtime.outage.model import Outage
from downtime.paper.assignments import assign_owner, list_assignments
from downtime.paper.model import Assignment, AssignmentKind
from downtime.reconcile.find_items import get_item
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
    return assign_owner(
        vault, AssignmentKind.ITEM, get_item(vault, key).key, owner, due, actor, note
    )


def assign_items(
    vault: Vault, keys: Iterable[str], owner: str, due: str, actor: Actor, note: str = ""
) -> int:
    """Give several items to an owner until `due` (UTC text); how many. InputError for none."""
    assigned = [assign_item(vault, key, owner, due, actor, note) for key in keys]
    if not assigned:
        raise InputError("owners.none", "No item was ticked.", "Go back and tick at least one.")
    return len(assigned)


def assign_person(
    vault: Vault, settings: Settings, outage: Outage, ref: str,
    owner: str, due: str, actor: Actor, note: str = "",
) -> Assignment:  # fmt: skip
    """Give somebody of the list *Unmatched* to an owner until `due`; NotFoundError, InputError."""
    person = unidentified.find_unidentified(vault, settings, outage, ref)
    return assign_owner(vault, AssignmentKind.PERSON, person.key, owner, due, actor, note)


AssignmentsByKind = Mapping[AssignmentKind, Mapping[str, Assignment]]
"""All that was given to anybody, by kind and target."""


def find_owner(row: StoredItem, assignments: AssignmentsByKind) -> Assignment | None:
    """Who sees to an item: its own owner, else whoever has its person or its form."""
    fact = row.item.fact
    person = fact.person.downtime_number or f"{SERIAL}{fact.serial}"
    return (
        assignments[AssignmentKind.ITEM].get(row.key)
        or assignments[AssignmentKind.PERSON].get(person)
        or assignments[AssignmentKind.FORM].get(fact.serial)
    )


def owners_of_items(db: Database, rows: Iterable[StoredItem]) -> dict[str, Assignment]:
    """Who sees to each of these items, by its key; those that nobody has are not in it."""
    kinds = (AssignmentKind.ITEM, AssignmentKind.PERSON, AssignmentKind.FORM)
    assignments = {kind: list_assignments(db, kind) for kind in kinds}
    owners = ((row.key, find_owner(row, assignments)) for row in rows)
    return {key: owner for key, owner in owners if owner}


def owner_of_item(vault: Vault, key: str) -> Assignment | None:
    """Who has an item."""
    return list_assignments(vault.db, AssignmentKind.ITEM).get(key)


def owner_of_person(vault: Vault, key: str) -> Assignment | None:
    """Who has somebody that is not found, by the key under which they are linked."""
    return list_assignments(vault.db, AssignmentKind.PERSON).get(key)
