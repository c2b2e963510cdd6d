"""HL7 v2 AL1 and IAM to AllergyIntolerance: every allergy that was sent is kept.

An allergy is named by its patient and its own number (IAM-7), else by its code and its words, so that AL1, IAM and a repeated message
mean one record, and two allergies under one code ('other') stay two. Where AL1-3 is empty, what
stands in AL1-5 is the allergy. 'No known drug allergy' stays an entry in the source's words: it
does not say that no allergy is known.
"""

from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import AllergyIntolerance, ClinicalStatus
from downtime.feeds import times
from downtime.feeds.hl7.data_types import DELETED, coded_texts, coding
from downtime.feeds.hl7.encoding import Delimiters
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.segments import Hl7Message, Segment, note_text
from downtime.feeds.model import Change, FindingKind, Operation, Value

SUBSTANCE_NOT_NAMED = "substance not named by the feed"
"""What stands in the place of an allergy's substance when nothing is sent that could be it."""
_RECORD = AllergyIntolerance.__name__
_CATEGORIES = {
    **dict.fromkeys(("DA", "DRUG", "MA"), "medication"),
    **dict.fromkeys(("EA", "AA", "PA", "LA"), "environment"),
    "FA": "food",
}
_SEVERITIES = {
    "SV": "severe", "MO": "moderate", "MI": "mild", "U": "",  # HL7 table 0128
    "24484000": "severe", "6736007": "moderate", "255604002": "mild",  # SNOMED CT
    "SEVERE": "severe", "MODERATE": "moderate", "MILD": "mild",
}  # fmt: skip
_IAM_STATUS = {"E": ClinicalStatus.ENTERED_IN_ERROR, "I": ClinicalStatus.INACTIVE}
_VERIFICATION = {"C": "confirmed", "P": "presumed", "S": "unconfirmed", "U": "unconfirmed"}
"""IAM-17, HL7 table 0438, beside `E` and `I`, which say a status."""
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
    reader: MessageReader, part: Hl7Message, numbers: tuple[Identifier, ...], event: str
) -> list[Change]:
    """What the AL1 and IAM segments of one person say, each with the NTE after it."""
    zone, delimiters = reader.context.zone, part.header.delimiters
    entries, nameless = _read_list(_group_lines(part), delimiters, zone)
    for segment in nameless:
        name = segment.split(" ")[0]
        reader.note(FindingKind.NOT_READ, f"{name} names no substance", segment)
    subject = str(numbers[0])
    return [
        reader.change(_RECORD, f"{subject}|{key}", numbers, fields, event, operation)
        for key, fields, operation in entries
    ]


class AllergyEntry(NamedTuple):
    """One substance, whoever it harms."""

    key: str
    """Without the patient."""
    fields: dict[str, Value]
    operation: Operation


class AllergyList(NamedTuple):
    """What all AL1 and IAM of one person say."""

    entries: tuple[AllergyEntry, ...]
    nameless: tuple[str, ...]
    """The segments that name no substance, by name and number."""


LineGroup = tuple[str, ...]
"""An AL1 or IAM with the notes (NTE) and reactions (IAR) right after it."""


def _group_lines(part: Hl7Message) -> tuple[LineGroup, ...]:
    groups: list[list[str]] = []
    is_open = False
    for segment in part.segments:
        name = segment.name
        if name in ("AL1", "IAM"):
            groups.append([segment.line])
            is_open = True
        elif is_open and name in ("NTE", "IAR"):
            groups[-1].append(segment.line)
        else:
            is_open = False
    return tuple(map(tuple, groups))


@lru_cache(maxsize=8192)
def _read_list(
    groups: tuple[LineGroup, ...], delimiters: Delimiters, zone: ZoneInfo
) -> AllergyList:
    """A hospital sends the same allergies with every message of a stay; nobody changes the fields."""
    by_key: dict[str, AllergyEntry] = {}
    nameless = []
    for line, *following in groups:
        segment = Segment(line[:3], line, delimiters)
        others = [Segment(other[:3], other, delimiters) for other in following]
        entries = _read_segment(segment, others, zone)
        if not entries:
            nameless.append(f"{segment.name} {segment.text(1)}".strip())
        for entry in entries:
            former = by_key.get(entry.key)
            by_key[entry.key] = _join(former, entry) if former else entry
    return AllergyList(tuple(by_key.values()), tuple(nameless))


