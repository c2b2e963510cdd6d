"""Give an item that is open, or somebody who is not found, to a person or team until a time."""

from downtime.outage.model import Outage
from downtime.paper.assignments import ITEM, PERSON, Assignment, assign, assignments
from downtime.reconcile import decide
from downtime.reconcile.identity import unlinked
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def give_item(
    vault: Vault, key: str, owner: str, due: str, who: Actor, note: str = ""
) -> Assignment:
    """Give a compared item to an owner until `due` (UTC text); NotFoundError, InputError."""
    return assign(vault, ITEM, decide.get(vault, key).key, owner, due, who, note)


def give_person(
    vault: Vault, settings: Settings, outage: Outage, ref: str,
    owner: str, due: str, who: Actor, note: str = "",
) -> Assignment:  # fmt: skip
    """Give somebody of the list *Unmatched* to an owner until `due`; NotFoundError, InputError."""
    person = unlinked.unknown(vault, settings, outage, ref)
    return assign(vault, PERSON, person.key, owner, due, who, note)


def of_item(vault: Vault, key: str) -> Assignment | None:
    """Who has an item."""
    return assignments(vault.db, ITEM).get(key)


def of_person(vault: Vault, key: str) -> Assignment | None:
    """Who has somebody that is not found, by the key under which they are linked."""
    return assignments(vault.db, PERSON).get(key)
