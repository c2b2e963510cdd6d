"""FHIR AllergyIntolerance, Condition and Flag to records.

Each such resource is the whole of its record: what it leaves out is empty, not 'not said'.
"""

from downtime.clinical import history, model
from downtime.clinical.model import ClinicalStatus
from downtime.feeds.fhir import statuses
from downtime.feeds.fhir.data_types import (
    all_codes,
    annotation_text,
    concept_text,
    concept_texts,
    element_at,
    elements_at,
    first_code,
    text_at,
    texts_at,
)
from downtime.feeds.fhir.mappings import (
    note_without_patient,
    register_field_reader,
    register_reader,
)
from downtime.feeds.fhir.periods import is_past
from downtime.feeds.fhir.resource_reader import Resource, ResourceReader
from downtime.feeds.hl7.allergies import SUBSTANCE_NOT_NAMED, says_none_known
from downtime.feeds.model import Change, FindingKind, Value

_SEVERITIES = ("severe", "moderate", "mild")
_REFUTED = "refuted"


def _with_verification(resource: Resource) -> tuple[Resource, str]:
    """The resource, removed when its verification says 'entered in error'; and how sure it is."""
    status = element_at(resource, "verificationStatus")
    verification = (first_code(status) or concept_text(status)).casefold()
    if verification == ClinicalStatus.ENTERED_IN_ERROR:
        return {**resource, "status": verification}, verification
    return resource, verification


def _clinical_status(reader: ResourceReader, resource: Resource, verification: str) -> str:
    """`clinicalStatus`, of R4 and R5 a concept and before them a code; a refuted one is inactive."""
    code = first_code(element_at(resource, "clinicalStatus"))
    element = {**resource, "clinicalStatus": code} if code else resource
    status = reader.status(element, statuses.CLINICAL, "clinicalStatus")
    return ClinicalStatus.INACTIVE if verification == _REFUTED else status


@register_reader(model.AllergyIntolerance)
def read_allergy(reader: ResourceReader, resource: Resource) -> list[Change]:
    """AllergyIntolerance; one without a status counts as active."""
    numbers = reader.patient(element_at(resource, "patient"), resource)
    if not numbers:
        note_without_patient(reader, resource, "patient")
        return []
    reactions = list(elements_at(resource, "reaction"))
    wrapped, verification = _with_verification(resource)
    status = _clinical_status(reader, resource, verification)
    severities = [text_at(reaction, "severity") for reaction in reactions]
    symptoms = [concept_texts(r, "manifestation") or text_at(r, "description") for r in reactions]
    code = element_at(resource, "code") or element_at(resource, "substance")
    substance = _find_substance(reader, resource, reactions)
    codes = all_codes({"code": code}, "code") | {""}
    fields: dict[str, Value] = {
        "substance": substance,
        "code": first_code(code),
        "reaction": ", ".join(dict.fromkeys(symptom for symptom in symptoms if symptom)),
        "severity": next((s for s in _SEVERITIES if s in severities), ""),
        "criticality": text_at(resource, "criticality"),
        "category": ", ".join(texts_at(resource, "category")) or text_at(resource, "category"),
        "status": status or ClinicalStatus.ACTIVE,
        "verification": verification,
        "none_known": int(any(says_none_known(code, substance) for code in codes)),
        "recorded": reader.parse_time(text_at(resource, "recordedDate")),
        "note": _allergy_note(resource, reactions),
    }
    key = reader.key_of(resource)
    return [reader.change(wrapped, "AllergyIntolerance", key, numbers, fields)]


def _find_substance(reader: ResourceReader, resource: Resource, reactions: list[Resource]) -> str:
    """What the allergy is to: as coded, else as noted; never empty, and a finding when not said."""
    names = [concept_text(resource.get(name)) for name in ("code", "substance")]
    names += [concept_text(element_at(reaction, "substance")) for reaction in reactions]
    if name := next(filter(None, names), ""):
        return name
    reason = "it names no substance: what is noted stands in its place"
    reader.note(FindingKind.UNKNOWN_CODE, resource, "code", reason)
    notes = _allergy_note(resource, reactions).replace("\n", "; ")
    return notes or text_at(resource, "text") or SUBSTANCE_NOT_NAMED


def _allergy_note(resource: Resource, reactions: list[Resource]) -> str:
    """What is noted of the allergy and of its reactions, one note a line."""
    notes = [annotation_text(resource, "note")]
    notes += [annotation_text(reaction, "note") for reaction in reactions]
    notes += [text_at(r, "description") for r in reactions if "manifestation" in r]
    return "\n".join(dict.fromkeys(filter(None, notes)))


@register_reader(history.Condition)
def read_condition(reader: ResourceReader, resource: Resource) -> list[Change]:
    """A problem or diagnosis."""
    numbers = reader.patient(
        element_at(resource, "subject") or element_at(resource, "patient"), resource
    )
    if not numbers:
        note_without_patient(reader, resource, "subject")
        return []
    wrapped, verification = _with_verification(resource)
    ended = text_at(resource, "abatementDateTime") or text_at(resource, "abatementPeriod", "end")
    recorded = text_at(resource, "recordedDate") or text_at(resource, "assertedDate")
    fields: dict[str, Value] = {
        "code": first_code(element_at(resource, "code")),
        "display": concept_text(element_at(resource, "code")),
        "category": concept_texts(resource, "category"),
        "severity": concept_text(element_at(resource, "severity")),
        "status": _clinical_status(reader, resource, verification),
        "verification": verification,
        "recorded": reader.parse_time(recorded),
        "ended": reader.parse_time(ended),
        "note": annotation_text(resource, "note"),
        "onset": "",
        "onset_text": text_at(resource, "onsetString"),
    }
    onset = text_at(resource, "onsetDateTime") or text_at(resource, "onsetPeriod", "start")
    reader.add_time(fields, "onset", onset)
    return [reader.change(wrapped, "Condition", reader.key_of(resource), numbers, fields)]


@register_field_reader(model.Flag)
def flag_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    """Flag: an alert about a patient; one whose period has ended is none any more."""
    status = reader.status(resource, statuses.CLINICAL)
    is_over = is_past(text_at(resource, "period", "end"), reader.now, reader.context.zone)
    return {
        "category": concept_texts(resource, "category"),
        "text": concept_text(element_at(resource, "code")),
        "status": ClinicalStatus.INACTIVE if is_over else status,
        "started": reader.parse_time(text_at(resource, "period", "start")),
        "ended": reader.parse_time(text_at(resource, "period", "end")),
    }
