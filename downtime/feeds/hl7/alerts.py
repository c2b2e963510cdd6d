"""What to know of a patient, wherever a sender puts it: to Flag.

Infection and resuscitation status come as orders, as Z segments, as OBX of an admission, or as notes
(NTE) after PID. They are told by their words; a Z segment without such words is not read. Any other
note after PID is a note about the patient, and is shown as one; with orders and results it is theirs.
"""

import re
from enum import StrEnum
from functools import lru_cache

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import ClinicalStatus
from downtime.feeds import times
from downtime.feeds.hl7.data_types import coded_text
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.model import Change, FindingKind, Value


class AlertCategory(StrEnum):
    """What a Flag is about, as far as its words tell."""

    RESUSCITATION = "resuscitation"
    INFECTION = "infection"
    NOTE = "note"


RESUSCITATION = re.compile(
    r"\b(?:DNA[- ]?CPR|DNAR|DNR|DNI|do[- ]not[- ](?:attempt|resus|intubate)\w*|not for (?:attempted )?(?:cpr|resus\w*)|no (?:cpr|resus\w*)"
    r"|for (?:cpr|full (?:resus\w*|escalation|active treatment))"
    r"|full resus\w*|(?-i:ReSPECT|TEP)|cpr decision"
    r"|resus(?:citation)? (?:status|order|decision|plan)|cpr status|code status|full code"
    r"|allow (?:a )?natural death|respect (?:form|plan|status)|(?:ceilings?|limits?|limitation) of (?:care|treatment)"
    r"|treatment escalation|escalation (?:plan|status|limit\w*))\b",
    re.IGNORECASE,
)
"""Words of a decision about resuscitation."""
PRECAUTIONS = re.compile(
    r"\b(?:isolat(?:ion|e) (?:status|precautions?|nursing|room|patient)|(?:patient|source|protective|strict|reverse) isolation"
    r"|(?:contact|droplet|airborne|enteric|respiratory|standard|cohort|single room) isolation"
    r"|isolation\W+(?:contact|droplet|airborne|enteric|respiratory|source|protective|required)"
    r"|(?:cohort|isolation) nurs\w+|(?:side|single) room (?:required|needed|isolation)"
    r"|(?:MRSA|MSSA|VRE|GRE|ESBL|CPE|CPO|CRE|CRO|C\.? ?diff\w*|norovirus|covid\S*|TB)"
    r" (?:positive|carrier|coloni[sz]\w+|contact|alert|flag)"
    r"|(?:contact|droplet|airborne|enteric|infection|transmission\w*)[- ](?:control )?precautions?"
    r"|infection (?:status|alert|risk|control alert)|barrier nurs\w+)\b|^isolation$",
    re.IGNORECASE,
)
"""Words of an order that is about an infection and is no test."""
_INFECTION = re.compile(
    r"\b(?:MRSA|MSSA|VRE|GRE|ESBL|CPE|CPO|CRE|CRO|C\.? ?diff\w*|clostridi\w+|norovirus|tuberculosis|covid\S*"
    r"|SARS\S*|influenza|hepatitis|HIV|BBV|infecti\w+|isolation|barrier nurs\w+|precautions)\b",
    re.IGNORECASE,
)
_NEGATIVE = frozenset(
    {"N", "NO", "NEG", "NEGATIVE", "FALSE", "0", "INACTIVE", "RESOLVED", "CLEARED", "CANCELLED"}
    | {"REMOVED", "DELETE", "DELETED", "D"}
)
_NEGATIVE_VALUE = re.compile(
    r"(?:was |is )?(?:not|none|never|no longer) ?(?:detected|isolated|present|found|known|seen|applicable)?"
    r"|no (?:growth|evidence|history)\b.*|(?:revoked|withdrawn|lapsed|expired|rescinded|ended|stopped)",
    re.IGNORECASE,
)
"""A value that says that there is nothing."""
_TAKEN_BACK = re.compile(
    r"\b(?:no (?:known|history|evidence|growth|longer)|not (?:detected|isolated|known|present)|negative|cleared"
    r"|denies|ruled out|revoked|withdrawn|lapsed|expired|rescinded|cancelled|resolved)\b",
    re.IGNORECASE,
)
"""Words by which a text may say the contrary: it is shown as a note, and a person reads it."""
NOTE_OWNERS = frozenset({"PID", "PD1", "PV1", "PV2", "NK1"})
"""Segments whose notes (NTE) are about the person."""
_RESULTS = frozenset({"ORU", "OUL"})
_NUMBERS = re.compile(r"[\d.:+\-/ ]*")
_MOST_TEXT = 1000
_DAY = len("20261102")


