"""FHIR R4 ServiceRequest, DiagnosticReport, AllergyIntolerance, Flag and MedicationRequest.

Each such resource is the whole of its record: what it leaves out is empty, not 'not said'. Only a
ServiceRequest leaves open what it does not say, since HL7 messages may speak of it too: its key is
made as theirs (placer number, else another identifier, else the id; with its code).
"""

from collections.abc import Iterator
from typing import Any

from downtime.feeds.fhir.administration import change, timed
from downtime.feeds.fhir.data_types import (
    at,
    code,
    codes,
    concept,
    concepts,
    each,
    notes,
    text,
    texts,
    with_unit,
)
from downtime.feeds.fhir.references import Surroundings, key_of, number_of, reference_name
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
    number = number_of(resource, "PLAC", "FILL") or key_of(resource)
    return f"{number}|{(code(at(resource, 'code')) or concept(at(resource, 'code'))).upper()}"


def requests(near: Surroundings, resource: dict[str, Any]) -> list[Change]:
    """ServiceRequest."""
    numbers = near.patient(at(resource, "subject"), resource)
    if not numbers:
        return []
    specimen = next((near.resolve(s, resource) for s in each(resource, "specimen")), {})
    said = {
        "placer": number_of(resource, "PLAC", "FILL"),
        "code": code(at(resource, "code")),
        "display": concept(at(resource, "code")),
        "department": concepts(resource, "category"),
        "stage": _STAGES.get(text(resource, "status"), ""),
        "priority": {"asap": "urgent"}.get(text(resource, "priority"), text(resource, "priority")),
        "requester": reference_name(near, at(resource, "requester"), resource),
        "specimen": concept(at(specimen, "type")),
        "reason": concepts(resource, "reasonCode"),
    }
    fields: dict[str, Value] = {name: value for name, value in said.items() if value}
    timed(near, fields, "authored", text(resource, "authoredOn"))
    timed(near, fields, "collected", text(specimen, "collection", "collectedDateTime"))
    stay = near.resolve(at(resource, "encounter"), resource)
    if stay:
        fields["encounter"] = number_of(stay, "VN") or key_of(stay)
    return [change(near, resource, "ServiceRequest", request_key(resource), numbers, fields)]


def reports(near: Surroundings, resource: dict[str, Any]) -> list[Change]:
    """DiagnosticReport, and to which of its observations it lays claim."""
    numbers = near.patient(at(resource, "subject"), resource)
    if not numbers:
        return []
    status = text(resource, "status")
    asked = next((near.resolve(r, resource) for r in each(resource, "basedOn")), {})
    fields: dict[str, Value] = {
        "based_on": request_key(asked) if asked else "",
        "filler": number_of(resource, "FILL"),
        "department": concepts(resource, "category"),
        "code": code(at(resource, "code")),
        "display": concept(at(resource, "code")),
        "status": _REPORT_STATUS.get(status, status),
        "conclusion": text(resource, "conclusion") or concepts(resource, "conclusionCode"),
    }
    timed(near, fields, "issued", text(resource, "issued"))
    taken: dict[str, Value] = {}
    timed(near, taken, "collected", text(resource, "effectiveDateTime"))
    fields["collected"] = taken.get("collected", "")
    said = change(near, resource, "DiagnosticReport", key_of(resource), numbers, fields)
    if said.operation != "set":
        return [said]
    return [said, *_claims(near, resource, said)]


def _claims(near: Surroundings, resource: dict[str, Any], report: Change) -> Iterator[Change]:
    for position, reference in enumerate(each(resource, "result"), start=1):
        found = near.resolve(reference, resource)
        address = text(reference, "reference")
        key = key_of(found) if found else address.rsplit("/", 1)[-1].lstrip("#")
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


