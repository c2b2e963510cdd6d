"""What a snapshot looks like in short, so that one can be held against those before it: pure.

Records are counted by system and type; people are kept as hashes of their number and of their name
and birth date; of those in hospital it is said who they are, where they lie and what is known of
them, so that a person can be shown who would vanish. People count by their number, never by the id
of their record: a state that was made anew gives everybody another id.
"""

import zlib
from array import array
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import groupby
from typing import NamedTuple, Self

import orjson

from downtime.clinical.model import Encounter, Patient, Record
from downtime.clinical.record_types import RECORD_TYPES
from downtime.snapshot.data_quality import is_in_hospital

_LEVEL = 1
_LASTING = {row.name: row.name_field for row in RECORD_TYPES.values() if row.is_lasting}


class RecordGroup(NamedTuple):
    """Records of one type that one system sent."""

    system: str
    type: str


@cache
def share_group(system: str, type_name: str) -> RecordGroup:
    """One and the same for all who have such records: thousands of people have a few groups."""
    return RecordGroup(system, type_name)


class PresentPatient(NamedTuple):
    """Somebody who is in hospital: patient data."""

    number: str
    """The hospital's, else the NHS number, else another one."""
    name: str
    birth_date: str
    ward: str
    bed: str
    counts: Mapping[RecordGroup, int]
    lasting: Mapping[RecordGroup, tuple[int, ...]]
    """Hashes of what stands until it is taken back: allergies, alerts."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """One snapshot in short; `people` and `present` are empty once only its counts are kept."""

    records: Mapping[RecordGroup, int] = field(default_factory=dict)
    wards: Mapping[str, int] = field(default_factory=dict)
    """Patients in hospital by ward; those whose ward is not known under an empty name."""
    people: "array[int]" = field(default_factory=lambda: array("Q"))
    """Everybody of whom anything is known: `hash_person` of each once, in order (4 MB for 500,000)."""
    present: tuple[PresentPatient, ...] = ()

    @property
    def has_people(self) -> bool:
        """Whether it still says who there was."""
        return bool(self.people)

    def without_people(self) -> Self:
        """Its counts alone."""
        return replace(self, people=array("Q"), present=())

    def to_bytes(self) -> bytes:
        """As it is stored; what holds it is encrypted."""
        document = {
            "records": [[*group, count] for group, count in self.records.items()],
            "wards": dict(self.wards),
            "people": b64encode(self.people.tobytes()).decode(),
            "present": [
                [*patient[:5], _list_groups(patient.counts), _list_groups(patient.lasting)]
                for patient in self.present
            ],
        }
        return zlib.compress(orjson.dumps(document), _LEVEL)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """From what `to_bytes` wrote."""
        document = orjson.loads(zlib.decompress(data))
        people = array("Q")
        people.frombytes(b64decode(document["people"]))
        return cls(
            {RecordGroup(*group): count for *group, count in document["records"]},
            document["wards"],
            pack_people(people),
            tuple(_read_patient(*row) for row in document["present"]),
        )


def _list_groups(values: Mapping[RecordGroup, object]) -> list[list[object]]:
    return [[*group, value] for group, value in values.items()]


def _read_patient(
    number: str,
    name: str,
    birth_date: str,
    ward: str,
    bed: str,
    counts: list[tuple[str, str, int]],
    lasting: list[tuple[str, str, list[int]]],
) -> PresentPatient:
    return PresentPatient(
        number,
        name,
        birth_date,
        ward,
        bed,
        {share_group(system, type_name): count for system, type_name, count in counts},
        {share_group(system, type_name): tuple(hashes) for system, type_name, hashes in lasting},
    )


def pick_number(mrn: str, nhs_number: str, identifiers: Sequence[str], record_id: str) -> str:
    """The number by which a person is known again."""
    return mrn or nhs_number or (identifiers[0].split("|", 2)[-1] if identifiers else record_id)


def join_name(family: str, given_name: str) -> str:
    """As lists show it: `FAMILY, Given`."""
    return ", ".join(filter(None, (family.upper(), given_name)))


def join_place(bay: str, bed: str) -> str:
    """A bed within its ward."""
    return f"{bay} {bed}".strip()


def hash_person(number: str, name: str, birth_date: str) -> int:
    """What stands for a person in `Footprint.people`: above 32 bits of their number (`hash_number`)
    as many of name and birth date."""
    return hash_text(f"{name}|{birth_date}") << 32 | hash_text(number)


def hash_number(person: int) -> int:
    """Of a person's number alone."""
    return person & 0xFFFFFFFF


