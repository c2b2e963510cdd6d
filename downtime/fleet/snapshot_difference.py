"""What would vanish, come and change if a snapshot took the place of the one in use: pure.

A person looks at this before a snapshot is released. Names are patient data.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from downtime.clinical.record_types import get_plural_title
from downtime.snapshot.footprint import Footprint, PresentPatient, RecordGroup


class RecordDifference(NamedTuple):
    """Records of one type and system, in the snapshot in use and in the other one."""

    system: str
    type: str
    before: int
    after: int

    @property
    def title(self) -> str:
        """`Allergies`, as lists call them."""
        return get_plural_title(self.type)

    @property
    def lost(self) -> int:
        """So many fewer there are; 0 when there are more."""
        return max(self.before - self.after, 0)


@dataclass(frozen=True, slots=True)
class WardDifference:
    """One ward; patients whose ward is not known stand under an empty name."""

    ward: str
    before: int
    after: int
    gone: tuple[PresentPatient, ...]
    """Those who are nowhere in hospital any more."""
    moved: int
    """Those who lie on another ward."""
    arrived: tuple[PresentPatient, ...]
    """Those who were nowhere in hospital before."""
    records: tuple[RecordDifference, ...]
    """Records of its patients of which there are fewer."""


class RenamedPatient(NamedTuple):
    """Who has another name or birth date under the same number."""

    before: PresentPatient
    after: PresentPatient


@dataclass(frozen=True, slots=True)
class SnapshotDifference:
    """The whole difference."""

    wards: tuple[WardDifference, ...]
    records: tuple[RecordDifference, ...]
    renamed: tuple[RenamedPatient, ...]

    @property
    def before(self) -> int:
        """Patients in hospital in the snapshot in use."""
        return sum(ward.before for ward in self.wards)

    @property
    def after(self) -> int:
        """Patients in hospital in the other one."""
        return sum(ward.after for ward in self.wards)

    @property
    def gone(self) -> int:
        """Those who would vanish."""
        return sum(len(ward.gone) for ward in self.wards)


def compare_footprints(old: Footprint, new: Footprint) -> SnapshotDifference:
    """The difference of a snapshot from the one in use."""
    before = {patient.number: patient for patient in old.present}
    after = {patient.number: patient for patient in new.present}
    names = sorted({*old.wards, *new.wards}, key=lambda ward: (not ward, ward))
    renamed = (
        RenamedPatient(patient, after[number])
        for number, patient in sorted(before.items())
        if number in after and _describe(patient) != _describe(after[number])
    )
    return SnapshotDifference(
        tuple(_compare_ward(ward, before, after) for ward in names),
        tuple(_compare_records(old.records, new.records)),
        tuple(renamed),
    )


def _describe(patient: PresentPatient) -> tuple[str, str]:
    return patient.name.casefold(), patient.birth_date


def _compare_ward(
    ward: str, before: Mapping[str, PresentPatient], after: Mapping[str, PresentPatient]
) -> WardDifference:
    old = [patient for patient in before.values() if patient.ward == ward]
    new = [patient for patient in after.values() if patient.ward == ward]
    records = _compare_records(_sum_counts(old), _sum_counts(new))
    return WardDifference(
        ward,
        len(old),
        len(new),
        _sort(patient for patient in old if patient.number not in after),
        sum(p.number in after and after[p.number].ward != ward for p in old),
        _sort(patient for patient in new if patient.number not in before),
        tuple(item for item in records if item.lost),
    )


def _sort(patients: Iterable[PresentPatient]) -> tuple[PresentPatient, ...]:
    return tuple(sorted(patients, key=lambda patient: (patient.name, patient.number)))


def _sum_counts(patients: Iterable[PresentPatient]) -> Counter[RecordGroup]:
    total = Counter[RecordGroup]()
    for patient in patients:
        total.update(patient.counts)
    return total


def _compare_records(
    before: Mapping[RecordGroup, int], after: Mapping[RecordGroup, int]
) -> list[RecordDifference]:
    groups = sorted({*before, *after})
    return [RecordDifference(*g, before.get(g, 0), after.get(g, 0)) for g in groups]
