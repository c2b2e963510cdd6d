"""Who there is: persons with their ids and details, and a loud flag where a number is shared."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlite_utils

from downtime.clinical.identifiers import NHS, Identifier, is_nhs_number
from downtime.clinical.model import Patient
from downtime.clinical.record_types import find_owner
from downtime.settings import Settings
from downtime.snapshot import identity
from downtime.snapshot.common_knowledge import CommonKnowledge
from downtime.snapshot.identify_people import IdentifiedPeople, PatientState, identify_people
from downtime.snapshot.identity import Identity
from downtime.snapshot.mentions import Mention
from downtime.snapshot.name_servers import FHIR
from downtime.snapshot.record_state import RecordState, Stamp
from downtime.snapshot.row_layout import columns
from downtime.snapshot.store import publisher_state


@dataclass(frozen=True)
class People:
    """Everybody of whom anything was sent."""

    identified: IdentifiedPeople
    ids: Mapping[Identifier, str]
    """Anchor to opaque id."""
    patients: tuple[Patient, ...]

    @property
    def identity(self) -> Identity:
        """Which identifiers belong to whom."""
        return self.identified.identity

    @cached_property
    def unsent(self) -> frozenset[str]:
        """Ids of those who are only the address of a FHIR resource that was not sent."""
        return frozenset(
            patient.id
            for patient in self.patients
            if not patient.source
            and patient.identifiers
            and all(number.startswith(f"{FHIR}|") for number in patient.identifiers)
        )

    def find_id(self, anchor: Identifier | None) -> str:
        """Id of the person who survives after all merges; empty for nobody."""
        return self.ids[self.identity.find_survivor(anchor)] if anchor else ""


def settle_people(db: sqlite_utils.Database, settings: Settings, common: CommonKnowledge) -> People:
    """Identify everybody in the state; new persons get their ids."""
    mentions = common.name_servers(publisher_state.select_mentions(db))
    identified = identify_people(db, mentions, settings.site.mrn_authority)
    ids = _list_ids(db, identified.identity)
    patients = _make_patients(identified, ids, mentions, settings)
    return People(identified, ids, tuple(patients))


def _list_ids(db: sqlite_utils.Database, identities: Identity) -> dict[Identifier, str]:
    """Opaque id of every person, new ones included."""
    anchors, ids = identities.list_people(), publisher_state.select_people(db)
    if new := anchors - ids.keys():
        ids |= publisher_state.insert_people(db, new)
    return ids


def _make_patients(
    identified: IdentifiedPeople,
    ids: Mapping[Identifier, str],
    mentions: Collection[Mention],
    settings: Settings,
) -> Iterator[Patient]:
    identities = identified.identity
    numbers: dict[Identifier, set[Identifier]] = defaultdict(set)
    for mention in mentions:
        if mention.id in identities.anchors and not mention.is_weak:
            numbers[identities.anchors[mention.id]].update(mention.identifiers)
    details = _merge_details(identified, find_owner(settings.systems.records, "Patient"))
    present = identities.list_people()
    for anchor, key in ids.items():
        current = identities.find_survivor(identities.belongs.get(anchor, anchor))
        if current not in present:
            continue  # everything of them belongs to somebody else now
        replaced_by = ids[current] if current != anchor else ""
        fields = dict(details.get(anchor, {}))
        patient = {"id": key, "replaced_by": replaced_by, **fields}
        yield Patient(**patient | _choose_numbers(anchor, numbers[anchor], fields, identities))


def _merge_details(identified: IdentifiedPeople, master: str) -> dict[Identifier, dict[str, Any]]:
    """The details of each person; the system that holds patients is believed before others.

    What stood beside the number of a visit or an order says nothing of a known person.
    """
    anchors, joined = identified.identity.anchors, identified.weak.joined
    by_anchor: dict[Identifier, list[PatientState]] = defaultdict(list)
    for item in identified.states:
        if item.mention not in joined and (anchor := anchors.get(item.mention)):
            by_anchor[anchor].append(item)
    known = set(columns(Patient)) - {"id", "replaced_by", "identifiers", "patient"}
    return {
        anchor: {name: value for name, value in _choose_details(items, master) if name in known}
        for anchor, items in by_anchor.items()
    }


def _choose_details(items: list[PatientState], master: str) -> Iterator[tuple[str, Any]]:
    """Name and value of each detail, of the source that is believed and then the newest."""
    if len(items) == 1:
        (item,) = items
        origin = {"source": item.source, "updated": item.state.updated}
        yield from (*item.state.fields.items(), *origin.items())
        return
    best: dict[str, tuple[tuple[bool, Stamp], Any]] = {}
    for source, _, state in items:
        _keep_best(best, state, source, source == master)
    yield from ((name, value) for name, (_, value) in best.items())


def _keep_best(
    best: dict[str, tuple[tuple[bool, Stamp], Any]],
    state: RecordState,
    source: str,
    is_master: bool,
) -> None:
    newest = state.layers[-1].stamp
    origin = (newest, {"source": source, "updated": newest.moment})
    for stamp, fields in (*((layer.stamp, layer.fields) for layer in state.layers), origin):
        rank = (is_master, stamp)
        for name, value in fields.items():
            if name not in best or rank > best[name][0]:
                best[name] = (rank, value)


def _choose_numbers(
    anchor: Identifier,
    sent_numbers: set[Identifier],
    fields: dict[str, Any],
    identities: Identity,
) -> dict[str, Any]:
    """The identifiers of a patient. Of several NHS numbers only the last is theirs."""
    nhs = fields.get("nhs_number", identities.nhs.get(anchor, ""))
    if anchor.type == NHS:
        nhs = anchor.value
    nhs = nhs if is_nhs_number(nhs) else ""
    listed = sorted(
        i for i in sent_numbers if i.type != NHS and identities.belongs.get(i) == anchor
    )
    listed += [Identifier(NHS, "NHS", nhs)] if nhs else []
    return {
        "mrn": anchor.value if identity.is_site_number(anchor, identities.authority) else "",
        "nhs_number": nhs,
        "nhs_number_status": fields.get("nhs_number_status", "") if nhs else "",
        "identifiers": tuple(map(str, listed)),
    }
