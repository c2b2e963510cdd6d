"""Tables on a patient's page, one for each type of record that has no look of its own there."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class FieldFormat(StrEnum):
    """How a screen shows a stored value."""

    TEXT = "text"
    TIME = "time"
    """A FHIR date or UTC instant, in the site's zone."""
    CODE = "words"
    """A code such as `as-required`, without its hyphens."""


class Column(NamedTuple):
    """A column of a table on a patient's page."""

    title: str
    field: str
    format: FieldFormat = FieldFormat.TEXT


@dataclass(frozen=True, slots=True)
class PatientSection:
    """The table of a type of record on a patient's page."""

    title: str
    short: str
    """What a link to it says."""
    columns: tuple[Column, ...]
    order: tuple[str, ...]
    """Fields by which rows are sorted, each with DESC when the last comes first."""

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return self.short.lower()


APPOINTMENTS = PatientSection(
    title="Appointments and theatre",
    short="Appointments",
    columns=(
        Column("When", "start", FieldFormat.TIME),
        Column("Kind", "kind", FieldFormat.CODE),
        Column("Place", "location"),
        Column("With", "practitioner"),
        Column("For", "description"),
        Column("State", "status", FieldFormat.CODE),
    ),
    order=("start", "position"),
)
PROBLEMS = PatientSection(
    title="Problems and diagnoses",
    short="Problems",
    columns=(
        Column("Problem", "display"),
        Column("State", "status", FieldFormat.CODE),
        Column("Certainty", "verification", FieldFormat.CODE),
        Column("Severity", "severity"),
        Column("Since", "onset", FieldFormat.TIME),
        Column("Recorded", "recorded", FieldFormat.TIME),
        Column("Note", "note"),
    ),
    order=("status", "onset DESC"),
)
IMMUNISATIONS = PatientSection(
    title="Immunisations",
    short="Immunisations",
    columns=(
        Column("When", "occurrence", FieldFormat.TIME),
        Column("Vaccine", "display"),
        Column("Dose", "dosage"),
        Column("Route", "route"),
        Column("Site", "site"),
        Column("Batch", "lot_number"),
        Column("State", "status", FieldFormat.CODE),
        Column("Given by", "performer"),
    ),
    order=("occurrence DESC",),
)
DOCUMENTS = PatientSection(
    title="Documents",
    short="Documents",
    columns=(
        Column("Date", "date", FieldFormat.TIME),
        Column("Title", "title"),
        Column("Kind", "kind"),
        Column("Author", "author"),
        Column("State", "status", FieldFormat.CODE),
        Column("Text", "text"),
    ),
    order=("date DESC",),
)
