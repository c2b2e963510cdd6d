"""HL7 v2 AL1 and IAM to AllergyIntolerance.

An allergy is named by its patient and its code (else its words), so that AL1, IAM and a repeated
message speak of one record. 'No known drug allergy' stays an entry in the source's words: it does
not say that no allergy is known.
"""

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import ClinicalStatus
from downtime.feeds import times
from downtime.feeds.hl7.data_types import coded_text, coded_texts
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.segments import Segment
from downtime.feeds.model import Change, Operation, Value

_CATEGORIES = {
    "DA": "medication",
    "DRUG": "medication",
    "FA": "food",
    "EA": "environment",
    "AA": "environment",
    "PA": "environment",
    "LA": "environment",
}
_SEVERITIES = {"SV": "severe", "MO": "moderate", "MI": "mild", "U": ""}
_IAM_STATUS = {"E": ClinicalStatus.ENTERED_IN_ERROR, "I": ClinicalStatus.INACTIVE}
_NONE_KNOWN_CODES = frozenset({"716186003", "NKA"})
"""SNOMED CT 716186003 'No known allergy'."""
_NONE_KNOWN_TEXTS = frozenset(
    {
        "no known allergies",
        "no known allergy",
        "nka",
        "nil known",
        "none known",
        "no known allergies (situation)",
        "no known allergy (situation)",
    }
)


def read_allergies(
    reader: MessageReader, segments: list[Segment], numbers: tuple[Identifier, ...], event: str
) -> list[Change]:
    """What AL1 and IAM segments say: one change an allergy."""
    changes = []
    for segment in segments:
        code = segment.text(3)
        substance = coded_text((segment.repetitions(3) or [""])[0], segment.delimiters)
        if code or substance:
            changes.append(_read_allergy(reader, segment, numbers, event, code, substance))
    return changes


def _read_allergy(
    reader: MessageReader,
    segment: Segment,
    numbers: tuple[Identifier, ...],
    event: str,
    code: str,
    substance: str,
) -> Change:
    is_iam = segment.fields[0] == "IAM"
    category, severity = segment.text(2).upper(), segment.text(4)
    status = _IAM_STATUS.get(segment.text(17).upper()) if is_iam else None
    fields: dict[str, Value] = {
        "substance": substance,
        "code": code,
        "category": _CATEGORIES.get(category, ""),
        "severity": _SEVERITIES.get(severity.upper(), severity),
        "reaction": coded_texts(segment, 5) or "",
        "status": status or ClinicalStatus.ACTIVE,
        "none_known": int(says_none_known(code, substance)),
    }
    recorded = times.parse_time(segment.text(13 if is_iam else 6), reader.context.zone)
    if recorded:
        fields["recorded"] = recorded
    is_deleted = is_iam and segment.text(6).upper() == "D"
    return reader.change(
        "AllergyIntolerance",
        f"{numbers[0]}|{(code or substance).upper()}",
        numbers,
        fields,
        event=event,
        operation=Operation.DELETE if is_deleted else Operation.SET,
    )


def says_none_known(code: str, substance: str) -> bool:
    """Whether an entry of an allergy list states that no allergy is known at all."""
    return code.upper() in _NONE_KNOWN_CODES or substance.casefold() in _NONE_KNOWN_TEXTS
