"""The present state as records: persons identified, references resolved, shared numbers flagged."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import sqlite_utils

from downtime.clinical.identifiers import NHS, Identifier, is_nhs_number
from downtime.clinical.model import ClinicalStatus, Flag, Patient, Record
from downtime.clinical.record_types import RECORD_TYPES, RecordType, find_owner
from downtime.settings import Settings
from downtime.snapshot import identity
from downtime.snapshot.record_state import RecordState, Stamp
from downtime.snapshot.store import publisher_state
from downtime.snapshot.store.record_tables import columns

OWN_SOURCE = "Downtime"
"""Source of the flags that this program raises itself."""

Ids = Callable[[str, str, str], str]


def settle_records(db: sqlite_utils.Database, settings: Settings) -> Iterator[Record]:
    """Every record that exists now, patients first."""
    authority = settings.site.mrn_authority
    identities = identity.resolve_identities(
        publisher_state.select_mentions(db), publisher_state.select_merges(db), authority
    )
    people = _list_people(db, identities)
    patients = _make_patients(db, identities, people, settings)
    yield from patients
    yield from _flag_shared_numbers(identities, people, {p.id: p for p in patients})
    finals = {
        mention: people[identities.find_survivor(anchor)]
        for mention, anchor in identities.anchors.items()
    }
    ids = _record_id_maker(publisher_state.get_salt(db))
    named = {name for row in RECORD_TYPES.values() for name in row.reference_fields.values()}
    references = {name: _index_ids(db, name, ids) for name in named}
    for row in RECORD_TYPES.values():
        if row.record is not Patient:
            yield from _make_records(db, row, finals, ids, references)


def _existing_states(
    db: sqlite_utils.Database, type_name: str
) -> Iterator[tuple[str, str, RecordState]]:
    return (item for item in publisher_state.iterate_states(db, type_name) if item[2].exists)


def _list_people(db: sqlite_utils.Database, identities: identity.Identity) -> dict[Identifier, str]:
    """Opaque id of every person, new ones included."""
    anchors = set(identities.anchors.values())
    anchors.update(identities.find_survivor(anchor) for anchor in list(anchors))
    publisher_state.insert_people(db, anchors - set(publisher_state.select_people(db)))
    return publisher_state.select_people(db)


def _make_patients(
    db: sqlite_utils.Database,
    identities: identity.Identity,
    people: dict[Identifier, str],
    settings: Settings,
) -> list[Patient]:
    numbers: dict[Identifier, set[Identifier]] = defaultdict(set)
    for mention in publisher_state.select_mentions(db):
        if mention.id in identities.anchors:
            numbers[identities.anchors[mention.id]].update(mention.identifiers)
    details = _merge_details(db, identities, find_owner(settings.systems.records, "Patient"))
    patients = []
    for anchor, key in people.items():
        current = identities.find_survivor(identities.belongs.get(anchor, anchor))
        replaced_by = people[current] if current != anchor else ""
        fields = dict(details.get(anchor, {}))
        patient = {"id": key, "replaced_by": replaced_by, **fields}
        patients.append(
            Patient(**patient | _choose_numbers(anchor, numbers[anchor], fields, identities))
        )
    return patients


def _merge_details(
    db: sqlite_utils.Database, identities: identity.Identity, master: str
) -> dict[Identifier, dict[str, Any]]:
    """The details of each person; the system that holds patients is believed before others."""
    best: dict[Identifier, dict[str, tuple[tuple[bool, Stamp], Any]]] = defaultdict(dict)
    for source, key, state in _existing_states(db, "Patient"):
        if anchor := identities.anchors.get(int(key)):
            best_fields = best[anchor]
            origin = {"source": source, "updated": state.latest.moment}
            for stamp, layer in [*state.layers, (state.latest, origin)]:
                rank = (source == master, stamp)
                for name, value in layer.items():
                    if name not in best_fields or rank > best_fields[name][0]:
                        best_fields[name] = (rank, value)
    known = set(columns(Patient)) - {"id", "replaced_by", "identifiers", "patient"}
    return {
        anchor: {name: value for name, (_, value) in fields.items() if name in known}
        for anchor, fields in best.items()
    }


def _choose_numbers(
    anchor: Identifier,
    sent_numbers: set[Identifier],
    fields: dict[str, Any],
    identities: identity.Identity,
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


def _flag_shared_numbers(
    identities: identity.Identity, people: dict[Identifier, str], patients: dict[str, Patient]
) -> Iterator[Flag]:
    """One loud flag for each person whose NHS number somebody else has too."""
    for value, anchors in identities.shared.items():
        alone = Identifier(NHS, "NHS", value)
        holders = [*anchors, *([alone] if alone in people else [])]
        for anchor in holders:
            others = [_name_anchor(other) for other in holders if other != anchor]
            yield Flag(
                id=hashlib.sha256(f"identity {people[anchor]}".encode()).hexdigest()[:16],
                source=OWN_SOURCE,
                updated=patients[people[anchor]].updated,
                patient=people[anchor],
                category="identity",
                text="NHS number also held by another patient record"
                f" ({', '.join(others)}): confirm who this is.",
                status=ClinicalStatus.ACTIVE,
            )


def _name_anchor(anchor: Identifier) -> str:
    return "one known by NHS number alone" if anchor.type == NHS else anchor.value


def _record_id_maker(salt: bytes) -> Ids:
    def name(type_name: str, source: str, key: str) -> str:
        text = f"{type_name}\0{source}\0{key}".encode()
        return hashlib.blake2b(text, key=salt, digest_size=8).hexdigest()

    return name


def _index_ids(db: sqlite_utils.Database, type_name: str, ids: Ids) -> dict[str, dict[str, str]]:
    """Key to the ids of the records that have it, by source."""
    by_key: dict[str, dict[str, str]] = defaultdict(dict)
    for source, key in publisher_state.select_keys(db, type_name):
        by_key[key][source] = ids(type_name, source, key)
    return by_key


def _make_records(
    db: sqlite_utils.Database,
    row: RecordType,
    finals: dict[int, str],
    ids: Ids,
    references: dict[str, dict[str, dict[str, str]]],
) -> Iterator[Record]:
    record_type, type_name, has_patient = row.record, row.name, row.has_patient
    names = set(columns(record_type)) - {"id", "source", "updated", "patient"}
    for source, key, state in _existing_states(db, type_name):
        fields = {name: value for name, value in state.fields.items() if name in names}
        for name in row.reference_fields.keys() & fields.keys():
            ids_by_source = references[row.reference_fields[name]].get(fields[name], {})
            fields[name] = _resolve_reference(ids_by_source, source)
        if has_patient:
            fields["patient"] = finals.get(state.mention, "")
        record_id = ids(type_name, source, key)
        yield record_type(id=record_id, source=source, updated=state.latest.moment, **fields)


def _resolve_reference(named: dict[str, str], source: str) -> str:
    """The record of this key that the same source sent, else the only one; else none is guessed."""
    return named.get(source) or (next(iter(named.values())) if len(named) == 1 else "")
