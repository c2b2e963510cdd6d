"""A compared item as a table: the system before the outage, the paper, the system now."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import NamedTuple

from downtime.clinical.records import Encounter, Observation, Record, ServiceRequest
from downtime.entry.facts import Fact
from downtime.errors import NotFoundError
from downtime.reconcile.compare import Item
from downtime.snapshot.store import Snapshot

SHOWN: Mapping[str, tuple[str, ...]] = {
    "ServiceRequest": (
        "display", "code", "stage", "priority", "requester", "authored", "collected", "reason",
        "placer", "filler",
    ),
    "Observation": ("display", "code", "value", "units", "flag", "status", "effective", "note"),
    "Encounter": (
        "status", "kind", "ward", "bay", "bed", "consultant", "reason", "started", "ended",
        "visit_number",
    ),
}  # fmt: skip
"""The fields that matter to the one who decides, by type of record."""
NOTHING = ""


class Line(NamedTuple):
    """One field in the three columns; `differs` when paper and system both say something else."""

    name: str
    before: str
    paper: str
    now: str
    differs: bool


def lines(item: Item, before: Snapshot | None, after: Snapshot | None) -> list[Line]:
    """The fields of an item that any of the three columns has."""
    old, new = _record(item, before), _record(item, after)
    paper = _paper(item.fact)
    found = []
    for name in SHOWN.get(item.fact.type, tuple(paper)):
        said = (old.get(name, NOTHING), paper.get(name, NOTHING), new.get(name, NOTHING))
        if any(said):
            differs = bool(said[1] and said[2] and said[1].casefold() != said[2].casefold())
            found.append(Line(name, *said, differs))
    return found


def _paper(fact: Fact) -> dict[str, str]:
    return {"display": fact.title, **fact.fields}


def _record(item: Item, snapshot: Snapshot | None) -> dict[str, str]:
    """The record that the comparison matched, as this snapshot has it; empty when it has none."""
    if snapshot is None or not item.matched:
        return {}
    try:
        held = _held(item, snapshot)
    except NotFoundError:
        return {}
    record = next((r for r in held if r.id == item.matched[0]), None)
    return {name: str(value) for name, value in asdict(record).items()} if record else {}


def _held(item: Item, snapshot: Snapshot) -> list[Record]:
    patient = snapshot.patient(item.patient).id
    if item.fact.type == ServiceRequest.__name__:
        return list(snapshot.requests(patient))
    if item.fact.type == Observation.__name__:
        return [value for row in snapshot.reports(patient) for value in row.observations]
    stay = snapshot.encounter(patient) if item.fact.type == Encounter.__name__ else None
    return [stay] if stay else []
