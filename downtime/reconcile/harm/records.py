"""What a snapshot holds of tests and appointments, found by number, patient and test. Pure."""

from collections import defaultdict
from collections.abc import Iterable

from downtime.clinical.model import (
    OPEN_STAGES,
    Appointment,
    DiagnosticReport,
    DiagnosticReportStatus,
    Observation,
    Patient,
    Record,
    ServiceRequest,
)
from downtime.reconcile.rules.values import fold_test_name

FINAL = (
    DiagnosticReportStatus.FINAL,
    DiagnosticReportStatus.AMENDED,
    DiagnosticReportStatus.CORRECTED,
)
POSSIBLY_OPEN_STAGES = (*OPEN_STAGES, "")
"""A feed may leave the stage out."""


class ReviewedRecords:
    """The records of one snapshot that the harm review looks at."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.patients: dict[str, Patient] = {}
        self.requests: dict[str, ServiceRequest] = {}
        self.observations: dict[str, Observation] = {}
        self.reports: dict[str, DiagnosticReport] = {}
        self.appointments: dict[str, Appointment] = {}
        self.of_patient: dict[str, list[ServiceRequest]] = defaultdict(list)
        self._numbered: dict[str, list[ServiceRequest]] = defaultdict(list)
        self._reported: dict[str, list[DiagnosticReport]] = defaultdict(list)
        for record in records:
            self._add(record)

    def _add(self, record: Record) -> None:
        match record:
            case Patient():
                self.patients[record.id] = record
            case ServiceRequest():
                self.requests[record.id] = record
                self.of_patient[record.patient].append(record)
                for number in {record.placer, record.filler} - {""}:
                    self._numbered[number].append(record)
            case DiagnosticReport():
                self.reports[record.id] = record
                for key in {record.based_on, record.filler} - {""}:
                    self._reported[key].append(record)
            case Observation():
                self.observations[record.id] = record
            case Appointment():
                self.appointments[record.id] = record

    def find_copy(self, other: ServiceRequest) -> ServiceRequest | None:
        """This snapshot's copy of another one's request: the same id, or the same number and test."""
        if copy := self.requests.get(other.id):
            return copy
        same_number = [*self._numbered.get(other.placer, ()), *self._numbered.get(other.filler, ())]
        return next((r for r in same_number if is_same_test(r, other)), None)

    def find_by_number(self, number: str) -> list[ServiceRequest]:
        """Requests that a department or an ordering system knows by this number."""
        return self._numbered.get(number, [])

    def find_surviving_id(self, patient_id: str) -> str:
        """The id that survives after merges; the same one for somebody unknown here."""
        seen = {""}
        while (patient := self.patients.get(patient_id)) and patient.replaced_by not in seen:
            seen.add(patient_id)
            patient_id = patient.replaced_by
        return patient_id

    def is_of(self, record: ServiceRequest | DiagnosticReport, patient_id: str) -> bool:
        """Whether a record is this patient's, merges followed."""
        return self.find_surviving_id(record.patient) == self.find_surviving_id(patient_id)

    def resulted_at(self, request: ServiceRequest) -> str:
        """When its final report was issued; empty while there is none about its own patient."""
        reports = self._list_final(request, request.id)
        if not reports and request.filler:
            same_number = self._list_final(request, request.filler)
            reports = [report for report in same_number if is_same_test(report, request)]
        return min((r.issued for r in reports if r.issued), default="")

    def _list_final(self, request: ServiceRequest, key: str) -> list[DiagnosticReport]:
        """Final reports with this id or number of a request, about its patient."""
        return [
            report
            for report in self._reported.get(key, ())
            if report.status in FINAL and self.is_of(report, request.patient)
        ]

    def request_of(self, observation_id: str) -> ServiceRequest | None:
        """The request that a result answers."""
        value = self.observations.get(observation_id)
        report = self.reports.get(value.report) if value else None
        if report is None:
            return None
        named = [self.requests.get(report.based_on), *self.find_by_number(report.filler)]
        return next(
            (
                request
                for request in named
                if request and self.is_of(request, report.patient)
                and (request.id == report.based_on or is_same_test(report, request))
            ),
            None,
        )  # fmt: skip


def list_numbers(patient: Patient) -> set[str]:
    """All numbers that a patient is known by."""
    return {patient.mrn, patient.nhs_number, *patient.identifiers} - {""}


def names_of_test(record: ServiceRequest | DiagnosticReport) -> set[str]:
    """What a test is called, folded."""
    return {fold_test_name(record.code), fold_test_name(record.display)} - {""}


def is_same_test(record: ServiceRequest | DiagnosticReport, request: ServiceRequest) -> bool:
    """Whether a record is about the test of a request; one that names none is about any."""
    names = names_of_test(record)
    return not names or bool(names & names_of_test(request))
