"""What one snapshot says, indexed by patient and identifier for one pass of the comparison. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

from downtime.clinical.identifiers import MRN, Identifier, fold_number
from downtime.clinical.model import (
    DiagnosticReport,
    MedicationRequest,
    Observation,
    Patient,
    Record,
)
from downtime.clinical.record_types import RECORD_TYPES, list_compared_types
from downtime.reconcile.identity.weights import NO_POPULATION
from downtime.snapshot.search_terms import name_key

R = TypeVar("R", bound=Record)
INDEXED_TYPES: tuple[type[Record], ...] = (*list_compared_types(), MedicationRequest)
"""Types that are looked up by their patient: what is compared, and what says the code of a medicine."""


class RecordIndex:
    """The records of a snapshot; `as_at` is the time of its newest data (UTC), for sentences.

    `delivered_types` are the types of record that some system delivered: without them, every type counts.
    """

    def __init__(
        self,
        records: Iterable[Record] = (),
        as_at: str = "",
        delivered_types: Collection[str] | None = None,
    ) -> None:
        self.as_at = as_at
        self.delivered_types = delivered_types
        self.matched_people: dict[object, Any] = {}
        """Whom each person on paper was found to be, while one set of forms is compared."""
        self.population = NO_POPULATION
        self.unrecovered: Mapping[str, str] = {}
        """Systems that have sent nothing newer than their return, with the time of their newest data."""
        self.patients: dict[str, Patient] = {}
        self.reports: dict[str, DiagnosticReport] = {}
        self.by_id: dict[str, Record] = {}
        self._by_number: dict[str, set[str]] = defaultdict(set)
        self._by_nhs: dict[str, set[str]] = defaultdict(set)
        self._by_birth: dict[str, list[Patient]] = defaultdict(list)
        self._by_name: dict[tuple[str, str], list[Patient]] = defaultdict(list)
        self._by_patient: dict[type[Record], dict[str, list[Any]]] = {
            record_type: {} for record_type in INDEXED_TYPES
        }
        self.add(records)

    def add(self, records: Iterable[Record]) -> None:
        """Take more records in."""
        for record in records:
            self._add(record)

    def _add(self, record: Record) -> None:
        self.by_id[record.id] = record
        if (by_patient := self._by_patient.get(type(record))) is not None:
            by_patient.setdefault(record.patient, []).append(record)  # type: ignore[attr-defined]
        elif isinstance(record, Patient):
            self._add_patient(record)
        elif isinstance(record, DiagnosticReport):
            self.reports[record.id] = record

    def records_of(self, record_type: type[R], patient_id: str) -> list[R]:
        """A patient's records of one of `INDEXED_TYPES`."""
        return self._by_patient[record_type].get(patient_id, [])

    def is_delivered(self, kind: str) -> bool:
        """Whether any system delivered this type of record: if not, it is unavailable, not none."""
        return self.delivered_types is None or kind in self.delivered_types

    def _add_patient(self, patient: Patient) -> None:
        self.patients[patient.id] = patient
        if not patient.replaced_by:
            self._by_birth[patient.birth_date[:10]].append(patient)
            self._by_name[name_key(patient)].append(patient)
        if patient.nhs_number:
            self._by_nhs[patient.nhs_number].add(patient.id)
        for text in (f"{MRN}||{patient.mrn}", *patient.identifiers):
            identifier = Identifier.parse(text)
            if identifier.value:
                self._by_number[fold_number(identifier.value)].add(patient.id)

    def find_surviving_id(self, patient_id: str) -> str:
        """The id of the record that survives after merges; empty when it is not here."""
        seen: set[str] = set()
        while patient_id in self.patients and patient_id not in seen:
            seen.add(patient_id)
            after = self.patients[patient_id].replaced_by
            if not after:
                return patient_id
            patient_id = after
        return ""

    def find_similar_patients(
        self, birth_dates: Iterable[str], name: tuple[str, str]
    ) -> list[Patient]:
        """Living patients born on one of these days (ISO), or of this name (`fold_names`)."""
        born = (p for day in sorted(set(birth_dates) - {""}) for p in self._by_birth.get(day, ()))
        named = self._by_name.get(name, ()) if all(name) else ()
        return list({patient.id: patient for patient in (*born, *named)}.values())

    def find_by_nhs_number(self, digits: str) -> set[str]:
        """Ids of the living patients who have this NHS number."""
        return {self.find_surviving_id(key) for key in self._by_nhs.get(digits, ())} - {""}

    def find_by_number(self, number: str) -> set[str]:
        """Ids of the living patients with this hospital or downtime number, whatever its case."""
        return {
            self.find_surviving_id(key) for key in self._by_number.get(fold_number(number), ())
        } - {""}

    def own_numbers(self, record: Record) -> set[str]:
        """By what a hospital system knows one of this snapshot's records, whoever published it."""
        if isinstance(record, Patient):
            return {record.mrn} - {""}
        if isinstance(record, Observation):
            report = self.reports.get(record.report)
            name = record.code or record.display
            return {f"{report.filler} {name}"} if report and report.filler else set()
        fields = RECORD_TYPES[type(record).__name__].source_number_fields
        return {getattr(record, field) for field in fields} - {""}

    @cached_property
    def _by_own_number(self) -> dict[tuple[str, str], Record]:
        return {
            (type(record).__name__, number): record
            for record in self.by_id.values()
            for number in self.own_numbers(record)
        }

    def find_copy(self, record: Record, of: "RecordIndex") -> Record | None:
        """This snapshot's own copy of another one's record: the same id, or the same number.

        A publisher that had to be set up anew gives other ids; the systems' numbers stay.
        """
        if copy := self.by_id.get(record.id):
            return copy
        name = type(record).__name__
        copies_by_number = (
            self._by_own_number.get((name, number)) for number in of.own_numbers(record)
        )
        return next((copy for copy in copies_by_number if copy), None)
