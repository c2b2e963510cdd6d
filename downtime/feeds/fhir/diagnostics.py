"""FHIR R4 ServiceRequest, DiagnosticReport, AllergyIntolerance, Flag and MedicationRequest.

Each such resource is the whole of its record: what it leaves out is empty, not 'not said'. Only a
ServiceRequest leaves open what it does not say, since HL7 messages may speak of it too: its key is
made as theirs (placer number, else another identifier, else the id; with its code).
"""

from collections.abc import Iterator
from typing import Any

from downtime.feeds.fhir.administration import change, timed
from downtime.feeds.fhir.data_types import (
    element_at,
    first_code,
    all_codes,
    concept_text,
    concept_texts,
    elements_at,
    annotation_text,
    text_at,
    texts_at,
    quantity_text,
)
from downtime.feeds.fhir.references import (
    ResourceReader,
    resource_key,
    business_identifier,
    reference_name,
)
from downtime.feeds.hl7.patient import says_none_known
from downtime.feeds.model import Change, Value

_STAGES = {
    "draft": "requested",
    "active": "requested",
    "on-hold": "requested",
    "completed": "resulted",
    "revoked": "cancelled",
}
_REPORT_STATUS = {"appended": "amended", "unknown": ""}
_PERIODS = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month"}


def request_key(resource: dict[str, Any]) -> str:
    """The key of a ServiceRequest: the same as HL7 v2 messages make of its numbers."""
    number = business_identifier(resource, "PLAC", "FILL") or resource_key(resource)
    return f"{number}|{(first_code(element_at(resource, 'code')) or concept_text(element_at(resource, 'code'))).upper()}"


def read_service_request(near: ResourceReader, resource: dict[str, Any]) -> list[Change]:
    """ServiceRequest."""
    numbers = near.patient(element_at(resource, "subject"), resource)
    if not numbers:
        return []
    specimen = next((near.resolve(s, resource) for s in elements_at(resource, "specimen")), {})
    said = {
        "placer": business_identifier(resource, "PLAC", "FILL"),
        "code": first_code(element_at(resource, "code")),
        "display": concept_text(element_at(resource, "code")),
        "department": concept_texts(resource, "category"),
        "stage": _STAGES.get(text_at(resource, "status"), ""),
        "priority": {"asap": "urgent"}.get(
            text_at(resource, "priority"), text_at(resource, "priority")
        ),
        "requester": reference_name(near, element_at(resource, "requester"), resource),
        "specimen": concept_text(element_at(specimen, "type")),
        "reason": concept_texts(resource, "reasonCode"),
    }
    fields: dict[str, Value] = {name: value for name, value in said.items() if value}
    timed(near, fields, "authored", text_at(resource, "authoredOn"))
    timed(near, fields, "collected", text_at(specimen, "collection", "collectedDateTime"))
    stay = near.resolve(element_at(resource, "encounter"), resource)
    if stay:
        fields["encounter"] = business_identifier(stay, "VN") or resource_key(stay)
    return [change(near, resource, "ServiceRequest", request_key(resource), numbers, fields)]


def read_diagnostic_report(near: ResourceReader, resource: dict[str, Any]) -> list[Change]:
    """DiagnosticReport, and to which of its observations it lays claim."""
    numbers = near.patient(element_at(resource, "subject"), resource)
    if not numbers:
        return []
    status = text_at(resource, "status")
    asked = next((near.resolve(r, resource) for r in elements_at(resource, "basedOn")), {})
    fields: dict[str, Value] = {
        "based_on": request_key(asked) if asked else "",
        "filler": business_identifier(resource, "FILL"),
        "department": concept_texts(resource, "category"),
        "code": first_code(element_at(resource, "code")),
        "display": concept_text(element_at(resource, "code")),
        "status": _REPORT_STATUS.get(status, status),
        "conclusion": text_at(resource, "conclusion") or concept_texts(resource, "conclusionCode"),
    }
    timed(near, fields, "issued", text_at(resource, "issued"))
    taken: dict[str, Value] = {}
    timed(near, taken, "collected", text_at(resource, "effectiveDateTime"))
    fields["collected"] = taken.get("collected", "")
    said = change(near, resource, "DiagnosticReport", resource_key(resource), numbers, fields)
    if said.operation != "set":
        return [said]
    return [said, *_claims(near, resource, said)]


def _claims(near: ResourceReader, resource: dict[str, Any], report: Change) -> Iterator[Change]:
    for position, reference in enumerate(elements_at(resource, "result"), start=1):
        found = near.resolve(reference, resource)
        address = text_at(reference, "reference")
        key = resource_key(found) if found else address.rsplit("/", 1)[-1].lstrip("#")
        if key:
            fields: dict[str, Value] = {"report": report.key, "position": position}
            yield Change(
                type="Observation",
                source=report.source,
                key=key,
                patient=report.patient,
                fields=fields,
                event=report.event,
                sent=report.sent,
                position=report.position,
            )


