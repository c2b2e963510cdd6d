"""Who an HL7 v2 message is about: the identifiers of PID, and what stands in when there are none.

- An NHS number is one by its authority (`NHS`, or the OID of the number) or its type (`NH`, `NHS`),
  wherever it stands in PID-3, else PID-2 with such a type, else the ten digits of PID-19; it must
  pass modulus 11, or it identifies nobody.
- A number without an authority belongs to the sending facility (MSH-4); when that too is empty, or
  is this hospital by any of its names, it is the hospital's own number. Numbers of this hospital
  of the types MR, MRN, PI, PT, MEDREC … or none, and those that the profile names, are hospital
  numbers (`MR`). Where a message holds none of those, one of this hospital whose type is no type
  of HL7 table 0203 is.
- Without PID-3: PID-2, PID-4, then the account (PID-18) and the visit (PV1-19); for a request or
  result then its order number, for an appointment its number. Such a person is their own until a
  message with a number of the hospital says otherwise: a name never joins two people.
- A number that a spreadsheet broke (`1.23E+05`, `="00123"`) identifies nobody.
"""

import re

from downtime.clinical.identifiers import MRN, NHS, Identifier, clean_nhs_number
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.data_types import ExtendedId, parse_cx
from downtime.feeds.hl7.message_reader import FieldReader
from downtime.feeds.hl7.segments import Segment
from downtime.feeds.model import FindingKind

_NHS_TYPES = frozenset({"NH", "NHS", "NHSN", "NHSNMBR"})
_NHS_AUTHORITIES = frozenset(
    {"nhs", "nhsnbr", "nhs number", "nhs no", "2.16.840.1.113883.2.1.4.1", "uk:nhs"}
)
_HOSPITAL_TYPES = frozenset(
    {"", "MR", "MRN", "PI", "PT", "PN", "HN", "MEDREC", "HOSP", "HOSPNO", "CRN", "PAS", "EPI"}
)
_VISIT_TYPES = frozenset({"AN", "VN", "ACSN", "ANC", "ANT", "AM"})
_OTHER_TYPES = frozenset(
    {"AC", "AM", "AMA", "AN", "ANC", "AND", "ANON", "ANT", "APRN", "ASID", "BA", "BC"}
    | {"BCT", "BR", "BRN", "BSNR", "CC", "CZ", "DC", "DDS", "DEA", "DI", "DL", "DN"}
    | {"DO", "DP", "DPM", "DR", "DS", "EI", "EN", "ESN", "FI", "FILL", "GI", "GL"}
    | {"GN", "HC", "IND", "JHN", "LACSN", "LANR", "LI", "LN", "LR", "MA", "MB", "MC"}
    | {"MCD", "MCN", "MCR", "MCT", "MD", "MI", "MRT", "MS", "MT", "NE", "NH", "NI"}
    | {"NII", "NP", "NPI", "OBI", "OD", "PA", "PC", "PE", "PEN", "PLAC", "PNT", "PPIN"}
    | {"PPN", "PRC", "PRN", "QA", "RI", "RN", "RPH", "RR", "RRI", "SAMN", "SB", "SID"}
    | {"SL", "SN", "SNO", "SP", "SR", "SS", "STN", "TAX", "TN", "U", "UPIN", "USID"}
    | {"VN", "VP", "VS", "WC", "WCN", "WP", "XX"}
)
"""Types of HL7 table 0203 that are no number of a hospital's own patients."""
_MOST_NUMBERS = 100
"""Of one person in one field."""
_TYPE = re.compile(r"[A-Z]{2,8}")
_DAMAGED = re.compile(r"""\d(?:\.\d+)?[Ee]\+\d+|=".*"|#(?:REF|N/A|VALUE|NAME)[!?]?""")


def parse_identifier(
    identifier: ExtendedId, facility: str, context: FeedContext
) -> Identifier | None:
    """The identifier of one CX; None when it is empty, damaged, or fails the NHS number's check."""
    number, authority, kind = identifier
    if not number or _is_damaged(number):
        return None
    kind = kind if _TYPE.fullmatch(kind) else ""
    if kind in _NHS_TYPES or authority.casefold() in _NHS_AUTHORITIES:
        digits = clean_nhs_number(number)
        return Identifier(NHS, "NHS", digits) if digits else None
    authority = authority or facility
    is_own = _is_own_authority(authority, context)
    if kind in _VISIT_TYPES:
        return Identifier(kind, context.authority if is_own else authority, number)
    if is_own:
        is_hospital_type = kind in _HOSPITAL_TYPES or kind in context.profile.mrn_types
        if is_hospital_type:
            return Identifier(MRN, context.authority, context.write_own_number(number))
        return Identifier(kind, context.authority, number)
    return Identifier("MR" if kind == "MRN" else kind or "PI", authority, number)


