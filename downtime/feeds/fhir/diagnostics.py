"""FHIR R4 ServiceRequest, DiagnosticReport and Observation to records.

A report or observation is the whole of its record: what it leaves out is empty, not 'not said'. A
ServiceRequest leaves open what it does not say, since HL7 messages may describe it too: its key is
made as theirs (placer number, else another identifier, else the id; with its code). An observation
belongs to the report that lists it among its results; its value is kept as it was sent, its parts
in one line when it has several.
"""

from collections.abc import Iterator
from typing import Any

from downtime.clinical import model
from downtime.clinical.model import DiagnosticReportStatus, RequestStage
from downtime.feeds.fhir.data_types import (
    annotation_text,
    concept_text,
    concept_texts,
    element_at,
    elements_at,
    first_code,
    quantity_text,
    text_at,
    value_and_unit,
)
from downtime.feeds.fhir.resource_reader import (
    Resource,
    ResourceReader,
    business_identifier,
    register_field_reader,
    register_reader,
    resource_key,
)
from downtime.feeds.model import Change, Operation, Value

_STAGES = {
    "draft": RequestStage.REQUESTED,
    "active": RequestStage.REQUESTED,
    "on-hold": RequestStage.REQUESTED,
    "completed": RequestStage.RESULTED,
    "revoked": RequestStage.CANCELLED,
}
_REPORT_STATUS = {"appended": DiagnosticReportStatus.AMENDED, "unknown": ""}
_OBSERVATION_STATUS = {"amended": DiagnosticReportStatus.CORRECTED, "unknown": ""}


def request_key(resource: Resource) -> str:
    """The key of a ServiceRequest: the same as HL7 v2 messages make of its numbers."""
    number = business_identifier(resource, "PLAC", "FILL") or resource_key(resource)
    code = element_at(resource, "code")
    return f"{number}|{(first_code(code) or concept_text(code)).upper()}"


@register_field_reader(model.ServiceRequest, key=request_key)
def service_request_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    """A test that was asked for."""
    specimens = (reader.resolve(item, resource) for item in elements_at(resource, "specimen"))
    specimen = next(specimens, {})
    priority = text_at(resource, "priority")
    values = {
        "placer": business_identifier(resource, "PLAC", "FILL"),
        "code": first_code(element_at(resource, "code")),
        "display": concept_text(element_at(resource, "code")),
        "department": concept_texts(resource, "category"),
        "stage": _STAGES.get(text_at(resource, "status"), ""),
        "priority": "urgent" if priority == "asap" else priority,
        "requester": reader.name_of(element_at(resource, "requester"), resource),
        "specimen": concept_text(element_at(specimen, "type")),
        "reason": concept_texts(resource, "reasonCode"),
    }
    fields: dict[str, Value] = {name: value for name, value in values.items() if value}
    reader.add_time(fields, "authored", text_at(resource, "authoredOn"))
    reader.add_time(fields, "collected", text_at(specimen, "collection", "collectedDateTime"))
    stay = reader.resolve(element_at(resource, "encounter"), resource)
    if stay:
        fields["encounter"] = business_identifier(stay, "VN") or resource_key(stay)
    return fields


@register_reader(model.DiagnosticReport)
def read_diagnostic_report(reader: ResourceReader, resource: Resource) -> list[Change]:
    """A report, and which observations are part of it."""
    numbers = reader.patient(element_at(resource, "subject"), resource)
    if not numbers:
        return []
    status = text_at(resource, "status")
    requests = (reader.resolve(item, resource) for item in elements_at(resource, "basedOn"))
    request = next(requests, {})
    conclusion = text_at(resource, "conclusion") or concept_texts(resource, "conclusionCode")
    fields: dict[str, Value] = {
        "based_on": request_key(request) if request else "",
        "filler": business_identifier(resource, "FILL"),
        "department": concept_texts(resource, "category"),
        "code": first_code(element_at(resource, "code")),
        "display": concept_text(element_at(resource, "code")),
        "status": _REPORT_STATUS.get(status, status),
        "conclusion": conclusion,
        "collected": reader.parse_time(text_at(resource, "effectiveDateTime")),
    }
    reader.add_time(fields, "issued", text_at(resource, "issued"))
    key = resource_key(resource)
    report = reader.change(resource, "DiagnosticReport", key, numbers, fields)
    if report.operation is Operation.DELETE:
        return [report]
    return [report, *_link_observations(reader, resource, report)]


