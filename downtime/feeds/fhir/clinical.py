"""FHIR AllergyIntolerance, Condition, DocumentReference and Flag to records.

Each such resource is the whole of its record: what it leaves out is empty, not 'not said'.
"""

from downtime.clinical import history, model
from downtime.clinical.model import ClinicalStatus
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
from downtime.feeds.fhir.resource_reader import (
    Resource,
    ResourceReader,
    business_identifier,
    register_field_reader,
    register_reader,
    resource_key,
)
from downtime.feeds.hl7.patient import says_none_known
from downtime.feeds.model import Change, Value


@register_reader(model.AllergyIntolerance)
def read_allergy(reader: ResourceReader, resource: Resource) -> list[Change]:
    """AllergyIntolerance; a refuted one is no longer active."""
    numbers = reader.patient(element_at(resource, "patient"), resource)
    if not numbers:
        return []
    reactions = list(elements_at(resource, "reaction"))
    verification = first_code(element_at(resource, "verificationStatus"))
    status = first_code(element_at(resource, "clinicalStatus")) or ClinicalStatus.ACTIVE
    severities = [text_at(reaction, "severity") for reaction in reactions]
    symptoms = [concept_texts(r, "manifestation") or text_at(r, "description") for r in reactions]
    substances = (concept_text(element_at(reaction, "substance")) for reaction in reactions)
    substance = concept_text(element_at(resource, "code")) or next(substances, "")
    codes = all_codes(resource, "code") | {""}
    fields: dict[str, Value] = {
        "substance": substance,
        "code": first_code(element_at(resource, "code")),
        "reaction": ", ".join(dict.fromkeys(symptom for symptom in symptoms if symptom)),
        "severity": next((s for s in ("severe", "moderate", "mild") if s in severities), ""),
        "category": ", ".join(texts_at(resource, "category")),
        "status": ClinicalStatus.INACTIVE if verification == "refuted" else status,
        "none_known": int(any(says_none_known(code, substance) for code in codes)),
    }
    if recorded := reader.parse_time(text_at(resource, "recordedDate")):
        fields["recorded"] = recorded
    if verification == "entered-in-error":
        resource = {**resource, "status": verification}
    key = resource_key(resource)
    return [reader.change(resource, "AllergyIntolerance", key, numbers, fields)]


@register_field_reader(history.Condition)
def condition_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    """A problem or diagnosis; a refuted one is no longer active."""
    status = first_code(element_at(resource, "clinicalStatus"))
    verification = first_code(element_at(resource, "verificationStatus"))
    fields: dict[str, Value] = {
        "code": first_code(element_at(resource, "code")),
        "display": concept_text(element_at(resource, "code")),
        "category": concept_texts(resource, "category"),
        "severity": concept_text(element_at(resource, "severity")),
        "status": ClinicalStatus.INACTIVE if verification == "refuted" else status,
        "verification": verification,
        "recorded": reader.parse_time(text_at(resource, "recordedDate")),
        "ended": reader.parse_time(text_at(resource, "abatementDateTime")),
        "note": annotation_text(resource, "note"),
    }
    onset = text_at(resource, "onsetDateTime") or text_at(resource, "onsetPeriod", "start")
    reader.add_time(fields, "onset", onset)
    return fields


@register_field_reader(history.DocumentReference)
def document_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    """A document that is filed for a patient."""
    attachment = element_at(resource, "content", 0, "attachment")
    fields: dict[str, Value] = {
        "number": business_identifier(resource),
        "title": text_at(attachment, "title") or text_at(resource, "description"),
        "kind": concept_text(element_at(resource, "type")),
        "status": text_at(resource, "status"),
        "author": reader.name_of(element_at(resource, "author", 0), resource),
    }
    reader.add_time(fields, "date", text_at(resource, "date"))
    return fields


@register_field_reader(model.Flag)
def flag_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    """Flag: an alert about a patient."""
    return {
        "category": concept_texts(resource, "category"),
        "text": concept_text(element_at(resource, "code")),
        "status": text_at(resource, "status"),
        "started": reader.parse_time(text_at(resource, "period", "start")),
        "ended": reader.parse_time(text_at(resource, "period", "end")),
    }
