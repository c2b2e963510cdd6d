"""HL7 v2 DG1 and PRB (problem lists) to Condition.

A problem is named by its instance (PRB-4), else by its patient, its code and its words, so that a
diagnosis that every message repeats is one record.
"""

from downtime.clinical.history import Condition
from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import ClinicalStatus
from downtime.feeds.hl7.data_types import coded_text, coding
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.model import Change, Operation, Value

_RECORD = Condition.__name__
_VERIFICATION_BY_TYPE = {"F": "confirmed", "W": "provisional", "A": "provisional"}
"""DG1-6, HL7 table 0052."""
_DELETION = frozenset({"D", "DE", "DELETE"})
"""DG1-21 (HL7 table 0206) and PRB-1 (0287)."""


def read_problems(
    reader: MessageReader, part: Hl7Message, numbers: tuple[Identifier, ...], event: str
) -> list[Change]:
    """What the DG1 and PRB segments of one person say."""
    changes = [_read_diagnosis(reader, s, numbers, event) for s in part.list_segments("DG1")]
    changes += [_read_problem(reader, s, numbers, event) for s in part.list_segments("PRB")]
    return [change for change in changes if change]


def _read_diagnosis(
    reader: MessageReader, dg1: Segment, numbers: tuple[Identifier, ...], event: str
) -> Change | None:
    code, name = coding(dg1.get_raw_field(3), dg1.delimiters)
    name = dg1.full_text(4) or name
    if not name:
        return None
    fields: dict[str, Value] = {"code": code, "display": name, "status": ClinicalStatus.ACTIVE}
    fields["category"] = "encounter-diagnosis"
    if verification := _VERIFICATION_BY_TYPE.get(dg1.text(6).upper()):
        fields["verification"] = verification
    reader.add_time(fields, "onset", dg1, 5)
    operation = _operation(dg1.text(21))
    return reader.change(_RECORD, _key(numbers, code, name), numbers, fields, event, operation)


def _read_problem(
    reader: MessageReader, prb: Segment, numbers: tuple[Identifier, ...], event: str
) -> Change | None:
    code, name = coding(prb.get_raw_field(3), prb.delimiters)
    if not name:
        return None
    fields: dict[str, Value] = {"code": code, "display": name, "category": "problem-list-item"}
    moments: dict[str, Value] = {}
    reader.add_time(fields, "onset", prb, 16)
    for field, number in (("recorded", 7), ("ended", 9)):
        if moment := reader.add_time(moments, field, prb, number):
            fields[field] = moment
    lifecycle = coded_text(prb.get_raw_field(14), prb.delimiters).casefold()
    is_over = "ended" in fields or lifecycle in ("resolved", "inactive", "complete", "completed")
    fields["status"] = ClinicalStatus.RESOLVED if is_over else ClinicalStatus.ACTIVE
    if confirmed := coded_text(prb.get_raw_field(13), prb.delimiters).casefold():
        fields["verification"] = confirmed
    key = prb.text(4) or _key(numbers, code, name)
    return reader.change(_RECORD, key, numbers, fields, event, _operation(prb.text(1)))


def _key(numbers: tuple[Identifier, ...], code: str, name: str) -> str:
    return f"{numbers[0]}|{code.upper()}|{' '.join(name.upper().split())}"


def _operation(action: str) -> Operation:
    return Operation.DELETE if action.upper() in _DELETION else Operation.SET