def list_missing(before: Sequence[int], after: Sequence[int]) -> Iterator[int]:
    """Of people in order those who are not in another list in order; holds neither of them again."""
    others = iter(after)
    other = next(others, None)
    for person in before:
        while other is not None and other < person:
            other = next(others, None)
        if other != person:
            yield person


def pack_people(people: Iterable[int]) -> "array[int]":
    """Each once, in order."""
    return array("Q", (person for person, _ in groupby(sorted(people))))


def hash_text(text: str) -> int:
    """32 bits, the same on every machine, whatever the case."""
    return zlib.crc32(text.casefold().encode())


class FootprintMaker:
    """Takes the records of a snapshot, in any order; all of a patient must come to the same one."""

    def __init__(self) -> None:
        self._records: Counter[tuple[str, str, str]] = Counter()
        self._patients: list[Patient] = []
        self._stays: dict[str, Encounter] = {}
        self._lasting: defaultdict[str, list[tuple[RecordGroup, int]]] = defaultdict(list)

    def add(self, record: Record) -> None:
        """Take one record."""
        name, person = type(record).__name__, getattr(record, "patient", "")
        self._records[person, record.source, name] += 1
        if isinstance(record, Patient):
            if not record.replaced_by:
                self._patients.append(record)
        elif isinstance(record, Encounter):
            self._note_stay(record)
        elif name in _LASTING:
            text = hash_text(getattr(record, _LASTING[name]))
            self._lasting[person].append((share_group(record.source, name), text))

    def _note_stay(self, stay: Encounter) -> None:
        """Of several open stays one with a ward is believed, then the one that began last."""
        if not stay.patient or not is_in_hospital(stay):
            return
        known = self._stays.get(stay.patient)
        if known is None or _rank_stay(stay) > _rank_stay(known):
            self._stays[stay.patient] = stay

    def finish(self) -> Footprint:
        """The footprint of all that was taken."""
        totals: Counter[RecordGroup] = Counter()
        counts: defaultdict[str, dict[RecordGroup, int]] = defaultdict(dict)
        for (person, system, name), count in self._records.items():
            group = share_group(system, name)
            totals[group] += count
            if person in self._stays:
                counts[person][group] = count
        people, present = array("Q"), list[PresentPatient]()
        for patient in self._patients:
            number = pick_number(patient.mrn, patient.nhs_number, patient.identifiers, patient.id)
            name = join_name(patient.family, patient.given)
            people.append(hash_person(number, name, patient.birth_date))
            if stay := self._stays.get(patient.id):
                place = stay.ward, join_place(stay.bay, stay.bed)
                groups = counts[patient.id], group_hashes(self._lasting.get(patient.id, ()))
                present.append(PresentPatient(number, name, patient.birth_date, *place, *groups))
        return Footprint(totals, count_wards(present), pack_people(people), tuple(present))


def _rank_stay(stay: Encounter) -> tuple[bool, str, str]:
    return bool(stay.ward), stay.started, stay.updated


def group_hashes(
    hashes: Iterable[tuple[RecordGroup, int]],
) -> dict[RecordGroup, tuple[int, ...]]:
    """The hashes of each group in order."""
    by_group: dict[RecordGroup, tuple[int, ...]] = {}
    for group, text in sorted(hashes):
        by_group[group] = (*by_group.get(group, ()), text)
    return by_group


def count_wards(present: Iterable[PresentPatient]) -> dict[str, int]:
    """Patients in hospital by ward."""
    return dict(Counter(patient.ward for patient in present))


def merge_footprints(parts: Iterable[Footprint]) -> Footprint:
    """One footprint of several that share no patient."""
    records, wards = Counter[RecordGroup](), Counter[str]()
    people, present = array("Q"), list[PresentPatient]()
    for part in parts:
        records.update(part.records)
        wards.update(part.wards)
        people.extend(part.people)
        present.extend(part.present)
    return Footprint(records, wards, pack_people(people), tuple(present))