def _join(first: AllergyEntry, second: AllergyEntry) -> AllergyEntry:
    """Two entries of one substance in one message: all reactions, and the worst severity."""
    if Operation.DELETE in (first.operation, second.operation):
        return second
    fields, entries = dict(second.fields), (first.fields, second.fields)
    for name, separator in (("reaction", ", "), ("note", "\n")):
        texts = [t for entry in entries for t in str(entry.get(name, "")).split(separator)]
        if joined := separator.join(dict.fromkeys(filter(None, texts))):
            fields[name] = joined
    if severities := [str(entry["severity"]) for entry in entries if "severity" in entry]:
        fields["severity"] = min(severities, key=_weigh)
    if any(entry["status"] == ClinicalStatus.ACTIVE for entry in entries):
        fields["status"] = ClinicalStatus.ACTIVE
    return second._replace(fields=fields)


def _weigh(severity: str) -> int:
    """The worst first; one in the sender's own words after the worst that is known."""
    known = ("severe", "moderate", "mild", "")
    return known.index(severity) if severity in known else 1


def _read_segment(segment: Segment, following: list[Segment], zone: ZoneInfo) -> list[AllergyEntry]:
    """One entry for each substance of a segment: some senders repeat AL1-3."""
    raw, delimiters = segment.pad_fields(20), segment.delimiters
    note = note_text([s for s in following if s.name == "NTE"])
    reactions = [coded_texts(raw[5], delimiters)] if raw[5] else []
    reactions += [coded_texts(s.get_raw_field(1), delimiters) for s in following if s.name == "IAR"]
    reaction = ", ".join(dict.fromkeys(filter(None, reactions)))
    substances = [coding(value, delimiters) for value in segment.repetitions(3)]
    substances = [substance for substance in substances if substance.text]
    if not substances and (reaction or note):
        substances, reaction = [coding("", delimiters)._replace(text=reaction or note)], ""
    is_deleted = segment.name == "IAM" and segment.text(6).upper() == "D"
    if not substances and is_deleted and segment.text(7):
        substances = [coding("", delimiters)]
    common = _common_fields(segment, reaction, note, zone)
    severities = [str(common.get("severity", ""))]
    severities += [
        _read_severity(s.get_raw_field(2), delimiters) for s in following if s.name == "IAR"
    ]
    if worst := min(filter(None, severities), key=_weigh, default=""):
        common["severity"] = worst
    operation = Operation.DELETE if is_deleted else Operation.SET
    entries = []
    for code, text in substances:
        fields = {"substance": text, "code": code, **common}
        fields["none_known"] = int(says_none_known(code, text))
        entries.append(AllergyEntry(_key(segment, code, text), fields, operation))
    return entries


def _key(segment: Segment, code: str, text: str) -> str:
    """By the entry's own number (IAM-7), which is none where it only counts the segments."""
    number = segment.text(7) if segment.name == "IAM" else ""
    if number and number != segment.text(1):
        return f"IAM|{number}"
    return f"{code.upper()}|{' '.join(text.upper().split())}"


def _common_fields(segment: Segment, reaction: str, note: str, zone: ZoneInfo) -> dict[str, Value]:
    is_iam = segment.name == "IAM"
    category = segment.text(2).upper()
    assurance = segment.text(17).upper() if is_iam else ""
    fields: dict[str, Value] = {"status": _IAM_STATUS.get(assurance) or ClinicalStatus.ACTIVE}
    severity = _read_severity(segment.get_raw_field(4), segment.delimiters)
    for name, text, number in (
        ("category", _CATEGORIES.get(category, ""), 2),
        ("severity", severity, 4),
        ("reaction", reaction, 5),
    ):
        if text or segment.get_raw_field(number) == DELETED:
            fields[name] = text
    if verification := _VERIFICATION.get(assurance):
        fields["verification"] = verification
    if note:
        fields["note"] = note
    if recorded := times.parse_time(segment.text(13 if is_iam else 6), zone):
        fields["recorded"] = recorded
    return fields


def _read_severity(sent: str, delimiters: Delimiters) -> str:
    """By its code or its words; the sender's own words where neither is known."""
    code, text = coding(sent, delimiters)
    known = (_SEVERITIES.get(word.strip().upper()) for word in (code, text))
    return next((severity for severity in known if severity is not None), text.strip())


def says_none_known(code: str, substance: str) -> bool:
    """Whether an entry of an allergy list states that no allergy is known at all."""
    return code.upper() in _NONE_KNOWN_CODES or substance.casefold() in _NONE_KNOWN_TEXTS
