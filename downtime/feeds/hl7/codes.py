"""Code tables of HL7 v2 that more than one mapping uses."""

from enum import StrEnum

from downtime.clinical.model import BedStatus, Gender


class MessageType(StrEnum):
    """Message types (MSH-9.1) that Downtime uses; any other is accepted and nothing is taken."""

    ADT = "ADT"
    ORU = "ORU"
    SIU = "SIU"
    ORM = "ORM"
    OML = "OML"
    OMG = "OMG"
    OMI = "OMI"
    OMB = "OMB"
    ORR = "ORR"
    ORL = "ORL"
    ORG = "ORG"
    ORI = "ORI"


class ResultStatus(StrEnum):
    """Status of a report: OBR-25, HL7 table 0123."""

    ORDERED = "O"
    SCHEDULED = "S"
    SPECIMEN_RECEIVED = "I"
    SOME_RESULTS = "A"
    SOME_CORRECTED = "M"
    PRELIMINARY = "P"
    NOT_VERIFIED = "R"
    FINAL = "F"
    CORRECTED = "C"
    CANCELLED = "X"


class ObservationStatus(StrEnum):
    """Status of an observation: OBX-11, HL7 table 0085."""

    ORDERED = "O"
    SPECIMEN_RECEIVED = "I"
    PARTIAL = "S"
    PRELIMINARY = "P"
    NOT_VERIFIED = "R"
    FINAL = "F"
    MADE_FINAL = "U"
    CORRECTED = "C"
    UNOBTAINABLE = "X"
    NOT_ASKED = "N"
    DELETED = "D"
    WRONG = "W"


REMOVED = frozenset({ObservationStatus.DELETED, ObservationStatus.WRONG})
"""Of an observation that was sent in error."""
GENDERS = {
    **dict.fromkeys(("M", "1"), Gender.MALE),
    **dict.fromkeys(("F", "2"), Gender.FEMALE),
    **dict.fromkeys(("O", "A", "N", "X", "I"), Gender.OTHER),
    **dict.fromkeys(("U", "0", "9"), Gender.UNKNOWN),
}
"""HL7 table 0001, and the NHS Data Dictionary's PERSON STATED GENDER CODE."""
BED_STATES = {
    **dict.fromkeys(("C", "I"), BedStatus.CLOSED),
    **dict.fromkeys(("H", "K"), BedStatus.CLEANING),
    "O": BedStatus.OCCUPIED,
    "U": BedStatus.AVAILABLE,
}
"""HL7 table 0116; FHIR's Location.operationalStatus has the same codes."""
