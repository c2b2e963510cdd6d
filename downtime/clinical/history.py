"""Records of what is known of a patient beside this stay: problems and documents."""

from dataclasses import dataclass
from enum import StrEnum

from downtime.clinical.model import Record


class DocumentStatus(StrEnum):
    """FHIR DocumentReference.status."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    ENTERED_IN_ERROR = "entered-in-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition(Record):
    """A problem or diagnosis."""

    patient: str = ""
    code: str = ""
    display: str = ""
    """In the source's own words."""
    category: str = ""
    severity: str = ""
    status: str = ""
    """`ClinicalStatus`, `recurrence`, `relapse`, `remission`, or empty."""
    verification: str = ""
    """As sent: FHIR `unconfirmed`, `provisional`, `differential`, `confirmed`, `refuted`."""
    onset: str = ""
    onset_text: str = ""
    ended: str = ""
    recorded: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReference(Record):
    """A letter or report that is filed for a patient: what it is, and its words when it is text."""

    patient: str = ""
    number: str = ""
    """The document's own number."""
    title: str = ""
    kind: str = ""
    status: str = ""
    """`DocumentStatus`, or empty."""
    date: str = ""
    date_text: str = ""
    author: str = ""
    text: str = ""
    """Empty when it is no plain text."""
