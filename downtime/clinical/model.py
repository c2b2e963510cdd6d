"""The records that Downtime holds, named as FHIR R4 names them.

Every field is text, a number or a tuple of texts: a record is one row of a table, one line of JSON.
Empty text means 'not said'. A reference (`patient`, `based_on`, …) is the `id` of another record.
`source` is the hospital system that said it, `updated` when it did (UTC, as `clock.to_text`). A status is text as it was sent, also where no `StrEnum` knows it. A time field holds a FHIR date
(`2026-01-02`) or a UTC instant (`2026-01-02T10:20:00Z`); both sort as text. Where a source's own words
matter, `<field>_text` beside it holds them as sent. `codes` of a medicine: `medicine_codes.join_codes`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Gender(StrEnum):
    """FHIR AdministrativeGender."""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"
    UNKNOWN = "unknown"


class EncounterStatus(StrEnum):
    """FHIR EncounterStatus, as far as a hospital's feeds tell it."""

    PLANNED = "planned"
    IN_PROGRESS = "in-progress"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class EncounterClass(StrEnum):
    """What PV1-2 says of a stay."""

    INPATIENT = "inpatient"
    EMERGENCY = "emergency"
    OUTPATIENT = "outpatient"
    DAYCASE = "daycase"


class BedStatus(StrEnum):
    """FHIR Location.operationalStatus, in the words of a ward."""

    AVAILABLE = "available"
    OCCUPIED = "occupied"
    CLOSED = "closed"
    CLEANING = "cleaning"


class RequestStage(StrEnum):
    """How far a request has come: FHIR Task.businessStatus of a laboratory."""

    REQUESTED = "requested"
    COLLECTED = "collected"
    RECEIVED = "received"
    IN_PROGRESS = "in-progress"
    RESULTED = "resulted"
    CANCELLED = "cancelled"


OPEN_STAGES = (
    RequestStage.REQUESTED,
    RequestStage.COLLECTED,
    RequestStage.RECEIVED,
    RequestStage.IN_PROGRESS,
)


class DiagnosticReportStatus(StrEnum):
    """FHIR DiagnosticReportStatus."""

    REGISTERED = "registered"
    PARTIAL = "partial"
    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"
    CORRECTED = "corrected"
    CANCELLED = "cancelled"


class AppointmentKind(StrEnum):
    """What sort of list an appointment stands on."""

    CLINIC = "clinic"
    THEATRE = "theatre"


class AppointmentStatus(StrEnum):
    """FHIR AppointmentStatus."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"


class ClinicalStatus(StrEnum):
    """FHIR AllergyIntolerance.clinicalStatus and FlagStatus, `entered-in-error` with them."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    RESOLVED = "resolved"
    ENTERED_IN_ERROR = "entered-in-error"


class MedicationRequestStatus(StrEnum):
    """FHIR MedicationRequest.status, as far as the program acts on it."""

    ACTIVE = "active"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered-in-error"


class MedicationRequestCategory(StrEnum):
    """Which chart a medicine is on."""

    REGULAR = "regular"
    AS_REQUIRED = "as-required"
    ONCE_ONLY = "once-only"
    INFUSION = "infusion"
    DISCHARGE = "discharge"
    COMMUNITY = "community"
    """Medicines to take home, and those taken at home: neither is given on the ward."""


class AdministrationStatus(StrEnum):
    """Whether a dose was given: FHIR `completed` and `not-done`, in a ward's words."""

    ADMINISTERED = "given"
    NOT_GIVEN = "not-given"


