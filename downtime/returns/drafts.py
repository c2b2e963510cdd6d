"""What a message will carry, before it has its control ID: the common ground of all ways out. Pure.

A writer groups a system's items into messages as its format wants; `write` makes the bytes of one
once its control ID is known, and makes the same bytes whenever it is called.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from downtime.config import Settings
from downtime.entry.facts import Person
from downtime.reconcile.linking import Merge
from downtime.reconcile.store import ItemRow
from downtime.returns import messages
from downtime.returns.outbox_states import FILE, MLLP, WORKLIST
from downtime.returns.profiles import Target

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

Scan = Callable[[str], bytes | None]
"""The scanned form of a serial as PDF, if there is one."""
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
    """For whom messages are written: a target, and where scanned forms come from."""

    settings: Settings
    target: Target
    scan: Scan


Writer = Callable[[Way, Sequence[ItemRow]], list[Draft]]
"""Groups items of one system, in any order, into messages."""


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
    return row.item.patient or _person_key(who)


def _person_key(who: Person) -> str:
    return who.id or who.mrn or who.nhs_number or who.downtime_number


def rank(row: ItemRow) -> Rank:
    """Where an item stands in the order of sending."""
    fact = row.item.fact
    return (_ORDER.index(fact.type), fact.event, row.key)


def hl7_messages(way: Way, rows: Sequence[ItemRow]) -> list[Draft]:
    """HL7 v2: one message an item, all values of one form in one, and a scan as a document."""
    made = []
    for group in _by_form(rows):
        fact = group[0].item.fact
        if fact.type == "Document":
            made += hl7_documents(way, group)
        else:
            name = messages.kind(fact, way.settings, way.target)
            made.append(drafted(name, group, _hl7(way, group)))
    return made


def hl7_documents(way: Way, rows: Sequence[ItemRow]) -> list[Draft]:
    """MDM^T02 for each form that has a scan; a form without one gives none."""

    def written(row: ItemRow, pdf: bytes) -> Callable[[str], bytes]:
        fact, who = row.item.fact, row.item.person
        return lambda number: messages.write_document(
            fact, who, pdf, number, way.settings, way.target
        )

    return [
        drafted("MDM^T02", (row,), written(row, pdf))
        for row in rows
        if (pdf := way.scan(row.item.fact.serial))
    ]


def hl7_merges(way: Way, merges: Sequence[Merge]) -> list[Draft]:
    """ADT^A40 or A47 for each downtime number that was linked to a patient."""

    def written(merge: Merge) -> Callable[[str], bytes]:
        return lambda number: messages.write_merge(
            merge.survivor, merge.downtime, merge.decided, number, way.settings, way.target
        )

    return [
        Draft(
            f"ADT^{way.target.merge}",
            ((merge_key(merge), ""),),
            _person_key(merge.survivor),
            (_FIRST, merge.decided, merge.id),
            written(merge),
        )
        for merge in merges
    ]


def merge_key(merge: Merge) -> str:
    """By what the outbox knows a merge; never the key of a compared item."""
    return f"link:{merge.id}:{merge.state}"


def one_each(way: Way, rows: Sequence[ItemRow]) -> list[Draft]:
    """A worklist's lines, one an item, without bytes of their own."""
    return [drafted("line", (row,), lambda number: b"") for row in rows]


def _by_form(rows: Sequence[ItemRow]) -> list[tuple[ItemRow, ...]]:
    groups: dict[tuple[str, ...], list[ItemRow]] = {}
    for row in sorted(rows, key=lambda row: row.key):
        fact = row.item.fact
        single = "" if fact.type == "Observation" else row.key
        groups.setdefault((fact.serial, row.item.patient, single), []).append(row)
    return [tuple(group) for group in groups.values()]


def _hl7(way: Way, group: tuple[ItemRow, ...]) -> Callable[[str], bytes]:
    facts = tuple(row.item.fact for row in group)
    decided = max(row.decided.decided for row in group)

    def write(number: str) -> bytes:
        said = messages.Returned(facts, group[0].item.person, decided, number)
        return messages.write(said, way.settings, way.target)

    return write


WRITERS: Mapping[str, Writer] = {FILE: hl7_messages, MLLP: hl7_messages, WORKLIST: one_each}
"""How each channel makes its messages."""