def read_allergy(near: ResourceReader, resource: dict[str, Any]) -> list[Change]:
    """AllergyIntolerance; a refuted one is no longer active."""
    numbers = near.patient(element_at(resource, "patient"), resource)
    if not numbers:
        return []
    reactions = list(elements_at(resource, "reaction"))
    verified = first_code(element_at(resource, "verificationStatus"))
    status = first_code(element_at(resource, "clinicalStatus")) or "active"
    severities = [text_at(reaction, "severity") for reaction in reactions]
    words = [concept_texts(r, "manifestation") or text_at(r, "description") for r in reactions]
    substance = concept_text(element_at(resource, "code")) or next(
        (concept_text(element_at(r, "substance")) for r in reactions), ""
    )
    all_codes = all_codes(resource, "code") | {""}
    fields: dict[str, Value] = {
        "substance": substance,
        "code": first_code(element_at(resource, "code")),
        "reaction": ", ".join(dict.fromkeys(word for word in words if word)),
        "severity": next((s for s in ("severe", "moderate", "mild") if s in severities), ""),
        "category": ", ".join(texts_at(resource, "category")),
        "status": "inactive" if verified == "refuted" else status,
        "none_known": int(any(says_none_known(c, substance) for c in all_codes)),
    }
    timed(near, fields, "recorded", text_at(resource, "recordedDate"))
    fields.pop("recorded_text", None)
    wrong = {**resource, "status": "entered-in-error"}
    said = wrong if verified == "entered-in-error" else resource
    return [change(near, said, "AllergyIntolerance", resource_key(resource), numbers, fields)]


def read_flag(near: ResourceReader, resource: dict[str, Any]) -> list[Change]:
    """Flag: an alert about a patient."""
    numbers = near.patient(element_at(resource, "subject"), resource)
    if not numbers:
        return []
    fields: dict[str, Value] = {
        "category": concept_texts(resource, "category"),
        "text": concept_text(element_at(resource, "code")),
        "status": text_at(resource, "status"),
        "started": "",
        "ended": "",
    }
    timed(near, fields, "started", text_at(resource, "period", "start"))
    timed(near, fields, "ended", text_at(resource, "period", "end"))
    fields.pop("started_text", None)
    fields.pop("ended_text", None)
    return [change(near, resource, "Flag", resource_key(resource), numbers, fields)]


def read_medication_request(near: ResourceReader, resource: dict[str, Any]) -> list[Change]:
    """MedicationRequest, in the source's own words."""
    numbers = near.patient(element_at(resource, "subject"), resource)
    if not numbers:
        return []
    drug = near.resolve(element_at(resource, "medicationReference"), resource)
    doses = list(elements_at(resource, "dosageInstruction"))
    fields: dict[str, Value] = {
        "medicine": concept_text(element_at(resource, "medicationCodeableConcept"))
        or text_at(resource, "medicationReference", "display")
        or concept_text(element_at(drug, "code")),
        "dosage": "; ".join(words for dose in doses if (words := _dose(dose))),
        "route": next((r for d in doses if (r := concept_text(element_at(d, "route")))), ""),
        "frequency": next((f for d in doses if (f := _frequency(element_at(d, "timing")))), ""),
        "category": _category(doses),
        "status": text_at(resource, "status"),
        "prescriber": reference_name(near, element_at(resource, "requester"), resource),
    }
    timed(near, fields, "authored", text_at(resource, "authoredOn"))
    return [change(near, resource, "MedicationRequest", resource_key(resource), numbers, fields)]


def _dose(dosage: dict[str, Any]) -> str:
    """The dosage as the source words it, else its dose, with what is noted beside it."""
    if words := text_at(dosage, "text"):
        return words
    doses = []
    for item in elements_at(dosage, "doseAndRate"):
        low, high = (
            quantity_text(element_at(item, "doseRange", "low")),
            quantity_text(element_at(item, "doseRange", "high")),
        )
        doses.append(
            quantity_text(element_at(item, "doseQuantity"))
            or " to ".join(filter(None, (low, high)))
        )
    return ", ".join(dose for dose in doses if dose) or annotation_text(
        dosage, "additionalInstruction"
    )


def _frequency(timing: Any) -> str:
    """`2 times every 1 day` of a Timing, unless the source words it."""
    if words := concept_text(element_at(timing, "code")):
        return words
    repeat = element_at(timing, "repeat")
    times_said, period = text_at(repeat, "frequency"), text_at(repeat, "period")
    unit = _PERIODS.get(text_at(repeat, "periodUnit"), text_at(repeat, "periodUnit"))
    if not (times_said and period and unit):
        return ""
    often = f"{times_said} time{'' if times_said == '1' else 's'}"
    return f"{often} every {period} {unit}{'' if period in ('1', '1.0') else 's'}"


def _category(doses: list[dict[str, Any]]) -> str:
    if any(d.get("asNeededBoolean") is True or "asNeededCodeableConcept" in d for d in doses):
        return "as-required"
    rates = (r for d in doses for r in elements_at(d, "doseAndRate"))
    if any("rateRatio" in r or "rateQuantity" in r or "rateRange" in r for r in rates):
        return "infusion"
    counts = [text_at(d, "timing", "repeat", "count") for d in doses]
    if doses and all(count == "1" for count in counts):
        return "once-only"
    return "regular" if any("timing" in d for d in doses) else ""
