"""The registry of record types: one row says all that the program needs to know of a type.

Adding a type is adding its record to `model`, its row here, a reader (`feeds.fhir`, `@register_reader` or `@register_field_reader`) and,
when forms may say something of it, its comparison rule (`reconcile.rules`, `@register_rule`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from downtime.clinical import history, model, retention, sections
from downtime.clinical.model import Record
from downtime.clinical.recognition import DuplicateKind, Recognition
from downtime.clinical.retention import RetentionWindow
from downtime.clinical.sections import PatientSection

DOCUMENT = "Document"
"""What an entry becomes that is filed, not returned as data: no record of the snapshot."""


class KeyingRank(IntEnum):
    """In which order forms are keyed: who people are first, appointments last."""

    IDENTITY = 0
    MOVEMENTS = 1
    ALLERGIES = 2
    REQUESTS = 3
    RESULTS = 4
    MEDICINES = 5
    OBSERVATIONS = 6
    DOCUMENTS = 7
    APPOINTMENTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """One type of record. A type of which forms say nothing has no `return_rank`."""

    record: type[Record]
    title: str
    """Many of them, as a heading or filter calls them."""
    singular: str
    """One of them, as a line of a worklist calls it."""
    default_system: str
    """The system that holds such records when neither feed nor setting says which."""
    is_in_snapshot: Callable[[Any, RetentionWindow], bool]
    """Whether a snapshot carries a record."""
    name_field: str = "display"
    """What a record is about."""
    event_field: str = ""
    """When it happened; a form's `maps: when` fills it."""
    time_fields: tuple[str, ...] = ()
    """Fields that hold a FHIR date or instant."""
    source_number_fields: tuple[str, ...] = ()
    """Fields with the source's own numbers, by which a record is found again."""
    reference_fields: Mapping[str, str] = field(default_factory=dict)
    """Fields that name another record, with its type."""
    is_lasting: bool = False
    """Whether a record stands until it is taken back: where most of them go at once, something is wrong."""
    answers_requests: bool = False
    """Whether the department that answers a request holds it."""
    form_fields: tuple[str, ...] = ()
    """What a form may say beyond the fields of the record: `event` is `admit`, `transfer` or
    `discharge`; `rebook_answer` is `accepted` or `declined`."""
    code_fields: tuple[str, str] | None = None
    """Where the code and the text of a ticked field go, when not only to `code` and `display`."""
    compared_fields: tuple[str, ...] = ()
    """What matters to the person who decides, in the order shown."""
    keying_rank: KeyingRank = KeyingRank.DOCUMENTS
    return_rank: int | None = None
    """In which order types go out: a receiver must know the patient first."""
    recognition: Recognition | None = None
    """How what forms say of it is known to be one thing; every type that is returned has it."""
    section: PatientSection | None = None
    """Its table on a patient's page; types without one have a look of their own there, or none."""

    @property
    def name(self) -> str:
        """The name that FHIR R4 gives it; also its table's, and what is stored."""
        return self.record.__name__

    @property
    def list_fields(self) -> tuple[str, ...]:
        """Fields that hold several texts."""
        return tuple(
            record_field.name for record_field in fields(self.record) if record_field.default == ()
        )

    @property
    def has_patient(self) -> bool:
        """Whether its records are about a person."""
        return any(record_field.name == "patient" for record_field in fields(self.record))