def allergies(near: Surroundings, resource: dict[str, Any]) -> list[Change]:
    """AllergyIntolerance; a refuted one is no longer active."""
    numbers = near.patient(at(resource, "patient"), resource)
    if not numbers:
        return []
    reactions = list(each(resource, "reaction"))
    verified = code(at(resource, "verificationStatus"))
    status = code(at(resource, "clinicalStatus")) or "active"
    severities = [text(reaction, "severity") for reaction in reactions]
    words = [concepts(r, "manifestation") or text(r, "description") for r in reactions]
    substance = concept(at(resource, "code")) or next(
        (concept(at(r, "substance")) for r in reactions), ""
    )
    all_codes = codes(resource, "code") | {""}
    fields: dict[str, Value] = {
        "substance": substance,
        "code": code(at(resource, "code")),
        "reaction": ", ".join(dict.fromkeys(word for word in words if word)),
        "severity": next((s for s in ("severe", "moderate", "mild") if s in severities), ""),
        "category": ", ".join(texts(resource, "category")),
        "status": "inactive" if verified == "refuted" else status,
        "none_known": int(any(says_none_known(c, substance) for c in all_codes)),
    }
    timed(near, fields, "recorded", text(resource, "recordedDate"))
    fields.pop("recorded_text", None)
    wrong = {**resource, "status": "entered-in-error"}
    said = wrong if verified == "entered-in-error" else resource
    return [change(near, said, "AllergyIntolerance", key_of(resource), numbers, fields)]


def flags(near: Surroundings, resource: dict[str, Any]) -> list[Change]:
    """Flag: an alert about a patient."""
    numbers = near.patient(at(resource, "subject"), resource)
    if not numbers:
        return []
    fields: dict[str, Value] = {
        "category": concepts(resource, "category"),
        "text": concept(at(resource, "code")),
        "status": text(resource, "status"),
        "started": "",
        "ended": "",
    }
    timed(near, fields, "started", text(resource, "period", "start"))
    timed(near, fields, "ended", text(resource, "period", "end"))
    fields.pop("started_text", None)
    fields.pop("ended_text", None)
    return [change(near, resource, "Flag", key_of(resource), numbers, fields)]


def medicines(near: Surroundings, resource: dict[str, Any]) -> list[Change]:
    """MedicationRequest, in the source's own words."""
    numbers = near.patient(at(resource, "subject"), resource)
    if not numbers:
        return []
    drug = near.resolve(at(resource, "medicationReference"), resource)
    doses = list(each(resource, "dosageInstruction"))
    fields: dict[str, Value] = {
        "medicine": concept(at(resource, "medicationCodeableConcept"))
        or text(resource, "medicationReference", "display")
        or concept(at(drug, "code")),
        "dosage": "; ".join(words for dose in doses if (words := _dose(dose))),
        "route": next((r for d in doses if (r := concept(at(d, "route")))), ""),
        "frequency": next((f for d in doses if (f := _frequency(at(d, "timing")))), ""),
        "category": _category(doses),
        "status": text(resource, "status"),
        "prescriber": reference_name(near, at(resource, "requester"), resource),
    }
    timed(near, fields, "authored", text(resource, "authoredOn"))
    return [change(near, resource, "MedicationRequest", key_of(resource), numbers, fields)]


def _dose(dosage: dict[str, Any]) -> str:
    """The dosage as the source words it, else its dose, with what is noted beside it."""
    if words := text(dosage, "text"):
        return words
    doses = []
    for item in each(dosage, "doseAndRate"):
        low, high = (
            with_unit(at(item, "doseRange", "low")),
            with_unit(at(item, "doseRange", "high")),
        )
        doses.append(with_unit(at(item, "doseQuantity")) or " to ".join(filter(None, (low, high))))
    return ", ".join(dose for dose in doses if dose) or notes(dosage, "additionalInstruction")


def _frequency(timing: Any) -> str:
    """`2 times every 1 day` of a Timing, unless the source words it."""
    if words := concept(at(timing, "code")):
        return words
    repeat = at(timing, "repeat")
    times_said, period = text(repeat, "frequency"), text(repeat, "period")
    unit = _PERIODS.get(text(repeat, "periodUnit"), text(repeat, "periodUnit"))
    if not (times_said and period and unit):
        return ""
    often = f"{times_said} time{'' if times_said == '1' else 's'}"
    return f"{often} every {period} {unit}{'' if period in ('1', '1.0') else 's'}"


def _category(doses: list[dict[str, Any]]) -> str:
    if any(d.get("asNeededBoolean") is True or "asNeededCodeableConcept" in d for d in doses):
        return "as-required"
    rates = (r for d in doses for r in each(d, "doseAndRate"))
    if any("rateRatio" in r or "rateQuantity" in r or "rateRange" in r for r in rates):
        return "infusion"
    counts = [text(d, "timing", "repeat", "count") for d in doses]
    if doses and all(count == "1" for count in counts):
        return "once-only"
    return "regular" if any("timing" in d for d in doses) else ""
