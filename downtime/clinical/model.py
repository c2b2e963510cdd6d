"""The records that Downtime holds, named as FHIR R4 names them.

Every field is text, a number or a tuple of texts, so that a record is one row of a table and one
line of JSON. Empty text means 'not said'. A reference (`patient`, `encounter`, `based_on`, …) is
the `id` of another record. `source` is the hospital system that said it, `updated` the time at
which it did (UTC, as `clock.to_text`).

A time field holds a FHIR date (`2026-01-02`) or a UTC instant (`2026-01-02T10:20:00Z`); both sort
as text. Where a source's own words matter, `<field>_text` beside it holds them as sent.
"""

from dataclasses import dataclass


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
    """`male`, `female`, `other`, `unknown`, or empty when not said."""
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
    """`planned`, `in-progress`, `finished` or `cancelled`."""
    kind: str = ""
    """`inpatient`, `emergency`, `outpatient`, `daycase` or empty (PV1-2)."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Record):
    """A bed of a ward, occupied or not."""

    ward: str = ""
    ward_name: str = ""
    bay: str = ""
    bed: str = ""
    status: str = ""
    """`available`, `occupied`, `closed`, `cleaning` or empty."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest(Record):
    """A test or examination that was asked for."""

    patient: str = ""
    encounter: str = ""
    placer: str = ""
    filler: str = ""
    department: str = ""
    code: str = ""
    display: str = ""
    stage: str = ""
    """`requested`, `collected`, `received`, `in-progress`, `resulted` or `cancelled`."""
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
    """`registered`, `partial`, `preliminary`, `final`, `amended`, `corrected` or `cancelled`."""
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
    """`clinic` or `theatre`."""
    status: str = ""
    """`booked`, `arrived`, `fulfilled`, `cancelled` or `noshow`."""
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
    category: str = ""
    status: str = ""
    """`active`, `inactive`, `resolved`, `entered-in-error`, or empty."""
    none_known: int = 0
    """1 when this record says 'no known allergies'."""
    recorded: str = ""


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
    dosage: str = ""
    route: str = ""
    frequency: str = ""
    category: str = ""
    """`regular`, `as-required`, `once-only`, `infusion` or empty."""
    status: str = ""
    prescriber: str = ""
    authored: str = ""
    authored_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationAdministration(Record):
    """A dose given or not given, or a unit of blood and what became of it."""

    patient: str = ""
    medicine: str = ""
    dosage: str = ""
    route: str = ""
    given: str = ""
    given_text: str = ""
    status: str = ""
    """`given`, `not-given`, or empty when it is not settled."""
    reason: str = ""
    """Why it was not given; of blood, what became of the unit."""
    performer: str = ""
    batch: str = ""
    """Batch of a medicine, donation number of a unit of blood."""


TYPES: dict[str, type[Record]] = {
    kind.__name__: kind
    for kind in (
        Patient,
        Encounter,
        Location,
        ServiceRequest,
        DiagnosticReport,
        Observation,
        Appointment,
        AllergyIntolerance,
        Flag,
        MedicationRequest,
        MedicationAdministration,
    )
}