_ROWS = (
    RecordType(
        record=model.Patient,
        title="Demographics",
        singular="Patient's details",
        default_system="PAS",
        is_in_snapshot=retention.keep_always,
        time_fields=("birth_date", "deceased"),
        compared_fields=(
            "family", "given", "prefix", "birth_date", "gender", "nhs_number", "address",
            "postcode", "phone", "general_practitioner",
        ),
        keying_rank=KeyingRank.IDENTITY,
        return_rank=1,
        recognition=Recognition(kind=DuplicateKind.DETAILS),
    ),
    RecordType(
        record=model.Encounter,
        title="Admissions, transfers, discharges",
        singular="Admission",
        default_system="PAS",
        is_in_snapshot=retention.keep_encounter,
        time_fields=("started", "ended", "expected_end"),
        source_number_fields=("visit_number",),
        form_fields=("event", "destination", "outcome"),
        compared_fields=(
            "event", "status", "kind", "prior_ward", "ward", "bay", "bed", "consultant", "reason",
            "started", "ended", "destination", "outcome", "visit_number",
        ),
        keying_rank=KeyingRank.MOVEMENTS,
        return_rank=0,
        recognition=Recognition(
            kind=DuplicateKind.MOVEMENT, name_fields=("event", "ward"),
            time_fields=("started", "ended"), window="twice_movement_minutes",
            equal_fields=("ward", "bay", "bed", "outcome"),
        ),
    ),
    RecordType(
        record=model.Location,
        title="Lists of beds",
        singular="Bed",
        default_system="PAS",
        is_in_snapshot=retention.keep_always,
    ),
    RecordType(
        record=model.ServiceRequest,
        title="Requests",
        singular="Request",
        default_system="LIMS",
        is_in_snapshot=retention.keep_request,
        time_fields=("authored", "collected"),
        source_number_fields=("placer", "filler"),
        reference_fields={"encounter": "Encounter"},
        answers_requests=True,
        compared_fields=(
            "display", "code", "stage", "priority", "requester", "authored", "collected", "reason",
            "placer", "filler",
        ),
        keying_rank=KeyingRank.REQUESTS,
        return_rank=4,
        recognition=Recognition(
            kind=DuplicateKind.REQUEST, name_fields=("code", "display", "specimen"),
            time_fields=("collected",), window="twice_asked_minutes", is_asked=True,
        ),
    ),
    RecordType(
        record=model.DiagnosticReport,
        title="Reports",
        singular="Report",
        default_system="LIMS",
        is_in_snapshot=retention.keep_report,
        time_fields=("issued", "collected"),
        source_number_fields=("filler",),
        reference_fields={"based_on": "ServiceRequest"},
        answers_requests=True,
        keying_rank=KeyingRank.RESULTS,
    ),
    RecordType(
        record=model.Observation,
        title="Results and observations",
        singular="Result",
        default_system="LIMS",
        is_in_snapshot=retention.keep_observation,
        event_field="effective",
        time_fields=("effective",),
        reference_fields={"report": "DiagnosticReport"},
        answers_requests=True,
        compared_fields=(
            "display", "code", "value", "units", "flag", "status", "effective", "note",
        ),
        keying_rank=KeyingRank.RESULTS,
        return_rank=5,
        recognition=Recognition(
            kind=DuplicateKind.RESULT, name_fields=("code", "display"),
            time_fields=("effective",), window="observation_match_minutes",
            equal_fields=("value",),
        ),
    ),
    RecordType(
        record=model.Appointment,
        title="Appointments and operations",
        singular="Appointment",
        default_system="PAS",
        is_in_snapshot=retention.keep_appointment,
        name_field="description",
        time_fields=("start",),
        source_number_fields=("number",),
        form_fields=("reason", "rebook_start", "rebook_location", "rebook_answer"),
        compared_fields=(
            "kind", "status", "number", "location", "practitioner", "start", "rebook_start",
            "rebook_location", "description", "reason",
        ),
        keying_rank=KeyingRank.APPOINTMENTS,
        return_rank=8,
        recognition=Recognition(
            kind=DuplicateKind.VISIT, name_fields=("kind", "start"),
            equal_fields=("status", "rebook_start", "rebook_location"),
        ),
        section=sections.APPOINTMENTS,
    ),
    RecordType(
        record=model.AllergyIntolerance,
        title="Allergies",
        singular="Allergy",
        default_system="EPR",
        is_in_snapshot=retention.keep_unless_wrong,
        is_lasting=True,
        name_field="substance",
        event_field="recorded",
        time_fields=("recorded",),
        compared_fields=(
            "substance", "reaction", "severity", "category", "status", "none_known", "recorded",
        ),
        keying_rank=KeyingRank.ALLERGIES,
        return_rank=2,
        recognition=Recognition(
            kind=DuplicateKind.ALLERGY, equal_fields=("severity", "reaction"),
        ),
    ),
    RecordType(
        record=model.Flag,
        title="Alerts",
        singular="Alert",
        default_system="EPR",
        is_in_snapshot=retention.keep_flag,
        is_lasting=True,
        name_field="text",
        event_field="started",
        time_fields=("started", "ended"),
        code_fields=("category", "text"),
        compared_fields=("category", "text", "status", "started", "ended"),
        keying_rank=KeyingRank.ALLERGIES,
        return_rank=3,
        recognition=Recognition(
            kind=DuplicateKind.ALERT, name_fields=("text",), equal_fields=("status", "ended"),
        ),
    ),
    RecordType(
        record=history.Condition,
        title="Problems and diagnoses",
        singular="Problem",
        default_system="EPR",
        is_in_snapshot=retention.keep_condition,
        is_lasting=True,
        time_fields=("onset", "ended", "recorded"),
        section=sections.PROBLEMS,
    ),
    RecordType(
        record=model.MedicationRequest,
        title="Medicines as prescribed",
        singular="Prescription",
        default_system="EPR",
        is_in_snapshot=retention.keep_medication_request,
        name_field="medicine",
        time_fields=("authored",),
        keying_rank=KeyingRank.MEDICINES,
    ),
    RecordType(
        record=model.MedicationAdministration,
        title="Doses and blood",
        singular="Dose",
        default_system="EPR",
        is_in_snapshot=retention.keep_administration,
        name_field="medicine",
        event_field="given",
        time_fields=("given",),
        form_fields=("ended",),
        compared_fields=(
            "medicine", "dosage", "route", "given", "ended", "status", "reason", "performer",
            "batch",
        ),
        keying_rank=KeyingRank.MEDICINES,
        return_rank=6,
        recognition=Recognition(
            kind=DuplicateKind.DOSE, name_fields=("medicine",), time_fields=("given",),
            window="twice_dose_minutes", is_asked=True,
        ),
    ),
    RecordType(
        record=model.Immunization,
        title="Immunisations",
        singular="Immunisation",
        default_system="EPR",
        is_in_snapshot=retention.keep_unless_wrong,
        is_lasting=True,
        event_field="occurrence",
        time_fields=("occurrence",),
        compared_fields=(
            "display", "code", "occurrence", "status", "reason", "dosage", "route", "site",
            "lot_number", "performer",
        ),
        keying_rank=KeyingRank.MEDICINES,
        return_rank=6,
        recognition=Recognition(
            kind=DuplicateKind.VACCINE, name_fields=("code", "display"),
            time_fields=("occurrence",), window="twice_dose_minutes",
            equal_fields=("status", "lot_number", "dosage"),
        ),
        section=sections.IMMUNISATIONS,
    ),
    RecordType(
        record=history.DocumentReference,
        title="Documents",
        singular="Document",
        default_system="EPR",
        is_in_snapshot=retention.keep_document,
        name_field="title",
        time_fields=("date",),
        source_number_fields=("number",),
        section=sections.DOCUMENTS,
    ),
)  # fmt: skip
"""In the order in which snapshots carry them: a report before its values."""

