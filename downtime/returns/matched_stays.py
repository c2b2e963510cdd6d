"""In which stay something happened, and where the patient was then: what a message says of the visit.

The stay is the recovered system's own, in the snapshot that the item was compared with. A move or an
admission on paper that is returned as well says where the patient was from then on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from downtime.clinical.model import Encounter, EncounterClass, EncounterStatus
from downtime.entry.facts import DISCHARGE
from downtime.errors import NotFoundError
from downtime.reconcile.model import Decision, ItemFilter, StoredItem
from downtime.reconcile.store import items as items_store
from downtime.snapshot import local_snapshots
from downtime.vault.vault import Vault

_RETURNED = (Decision.RETURN, Decision.RETURNED)
_WITHOUT_STAY = ("Appointment",)
"""Types that no stay has a part in."""
_ALL = -1


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay as messages name it: the system's number for it, its class, and where the patient was."""

    visit_number: str = ""
    kind: str = ""
    ward: str = ""
    bay: str = ""
    bed: str = ""


NO_STAY = Stay()


def find_stays(vault: Vault, rows: Sequence[StoredItem]) -> dict[str, Stay]:
    """Key of each item to its stay; nothing for an item of which no stay is known."""
    concerned = [row for row in rows if row.item.fact.type not in _WITHOUT_STAY]
    encounters = _fetch_encounters(vault, concerned)
    moves = _fetch_moves(vault, concerned)
    stays = {row.key: _find_stay(row, encounters, moves) for row in concerned}
    return {key: stay for key, stay in stays.items() if stay != NO_STAY}


def pick_encounter(encounters: Iterable[Encounter], at: str) -> Encounter | None:
    """The stay that had begun last at a time (UTC), and was neither over nor cancelled."""
    current = [
        encounter
        for encounter in encounters
        if encounter.kind != EncounterClass.OUTPATIENT
        and encounter.status not in (EncounterStatus.CANCELLED, EncounterStatus.PLANNED)
        and (not encounter.started or encounter.started <= at)
        and not (encounter.ended and encounter.ended < at)
    ]
    return max(current, key=lambda encounter: (encounter.started, encounter.id), default=None)


Encounters = Mapping[tuple[str, str], Sequence[Encounter]]
"""Snapshot and patient to the stays that the system has."""


def _find_stay(
    row: StoredItem, encounters: Encounters, moves: Mapping[str, Sequence[StoredItem]]
) -> Stay:
    fact = row.item.fact
    stays = encounters.get((row.snapshot, row.item.patient), ())
    if fact.type == "Encounter" and row.item.matched_ids:
        encounter = next((e for e in stays if e.id == row.item.matched_ids[0]), None)
    elif fact.type == "Encounter":
        encounter = None  # an admission that the system does not know yet has no number of its own
    else:
        encounter = pick_encounter(stays, fact.event)
    stay = _as_stay(encounter) if encounter else NO_STAY
    started = encounter.started if encounter else ""
    earlier = (m for m in moves.get(_whose(row), ()) if started <= _event(m) <= fact.event)
    for move in earlier:
        if move.key != row.key:
            stay = _moved(stay, move)
    return stay


def _as_stay(encounter: Encounter) -> Stay:
    return Stay(
        encounter.visit_number, encounter.kind, encounter.ward, encounter.bay, encounter.bed
    )


def _moved(stay: Stay, move: StoredItem) -> Stay:
    fields = move.item.fact.fields
    if fields.get("event") == DISCHARGE:
        return stay
    return replace(
        stay, kind=fields.get("kind") or stay.kind, ward=fields.get("ward", ""),
        bay=fields.get("bay", ""), bed=fields.get("bed", ""),
    )  # fmt: skip


def _event(row: StoredItem) -> str:
    return row.item.fact.event


def _whose(row: StoredItem) -> str:
    return row.item.patient or row.item.person.any_number


def _fetch_encounters(vault: Vault, rows: Sequence[StoredItem]) -> Encounters:
    patients: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.snapshot and row.item.patient:
            patients[row.snapshot].add(row.item.patient)
    stays: dict[tuple[str, str], list[Encounter]] = defaultdict(list)
    for snapshot_id, ids in patients.items():
        try:
            snapshot = local_snapshots.open_snapshot(vault, snapshot_id)
        except NotFoundError:
            continue  # no longer held: nothing is claimed of the visit
        with closing(snapshot):
            for encounter in snapshot.find_records(Encounter, "patient", sorted(ids)):
                stays[snapshot_id, encounter.patient].append(encounter)
    return stays


def _fetch_moves(vault: Vault, rows: Sequence[StoredItem]) -> Mapping[str, Sequence[StoredItem]]:
    """Admissions and moves on paper that are returned, by patient, in the order of their times."""
    moves: dict[str, list[StoredItem]] = defaultdict(list)
    for outage in sorted({row.outage for row in rows}):
        for decision in _RETURNED:
            wanted = ItemFilter(type="Encounter", decision=decision)
            for row in items_store.fetch_item_page(vault.db, outage, wanted, _ALL):
                moves[_whose(row)].append(row)
    return {whose: sorted(rows, key=_event) for whose, rows in moves.items()}
