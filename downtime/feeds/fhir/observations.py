"""FHIR R4 Observation: the value as it was sent, its parts in one line when it has several.

An observation belongs to the report that lists it among its results.
"""

from typing import Any

from downtime.feeds.fhir.administration import change, timed
from downtime.feeds.fhir.data_types import (
    element_at,
    first_code,
    concept_text,
    concept_texts,
    elements_at,
    annotation_text,
    value_and_unit,
    text_at,
    quantity_text,
)
from downtime.feeds.fhir.references import ResourceReader, resource_key
from downtime.feeds.model import Change, Value

_STATUS = {"amended": "corrected", "unknown": ""}


def read_observation(near: ResourceReader, resource: dict[str, Any]) -> list[Change]:
    """Observation of a patient; of a group or a device it is nobody's."""
    numbers = near.patient(element_at(resource, "subject"), resource)
    if not numbers:
        return []
    status = text_at(resource, "status")
    value, units = _value(resource)
    fields: dict[str, Value] = {
        "code": first_code(element_at(resource, "code")),
        "display": concept_text(element_at(resource, "code")),
        "value": value or _components(resource),
        "units": units,
        "reference_range": _range(resource),
        "flag": ", ".join(
            filter(None, (first_code(i) for i in elements_at(resource, "interpretation")))
        ),
        "status": _STATUS.get(status, status),
        "note": annotation_text(resource, "note")
        or concept_text(element_at(resource, "dataAbsentReason")),
    }
    for name in ("effectiveDateTime", "effectiveInstant"):
        timed(near, fields, "effective", text_at(resource, name))
    if "effective" not in fields:
        timed(near, fields, "effective", text_at(resource, "effectivePeriod", "start"))
    return [change(near, resource, "Observation", resource_key(resource), numbers, fields)]


def _value(node: dict[str, Any]) -> tuple[str, str]:
    """Value and units of whichever `value[x]` there is."""
    if "valueQuantity" in node:
        return value_and_unit(node["valueQuantity"])
    if "valueCodeableConcept" in node:
        return concept_text(node["valueCodeableConcept"]), ""
    if isinstance(node.get("valueBoolean"), bool):
        return ("Yes" if node["valueBoolean"] else "No"), ""
    if "valueRange" in node:
        return _low_high(node["valueRange"]), ""
    if "valueRatio" in node:
        parts = (
            quantity_text(element_at(node, "valueRatio", n)) for n in ("numerator", "denominator")
        )
        return ":".join(parts), ""
    if "valuePeriod" in node:
        parts = (text_at(node, "valuePeriod", n) for n in ("start", "end"))
        return " to ".join(part for part in parts if part), ""
    if "valueSampledData" in node:
        return "[trace, not shown]", ""
    for name in ("valueString", "valueInteger", "valueDateTime", "valueTime"):
        if words := text_at(node, name):
            return words, ""
    return "", ""


def _components(resource: dict[str, Any]) -> str:
    """`Systolic blood pressure 120 mmHg; Diastolic blood pressure 60 mmHg`."""
    parts = []
    for component in elements_at(resource, "component"):
        value = " ".join(part for part in _value(component) if part)
        value = value or concept_texts(component, "dataAbsentReason")
        if value:
            parts.append(f"{concept_text(element_at(component, 'code'))} {value}".strip())
    return "; ".join(parts)


def _range(resource: dict[str, Any]) -> str:
    for item in elements_at(resource, "referenceRange"):
        if words := text_at(item, "text") or _low_high(item):
            return words
    return ""


def _low_high(node: Any) -> str:
    low, high = quantity_text(element_at(node, "low")), quantity_text(element_at(node, "high"))
    if low and high:
        return f"{low} - {high}"
    return f">= {low}" if low else (f"<= {high}" if high else "")