RECORD_TYPES: Mapping[str, RecordType] = MappingProxyType({row.name: row for row in _ROWS})
TYPES: Mapping[str, type[Record]] = MappingProxyType({row.name: row.record for row in _ROWS})
"""Name to the class of its records."""
NAME_FIELDS = tuple(dict.fromkeys(("display", *(row.name_field for row in _ROWS))))
"""The fields that may name what a fact is about."""
_DOCUMENT_RANK = 7
"""Documents go out when all that they explain is there, appointments after them."""

FIELD_TITLES: Mapping[str, str] = {
    "batch": "Batch or donation number",
    "birth_date": "Born",
    "display": "What",
    "effective": "Taken",
    "family": "Surname",
    "lot_number": "Batch",
    "nhs_number": "NHS No.",
    "occurrence": "Given",
    "phone": "Telephone",
    "prefix": "Title",
}
"""What people call a field, where it is not the field's own name."""


def list_owners(configured: Mapping[str, str]) -> dict[str, str]:
    """Type of record to the system that holds it: as configured, else as registered."""
    return {row.name: find_owner(configured, row.name) for row in _ROWS}


def find_owner(configured: Mapping[str, str], type_name: str) -> str:
    """The system that holds a type of record."""
    return configured.get(type_name) or RECORD_TYPES[type_name].default_system


def get_plural_title(name: str) -> str:
    """`Requests` of `ServiceRequest`; also of what forms say and no snapshot holds."""
    return RECORD_TYPES[name].title if name in RECORD_TYPES else "Documents"


def get_singular_title(name: str) -> str:
    """`Request` of `ServiceRequest`; also of what forms say and no snapshot holds."""
    return RECORD_TYPES[name].singular if name in RECORD_TYPES else DOCUMENT


@cache
def list_compared_types() -> tuple[type[Record], ...]:
    """The records of a person with which forms are compared."""
    return tuple(row.record for row in _ROWS if row.return_rank is not None and row.has_patient)


def list_in_return_order() -> list[str]:
    """Types of what forms say, Document among them, in the order in which they go out."""
    ranks = {row.name: row.return_rank for row in _ROWS if row.return_rank is not None}
    return sorted([*ranks, DOCUMENT], key=lambda name: ranks.get(name, _DOCUMENT_RANK))