@lru_cache(maxsize=4096)
def concerns_resuscitation(name: str) -> bool:
    """Whether the name of a test or order is that of a decision about resuscitation."""
    return RESUSCITATION.search(name) is not None


def find_category(text: str) -> AlertCategory | None:
    """What a text is about, by its words."""
    if RESUSCITATION.search(text):
        return AlertCategory.RESUSCITATION
    is_infection = _INFECTION.search(text) or PRECAUTIONS.search(text)
    return AlertCategory.INFECTION if is_infection else None


def read_patient_notes(
    reader: MessageReader, part: Hl7Message, numbers: tuple[Identifier, ...], event: str
) -> list[Change]:
    """The notes after PID, and the Z segments that are about an infection or resuscitation."""
    changes: list[Change] = []
    if not _has_notes(tuple(part.by_name)):
        return changes
    for note in part.notes_after(NOTE_OWNERS):
        text = note.full_text(3)
        if text and (category := _find_note_category(reader, part, text)):
            changes.append(make_alert(reader, numbers, category, text, event))
    for name, segments in part.by_name.items():
        if name[0] == "Z":
            for segment in segments:
                changes += _read_z_segment(reader, segment, numbers, event)
    return changes


@lru_cache(maxsize=4096)
def _has_notes(names: tuple[str, ...]) -> bool:
    """Whether a message of these segments has notes or segments of its sender's own."""
    return any(name == "NTE" or name[0] == "Z" for name in names)


def _find_note_category(reader: MessageReader, part: Hl7Message, text: str) -> AlertCategory | None:
    """What a note after PID is about; with orders and results it is a note of theirs too.

    A laboratory's note names infections, departments and senders that are no alert.
    """
    category = find_category(text)
    if category and _TAKEN_BACK.search(text):
        category = None
    if reader.kind in _RESULTS:
        return category if category is AlertCategory.RESUSCITATION else None
    return category or (None if "OBR" in part.by_name else AlertCategory.NOTE)


def _read_z_segment(
    reader: MessageReader, segment: Segment, numbers: tuple[Identifier, ...], event: str
) -> list[Change]:
    values = [coded_text(raw, segment.delimiters) for raw in segment.fields[1:] if raw]
    texts = [value for value in values if not _NUMBERS.fullmatch(value)]
    text = " ".join(texts)
    category = find_category(text)
    if category is None:
        if segment.name not in reader.context.profile.not_used:
            reader.note(FindingKind.NOT_READ, f"{segment.name} is not read", segment.name)
        return []
    dates = _list_dates(values)
    shown = f"{text} ({' to '.join(dates)})" if dates else text
    is_active = is_positive(values)
    return [make_alert(reader, numbers, category, shown, event, is_active=is_active, name=text)]


def _list_dates(values: list[str]) -> list[str]:
    """The days among the values, when there are several: none says whether the alert is over."""
    sent = [value for value in values if len(value) >= _DAY and value.isdigit()]
    dates = [date for value in sent if (date := times.parse_date(value[:_DAY], times.UTC_ZONE))]
    return dates if len(dates) > 1 else []


def is_positive(values: list[str]) -> bool:
    """Whether none of the values takes the alert back."""
    return not any(
        value.upper() in _NEGATIVE or _NEGATIVE_VALUE.fullmatch(value.strip()) for value in values
    )


def make_alert(
    reader: MessageReader,
    numbers: tuple[Identifier, ...],
    category: AlertCategory,
    text: str,
    event: str,
    *,
    is_active: bool = True,
    name: str = "",
) -> Change:
    """A Flag, told apart by its patient and its words, or by the name of what it states."""
    text = text[:_MOST_TEXT]
    fields: dict[str, Value] = {
        "category": category,
        "text": text,
        "status": ClinicalStatus.ACTIVE if is_active else ClinicalStatus.INACTIVE,
    }
    key = f"{numbers[0]}|{category}|{' '.join((name or text).upper().split())}"
    return reader.change("Flag", key, numbers, fields, event)
