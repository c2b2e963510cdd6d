"""Code tables of HL7 v2 that more than one mapping uses."""

from enum import StrEnum

from downtime.clinical.model import BedStatus, DiagnosticReportStatus, Gender, RequestStage
from downtime.feeds.model import Operation


class MessageType(StrEnum):
    """Message types (MSH-9.1) that Downtime uses; any other is counted as not used."""

    ADT = "ADT"
    ORU = "ORU"
    OUL = "OUL"
    SIU = "SIU"
    MDM = "MDM"
    VXU = "VXU"
    PPR = "PPR"
    ORM = "ORM"
    OML = "OML"
    OMG = "OMG"
    OMI = "OMI"
    OMB = "OMB"
    OMD = "OMD"
    OMS = "OMS"
    OMN = "OMN"
    ORR = "ORR"
    ORL = "ORL"
    ORG = "ORG"
    ORI = "ORI"
    ORB = "ORB"
    OMP = "OMP"
    ORP = "ORP"
    RDE = "RDE"
    RRE = "RRE"
    RDS = "RDS"
    RGV = "RGV"
    RAS = "RAS"


MEDICINE_TYPES = frozenset({"OMP", "ORP", "RDE", "RRE", "RDS", "RGV", "RAS"})
"""Message types of a pharmacy: prescriptions, and doses that were given."""


ANSWERS = frozenset({"ORR", "ORL", "ORG", "ORI", "ORB"})
"""Message types by which a department answers an order."""
ORDERED_AS = "ordered_as"
"""A field of changes that order a medicine anew (ORC-1 `NW`): the segment that names it. None of the
record: by it and the next one two orders of one number are told from two messages of one order."""
PROGRESS = "order_progress"
"""A field of changes of a request, and none of it: how far its answers say that the order is."""
NUMBER_SHARED = "number_shared"
"""A field of changes whose message orders several medicines under one number."""


CHANGING_CONTROLS = frozenset(
    {"CA", "OC", "CR", "UA", "DC", "OD", "DR", "XO", "XX", "XR", "RP", "RQ", "RU"}
    | {"HD", "OH", "HR", "RL", "OE"}
)
"""Order controls (ORC-1, HL7 table 0119) that change or end an order: they hold against all that was
sent before, since many senders put the time of the first order into ORC-9 again."""


def find_operation(control: str) -> Operation:
    """What an order control does to what was sent of an order before."""
    return Operation.CANCEL if control.upper() in CHANGING_CONTROLS else Operation.SET


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


RESULT_STATES: dict[str, tuple[DiagnosticReportStatus, RequestStage]] = {
    ResultStatus.FINAL: (DiagnosticReportStatus.FINAL, RequestStage.RESULTED),
    ResultStatus.CORRECTED: (DiagnosticReportStatus.CORRECTED, RequestStage.RESULTED),
    ResultStatus.PRELIMINARY: (DiagnosticReportStatus.PRELIMINARY, RequestStage.IN_PROGRESS),
    ResultStatus.NOT_VERIFIED: (DiagnosticReportStatus.PRELIMINARY, RequestStage.IN_PROGRESS),
    ResultStatus.SOME_RESULTS: (DiagnosticReportStatus.PARTIAL, RequestStage.IN_PROGRESS),
    ResultStatus.SOME_CORRECTED: (DiagnosticReportStatus.PARTIAL, RequestStage.IN_PROGRESS),
    ResultStatus.SPECIMEN_RECEIVED: (DiagnosticReportStatus.REGISTERED, RequestStage.RECEIVED),
    ResultStatus.ORDERED: (DiagnosticReportStatus.REGISTERED, RequestStage.REQUESTED),
    ResultStatus.SCHEDULED: (DiagnosticReportStatus.REGISTERED, RequestStage.REQUESTED),
    ResultStatus.CANCELLED: (DiagnosticReportStatus.CANCELLED, RequestStage.CANCELLED),
}
"""What OBR-25 means for the report, and for its request."""


class OrderProgress(StrEnum):
    """Whether further results of an order are to come."""

    PARTIAL = "partial"
    COMPLETE = "complete"


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
