"""Who an HL7 v2 message is about: the identifiers of PID, and what stands in when there are none.

- An NHS number is one by its authority (`NHS`, or the OID of the number) or its type (`NH`, `NHS`),
  wherever it stands in PID-3, else PID-2 with such a type, else the ten digits of PID-19; it must
  pass modulus 11, or it identifies nobody.
- A number without an authority belongs to the sending facility (MSH-4); when that too is empty, or
  is this hospital by any of its names, it is the hospital's own number. Numbers of this hospital
  of the types MR, PI, PT or none are hospital numbers (`MR`).
- Without PID-3: PID-2, PID-4, then the account (PID-18) and the visit (PV1-19); for a request or
  result then its order number, for an appointment its number. Such a person is their own until a
  message with a number of the hospital says otherwise: a name never joins two people.
"""

import re

from downtime.clinical.identifiers import MRN, NHS, Identifier, clean_nhs_number
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.segments import ExtendedId, Hl7Message, Segment, parse_cx

_NHS_TYPES = frozenset({"NH", "NHS", "NHSN", "NHSNMBR"})
_NHS_AUTHORITIES = frozenset(
    {"nhs", "nhsnbr", "nhs number", "nhs no", "2.16.840.1.113883.2.1.4.1", "uk:nhs"}
)
_HOSPITAL_TYPES = frozenset({"", "MR", "MRN", "PI", "PT", "PN", "HN"})
_VISIT_TYPES = frozenset({"AN", "VN", "ACSN", "ANC", "ANT", "AM"})
_TYPE = re.compile(r"[A-Z]{2,8}")


def parse_identifier(
    identifier: ExtendedId, facility: str, context: FeedContext
) -> Identifier | None:
    """The identifier of one CX; None when it is empty, or an NHS number that fails its check."""
    number, authority, kind = identifier
    if not number:
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
        return Identifier(MRN if kind in _HOSPITAL_TYPES else kind, context.authority, number)
    return Identifier("MR" if kind == "MRN" else kind or "PI", authority, number)


def _is_own_authority(authority: str, context: FeedContext) -> bool:
    return not authority or authority.casefold() in context.own_names


def parse_identifiers(
    segment: Segment, field: int, message: Hl7Message, context: FeedContext
) -> list[Identifier]:
    """The distinct identifiers of a repeating CX field."""
    facility = message.header.text(4)
    numbers = (
        parse_identifier(parse_cx(value, segment.delimiters), facility, context)
        for value in segment.repetitions(field)
    )
    return list(dict.fromkeys(number for number in numbers if number))


def patient_identifiers(
    pid: Segment | None, pv1: Segment | None, message: Hl7Message, context: FeedContext
) -> tuple[Identifier, ...]:
    """Who the message is about, the most specific first; empty when it does not say."""
    if pid is None:
        return _visit_identifiers(None, pv1, message, context)
    numbers = [n for n in parse_identifiers(pid, 3, message, context) if n.type not in _VISIT_TYPES]
    if not any(number.type == NHS for number in numbers):
        numbers += _older_nhs_numbers(pid, message, context)
    for field in (2, 4):
        numbers = numbers or parse_identifiers(pid, field, message, context)
    if not numbers:
        return _visit_identifiers(pid, pv1, message, context)
    return tuple(sorted(numbers, key=lambda number: _rank(number, context)))


def _rank(number: Identifier, context: FeedContext) -> int:
    if number.type == MRN and number.authority == context.authority:
        return 0
    return {NHS: 1, MRN: 2, "PI": 3}.get(number.type, 4)


def _older_nhs_numbers(pid: Segment, message: Hl7Message, context: FeedContext) -> list[Identifier]:
    """From the fields that older versions of HL7 used: PID-2, and PID-19."""
    typed = [number for number in parse_identifiers(pid, 2, message, context) if number.type == NHS]
    digits = clean_nhs_number(pid.text(19))
    return typed or ([Identifier(NHS, "NHS", digits)] if digits else [])


def _visit_identifiers(
    pid: Segment | None, pv1: Segment | None, message: Hl7Message, context: FeedContext
) -> tuple[Identifier, ...]:
    facility = message.header.text(4)
    for segment, field, kind in ((pid, 18, "AN"), (pv1, 19, "VN")):
        number = segment.text(field) if segment else ""
        if segment and number:
            visit = parse_cx(segment.repetitions(field)[0], segment.delimiters)
            authority = visit.authority or facility
            is_own = _is_own_authority(authority, context)
            return (Identifier(kind, context.authority if is_own else authority, number),)
    return ()
