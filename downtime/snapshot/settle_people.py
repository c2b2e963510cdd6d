"""Who there is: persons with their ids and details, and a loud flag where a number is shared."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from downtime.clinical.identifiers import NHS, Identifier, is_nhs_number
from downtime.clinical.model import ClinicalStatus, Flag, Patient
from downtime.clinical.record_types import find_owner
from downtime.settings import Settings
from downtime.snapshot import identity
from downtime.snapshot.identity import Identity
from downtime.snapshot.mentions import Mention
from downtime.snapshot.record_state import RecordState, Stamp
from downtime.snapshot.store import publisher_state
from downtime.snapshot.store.record_tables import columns

OWN_SOURCE = "Downtime"
"""Source of the flags that this program raises itself."""


@dataclass(frozen=True, slots=True)
class People:
    """Everybody of whom anything was sent."""

    identity: Identity
    ids: Mapping[Identifier, str]
    """Anchor to opaque id."""
    patients: tuple[Patient, ...]

    def find_id(self, anchor: Identifier | None) -> str:
        """Id of the person who survives after all merges; empty for nobody."""
        return self.ids[self.identity.find_survivor(anchor)] if anchor else ""


def settle_people(db: sqlite_utils.Database, settings: Settings) -> People:
    """Identify everybody in the state; new persons get their ids."""
    mentions = publisher_state.select_mentions(db)
    identities = identity.resolve_identities(
        mentions,
        publisher_state.select_identity_changes(db),
        settings.site.mrn_authority,
        _find_number_holders(db, mentions),
    )
    ids = _list_ids(db, identities)
    patients = _make_patients(db, identities, ids, mentions, settings)
    return People(identities, ids, tuple(patients))


def _find_number_holders(
    db: sqlite_utils.Database, mentions: Collection[Mention]
) -> dict[int, set[int]]:
    """Of each mention that is only a number: the others whose records have the same key."""
    weak = {mention.id for mention in mentions if mention.is_weak}
    sharers: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for type_name, source, key, mention in publisher_state.select_names_of(db, weak):
        sharers[type_name, source, key].add(mention)
    holders: dict[int, set[int]] = defaultdict(set)
    for present in sharers.values():
        for mention in present & weak:
            holders[mention] |= present - weak - {0}
    return holders


def _list_ids(db: sqlite_utils.Database, identities: Identity) -> dict[Identifier, str]:
    """Opaque id of every person, new ones included."""
    anchors, ids = identities.list_people(), publisher_state.select_people(db)
    if new := anchors - ids.keys():
        publisher_state.insert_people(db, new)
        ids = publisher_state.select_people(db)
    return ids


def _make_patients(
    db: sqlite_utils.Database,
    identities: Identity,
    ids: Mapping[Identifier, str],
    mentions: Collection[Mention],
    settings: Settings,
) -> Iterator[Patient]:
    numbers: dict[Identifier, set[Identifier]] = defaultdict(set)
    for mention in mentions:
        if mention.id in identities.anchors and not mention.is_weak:
            numbers[identities.anchors[mention.id]].update(mention.identifiers)
    details = _merge_details(db, identities, find_owner(settings.systems.records, "Patient"))
    present = identities.list_people()
    for anchor, key in ids.items():
        current = identities.find_survivor(identities.belongs.get(anchor, anchor))
        if current not in present:
            continue  # everything of them belongs to somebody else now
        replaced_by = ids[current] if current != anchor else ""
        fields = dict(details.get(anchor, {}))
        patient = {"id": key, "replaced_by": replaced_by, **fields}
        yield Patient(**patient | _choose_numbers(anchor, numbers[anchor], fields, identities))


def _merge_details(
    db: sqlite_utils.Database, identities: Identity, master: str
) -> dict[Identifier, dict[str, Any]]:
    """The details of each person; the system that holds patients is believed before others."""
    best: dict[Identifier, dict[str, tuple[tuple[bool, Stamp], Any]]] = defaultdict(dict)
    for (_, source, _, mention), state in publisher_state.iterate_states(db, "Patient"):
        if state.exists and (anchor := identities.anchors.get(mention)):
            _keep_best(best[anchor], state, source, source == master)
    known = set(columns(Patient)) - {"id", "replaced_by", "identifiers", "patient"}
    return {
        anchor: {name: value for name, (_, value) in fields.items() if name in known}
        for anchor, fields in best.items()
    }


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


def flag_shared_numbers(people: People) -> Iterator[Flag]:
    """One loud flag for each person whose NHS number somebody else has too."""
    patients = {patient.id: patient for patient in people.patients}
    for value, anchors in people.identity.shared.items():
        alone = Identifier(NHS, "NHS", value)
        holders = [*anchors, *([alone] if people.ids.get(alone) in patients else [])]
        for anchor in holders:
            others = [_name_anchor(other) for other in holders if other != anchor]
            patient = patients[people.ids[anchor]]
            yield Flag(
                id=hashlib.sha256(f"identity {patient.id}".encode()).hexdigest()[:16],
                source=OWN_SOURCE,
                updated=patient.updated,
                patient=patient.id,
                category="identity",
                text="NHS number also held by another patient record"
                f" ({', '.join(others)}): confirm who this is.",
                status=ClinicalStatus.ACTIVE,
            )


def _name_anchor(anchor: Identifier) -> str:
    return "one known by NHS number alone" if anchor.type == NHS else anchor.value
