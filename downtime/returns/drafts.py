"""What a message will carry, before it has its control ID: the common ground of all ways out.

A writer groups a system's items into messages as its format wants; `write` makes the bytes of one
once its control ID is known, and makes the same bytes whenever it is called.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from downtime.entry.facts import Person
from downtime.reconcile.identity.linking import Merge
from downtime.reconcile.store import ItemRow
from downtime.returns.profiles import Target
from downtime.settings import Settings
from downtime.vault.vault import Vault

_ORDER = (
    "Encounter",
    "Patient",
    "AllergyIntolerance",
    "Flag",
    "ServiceRequest",
    "Observation",
    "MedicationAdministration",
    "Document",
    "Appointment",
)
"""Admissions before requests before results: a receiver must know the patient first."""
_FIRST = -1
Rank = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """One message to be: what it is called, the items (key, digest) it carries, whom it is about.

    `write(control_id)` gives its bytes; InputError when a value cannot be carried.
    """

    kind: str
    items: tuple[tuple[str, str], ...]
    order_key: str
    rank: Rank
    write: Callable[[str], bytes]

    @property
    def keys(self) -> set[str]:
        """The keys of its items."""
        return {key for key, _ in self.items}


@dataclass(frozen=True, slots=True)
class Way:
    """For whom messages are written, and the vault that holds forms, entries and scans."""

    vault: Vault
    settings: Settings
    target: Target


Writer = Callable[[Way, Sequence[ItemRow]], list[Draft]]
"""Groups items of one system, in any order, into messages."""
MergeWriter = Callable[[Way, Sequence[Merge]], list[Draft]]
"""Makes the messages that tell what became of downtime numbers."""


def control_id(items: Sequence[tuple[str, str]], generation: int = 0) -> str:
    """20 characters that name items (key, digest) and what they say: a replay has the same.

    `generation` counts how often the same items had to be written anew.
    """
    said = "\n".join(f"{key}\n{digest}" for key, digest in sorted(items))
    said += f"\n{generation}" if generation else ""
    made = hashlib.sha256(said.encode()).digest()
    return "DT" + base64.b32encode(made).decode()[:18]


def drafted(kind: str, rows: Sequence[ItemRow], write: Callable[[str], bytes]) -> Draft:
    """A message that carries these items."""
    items = tuple((row.key, row.digest) for row in rows)
    return Draft(kind, items, order_key(rows[0]), rank(rows[0]), write)


def order_key(row: ItemRow) -> str:
    """Who an item is about: within this, order is kept."""
    who = row.item.person
    return row.item.patient or person_key(who)


def person_key(who: Person) -> str:
    """Who a person is, by the best of the numbers."""
    return who.id or who.mrn or who.nhs_number or who.downtime_number


def merge_key(merge: Merge, system: str) -> str:
    """By what the outbox knows a merge that one system is told; never the key of a compared item."""
    return f"link:{merge.id}:{merge.state}:{system}"


def merge_draft(kind: str, merge: Merge, system: str, write: Callable[[str], bytes]) -> Draft:
    """A message that tells one merge; it goes before everything else about that patient."""
    items = ((merge_key(merge, system), ""),)
    place = (_FIRST, merge.decided, merge.id)
    return Draft(kind, items, person_key(merge.survivor), place, write)


def rank(row: ItemRow) -> Rank:
    """Where an item stands in the order of sending."""
    fact = row.item.fact
    return (_ORDER.index(fact.type), fact.event, row.key)
