"""The footprint of an opened snapshot, asked of its database; the same as `FootprintMaker` makes."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping

import orjson
import sqlite_utils

from downtime.clinical.record_types import RECORD_TYPES, RecordType
from downtime.snapshot.footprint import (
    Footprint,
    PresentPatient,
    RecordGroup,
    count_wards,
    group_hashes,
    hash_person,
    hash_text,
    join_name,
    join_place,
    pack_people,
    pick_number,
    share_group,
)


class _PresentRecords:
    """What the tables say of those in hospital, by the id of their record."""

    def __init__(self, db: sqlite_utils.Database) -> None:
        self.places = _read_places(db)
        self.totals: dict[RecordGroup, int] = {}
        self.counts: defaultdict[str, dict[RecordGroup, int]] = defaultdict(dict)
        self.hashes: defaultdict[str, list[tuple[RecordGroup, int]]] = defaultdict(list)


def read_footprint(db: sqlite_utils.Database, types: Iterable[str]) -> Footprint:
    """What the snapshot looks like in short; `types` are those of which it has a table."""
    records = _PresentRecords(db)
    for name in sorted(types):
        _count_records(db, RECORD_TYPES[name], records)
    people, present = array("Q"), list[PresentPatient]()
    rows = db.conn.execute(
        "SELECT id, mrn, nhs_number, identifiers, family, given, birth_date FROM Patient"
        " WHERE replaced_by = ''"
    )
    for key, mrn, nhs_number, identifiers, family, given_name, birth_date in rows:
        number = pick_number(mrn, nhs_number, identifiers and orjson.loads(identifiers), key)
        name = join_name(family, given_name)
        people.append(hash_person(number, name, birth_date))
        if key in records.places:
            groups = records.counts[key], group_hashes(records.hashes[key])
            person = PresentPatient(number, name, birth_date, *records.places[key], *groups)
            present.append(person)
    return Footprint(records.totals, count_wards(present), pack_people(people), tuple(present))


def _count_records(db: sqlite_utils.Database, row: RecordType, records: _PresentRecords) -> None:
    totals = db.conn.execute(f"SELECT source, count(*) FROM {row.name} GROUP BY source")
    records.totals.update((RecordGroup(system, row.name), count) for system, count in totals)
    if not row.has_patient:
        return
    joined = f"inpatient i CROSS JOIN {row.name} t ON t.patient = i.patient"
    counts = db.conn.execute(
        f"SELECT i.patient, t.source, count(*) FROM {joined} GROUP BY i.patient, t.source"
    )
    for patient, system, count in counts:
        records.counts[patient][share_group(system, row.name)] = count
    if row.is_lasting:
        texts = db.conn.execute(f"SELECT i.patient, t.source, t.{row.name_field} FROM {joined}")
        for patient, system, text in texts:
            records.hashes[patient].append((share_group(system, row.name), hash_text(text)))


def _read_places(db: sqlite_utils.Database) -> Mapping[str, tuple[str, str]]:
    """Ward and bed of everybody in hospital."""
    rows = db.conn.execute(
        "SELECT i.patient, e.ward, e.bay, e.bed FROM inpatient i"
        " JOIN Encounter e ON e.id = i.encounter"
    )
    return {patient: (ward, join_place(bay, bed)) for patient, ward, bay, bed in rows}