class ImmunizationStatus(StrEnum):
    """FHIR Immunization.status."""

    COMPLETED = "completed"
    NOT_DONE = "not-done"
    ENTERED_IN_ERROR = "entered-in-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What all records share."""

    id: str
    source: str = ""
    updated: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient(Record):
    """A person, as one hospital number knows them. `id` is opaque and fit for an address."""

    mrn: str = ""
    nhs_number: str = ""
    """Ten digits that pass `identifiers.is_nhs_number`, else empty."""
    nhs_number_status: str = ""
    """`verified`, `unverified` or empty when the feed does not say (PID-32)."""
    identifiers: tuple[str, ...] = ()
    """Every identifier as `TYPE|AUTHORITY|VALUE` (`identifiers.Identifier`)."""
    family: str = ""
    given: str = ""
    prefix: str = ""
    birth_date: str = ""
    birth_date_text: str = ""
    gender: str = ""
    """`Gender`, or empty when not said."""
    deceased: str = ""
    address: str = ""
    postcode: str = ""
    phone: str = ""
    general_practitioner: str = ""
    replaced_by: str = ""
    """The record that survives after a merge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter(Record):
    """One stay or attendance, with where the patient is now."""

    patient: str = ""
    visit_number: str = ""
    status: str = ""
    """`EncounterStatus`."""
    kind: str = ""
    """`EncounterClass` or empty."""
    ward: str = ""
    bay: str = ""
    bed: str = ""
    prior_ward: str = ""
    consultant: str = ""
    specialty: str = ""
    reason: str = ""
    started: str = ""
    started_text: str = ""
    ended: str = ""
    ended_text: str = ""
    expected_end: str = ""
    """When they are expected to leave: shown, and never an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Record):
    """A bed of a ward, occupied or not."""

    ward: str = ""
    ward_name: str = ""
    bay: str = ""
    bed: str = ""
    status: str = ""
    """`BedStatus` or empty."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest(Record):
    """A test or examination that was asked for."""

    patient: str = ""
    encounter: str = ""
    placer: str = ""
    filler: str = ""
    group_number: str = ""
    """Number of all that was asked for together (ORC-4, FHIR `requisition`)."""
    parent_number: str = ""
    """Placer or filler number of the order of which this is a part (ORC-8, OBR-29, `basedOn`)."""
    department: str = ""
    code: str = ""
    display: str = ""
    stage: str = ""
    """`RequestStage`."""
    priority: str = ""
    """`routine`, `urgent`, `stat` or as sent."""
    requester: str = ""
    specimen: str = ""
    reason: str = ""
    authored: str = ""
    authored_text: str = ""
    collected: str = ""
    collected_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosticReport(Record):
    """The answer to a request as a whole; its values are Observations."""

    patient: str = ""
    based_on: str = ""
    filler: str = ""
    department: str = ""
    code: str = ""
    display: str = ""
    status: str = ""
    """`DiagnosticReportStatus`."""
    conclusion: str = ""
    issued: str = ""
    issued_text: str = ""
    collected: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation(Record):
    """One measured value or finding, exactly as it was sent."""

    patient: str = ""
    report: str = ""
    code: str = ""
    display: str = ""
    value: str = ""
    units: str = ""
    reference_range: str = ""
    flag: str = ""
    status: str = ""
    note: str = ""
    effective: str = ""
    effective_text: str = ""
    position: int = 0
    """Order within its report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment(Record):
    """A clinic slot, or a place on a theatre list."""

    patient: str = ""
    kind: str = ""
    """`AppointmentKind`."""
    status: str = ""
    """`AppointmentStatus`."""
    number: str = ""
    location: str = ""
    """Clinic or theatre."""
    practitioner: str = ""
    specialty: str = ""
    description: str = ""
    """Reason of a clinic visit, procedure of a theatre case."""
    start: str = ""
    start_text: str = ""
    minutes: int = 0
    position: int = 0
    """Order on a theatre list, 0 when not said."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllergyIntolerance(Record):
    """An allergy, or the statement that none is known."""

    patient: str = ""
    substance: str = ""
    code: str = ""
    reaction: str = ""
    severity: str = ""
    criticality: str = ""
    """Harm that is possible, as sent: FHIR `low`, `high`, `unable-to-assess`."""
    category: str = ""
    status: str = ""
    """`ClinicalStatus`, or empty."""
    verification: str = ""
    """How sure it is, as sent: FHIR `unconfirmed`, `presumed`, `confirmed`, `refuted`."""
    none_known: int = 0
    """1 when this record says 'no known allergies'."""
    recorded: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Record):
    """An alert about a patient."""

    patient: str = ""
    category: str = ""
    text: str = ""
    status: str = ""
    started: str = ""
    ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationRequest(Record):
    """A medicine as prescribed, in the source's own words: never re-cased or shortened."""

    patient: str = ""
    medicine: str = ""
    codes: str = ""
    dosage: str = ""
    route: str = ""
    frequency: str = ""
    category: str = ""
    """`MedicationRequestCategory` or empty."""
    status: str = ""
    prescriber: str = ""
    authored: str = ""
    authored_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationAdministration(Record):
    """A dose given or not given, or a unit of blood and what became of it."""

    patient: str = ""
    medicine: str = ""
    codes: str = ""
    dosage: str = ""
    route: str = ""
    given: str = ""
    given_text: str = ""
    status: str = ""
    """`AdministrationStatus`, or empty when it is not settled."""
    reason: str = ""
    """Why it was not given; of blood, what became of the unit."""
    performer: str = ""
    batch: str = ""
    """Batch of a medicine, donation number of a unit of blood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Immunization(Record):
    """A vaccine that was given or not."""

    patient: str = ""
    code: str = ""
    display: str = ""
    """The vaccine, in the source's own words."""
    dosage: str = ""
    route: str = ""
    site: str = ""
    lot_number: str = ""
    occurrence: str = ""
    occurrence_text: str = ""
    status: str = ""
    """`ImmunizationStatus`."""
    reason: str = ""
    """Why it was not given."""
    performer: str = ""
    recorder: str = ""