def _is_damaged(number: str) -> bool:
    return not number.isalnum() and _DAMAGED.fullmatch(number) is not None


def _is_own_authority(authority: str, context: FeedContext) -> bool:
    return not authority or authority.casefold() in context.own_names


def parse_identifiers(
    segment: Segment, field: int, reader: FieldReader, authority: str = ""
) -> list[Identifier]:
    """The distinct identifiers of a repeating CX field; `authority` is of those that name none."""
    numbers: dict[Identifier, None] = {}
    repetitions = segment.repetitions(field)
    where = f"{segment.name}-{field}"
    if len(repetitions) > _MOST_NUMBERS:
        text = f"{where} holds more than {_MOST_NUMBERS} numbers: the others are not read"
        reader.note(FindingKind.NOT_READ, text, where)
    for value in repetitions[:_MOST_NUMBERS]:
        sent = parse_cx(value, segment.delimiters)
        number = parse_identifier(sent, authority or reader.facility, reader.context)
        if number is None:
            _note_unusable(sent.number, where, reader)
        else:
            numbers[number] = None
    return _promote_unknown_type(list(numbers), reader.context)


def _note_unusable(number: str, where: str, reader: FieldReader) -> None:
    if number:
        reason = "holds a number that is damaged, or fails its check digit: it identifies nobody"
        reader.note(FindingKind.NUMBER_DAMAGED, f"{where} {reason}", where)


def _promote_unknown_type(numbers: list[Identifier], context: FeedContext) -> list[Identifier]:
    """A number of this hospital of a type of its own, where there is none of the usual types."""
    if any(number.type == MRN and number.authority == context.authority for number in numbers):
        return numbers
    for place, number in enumerate(numbers):
        if number.authority == context.authority and number.type not in _OTHER_TYPES:
            numbers[place] = number._replace(type=MRN)
            break
    return numbers


def person_identifiers(pid: Segment, reader: FieldReader) -> tuple[Identifier, ...]:
    """The person's own numbers in PID, the most specific first; empty when there are none."""
    numbers = [n for n in parse_identifiers(pid, 3, reader) if n.type not in _VISIT_TYPES]
    if not any(number.type == NHS for number in numbers):
        numbers += _older_nhs_numbers(pid, reader)
    for field in (2, 4):
        numbers = numbers or parse_identifiers(pid, field, reader)
    if len(numbers) > 1:
        numbers.sort(key=lambda number: _rank(number, reader.context))
    return tuple(numbers)


def _rank(number: Identifier, context: FeedContext) -> int:
    if number.type == MRN and number.authority == context.authority:
        return 0
    return {NHS: 1, MRN: 2, "PI": 3}.get(number.type, 4)


def _older_nhs_numbers(pid: Segment, reader: FieldReader) -> list[Identifier]:
    """From the fields that older versions of HL7 used: PID-2, and PID-19."""
    if pid.get_raw_field(2):
        typed = [number for number in parse_identifiers(pid, 2, reader) if number.type == NHS]
        if typed:
            return typed
    digits = clean_nhs_number(pid.text(19)) if pid.get_raw_field(19) else ""
    return [Identifier(NHS, "NHS", digits)] if digits else []


def visit_identifiers(
    pid: Segment | None, pv1: Segment | None, reader: FieldReader
) -> tuple[Identifier, ...]:
    """The account or visit that stands in for a person without a number."""
    context = reader.context
    for segment, field, kind in ((pid, 18, "AN"), (pv1, 19, "VN")):
        number = segment.text(field) if segment else ""
        if segment and number:
            visit = parse_cx(segment.repetitions(field)[0], segment.delimiters)
            authority = visit.authority or reader.facility
            is_own = _is_own_authority(authority, context)
            return (Identifier(kind, context.authority if is_own else authority, number),)
    return ()