def _link_observations(
    reader: ResourceReader, resource: Resource, report: Change
) -> Iterator[Change]:
    for position, reference in enumerate(elements_at(resource, "result"), start=1):
        observation = reader.resolve(reference, resource)
        address = text_at(reference, "reference")
        key = resource_key(observation) if observation else address.rsplit("/", 1)[-1].lstrip("#")
        if key:
            fields: dict[str, Value] = {"report": report.key, "position": position}
            yield report._replace(type="Observation", key=key, fields=fields)


@register_field_reader(model.Observation)
def observation_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    """An observation of a patient; one of a group or a device is left out."""
    status = text_at(resource, "status")
    value, units = _value_and_units(resource)
    note = annotation_text(resource, "note")
    flags = (first_code(item) for item in elements_at(resource, "interpretation"))
    fields: dict[str, Value] = {
        "code": first_code(element_at(resource, "code")),
        "display": concept_text(element_at(resource, "code")),
        "value": value or _component_values(resource),
        "units": units,
        "reference_range": _reference_range(resource),
        "flag": ", ".join(filter(None, flags)),
        "status": _OBSERVATION_STATUS.get(status, status),
        "note": note or concept_text(element_at(resource, "dataAbsentReason")),
    }
    for name in ("effectiveDateTime", "effectiveInstant"):
        reader.add_time(fields, "effective", text_at(resource, name))
    if "effective" not in fields:
        reader.add_time(fields, "effective", text_at(resource, "effectivePeriod", "start"))
    return fields


def _value_and_units(node: Resource) -> tuple[str, str]:
    """Value and units of whichever `value[x]` there is."""
    if "valueQuantity" in node:
        return value_and_unit(node["valueQuantity"])
    if "valueCodeableConcept" in node:
        return concept_text(node["valueCodeableConcept"]), ""
    if isinstance(node.get("valueBoolean"), bool):
        return ("Yes" if node["valueBoolean"] else "No"), ""
    if "valueRange" in node:
        return _range_text(node["valueRange"]), ""
    if "valueRatio" in node:
        ratio = node["valueRatio"]
        parts = (quantity_text(element_at(ratio, name)) for name in ("numerator", "denominator"))
        return ":".join(parts), ""
    if "valuePeriod" in node:
        parts = (text_at(node, "valuePeriod", name) for name in ("start", "end"))
        return " to ".join(part for part in parts if part), ""
    if "valueSampledData" in node:
        return "[trace, not shown]", ""
    names = ("valueString", "valueInteger", "valueDateTime", "valueTime")
    return next(filter(None, (text_at(node, name) for name in names)), ""), ""


def _component_values(resource: Resource) -> str:
    """`Systolic blood pressure 120 mmHg; Diastolic blood pressure 60 mmHg`."""
    parts = []
    for component in elements_at(resource, "component"):
        value = " ".join(part for part in _value_and_units(component) if part)
        value = value or concept_texts(component, "dataAbsentReason")
        if value:
            parts.append(f"{concept_text(element_at(component, 'code'))} {value}".strip())
    return "; ".join(parts)


def _reference_range(resource: Resource) -> str:
    ranges = elements_at(resource, "referenceRange")
    texts = (text_at(item, "text") or _range_text(item) for item in ranges)
    return next((text for text in texts if text), "")


def _range_text(node: Any) -> str:
    low, high = (quantity_text(element_at(node, end)) for end in ("low", "high"))
    if low and high:
        return f"{low} - {high}"
    return f">= {low}" if low else (f"<= {high}" if high else "")
