"""FHIR R4 Observation: the value as it was sent, its parts in one line when it has several.

An observation belongs to the report that lists it among its results.
"""

from typing import Any

from downtime.feeds.fhir.administration import change, timed
from downtime.feeds.fhir.data_types import (
    at,
    code,
    concept,
    concepts,
    each,
    notes,
    quantity,
    text,
    with_unit,
)
from downtime.feeds.fhir.references import Surroundings, key_of
from downtime.feeds.model import Change, Value

_STATUS = {"amended": "corrected", "unknown": ""}


def observations(near: Surroundings, resource: dict[str, Any]) -> list[Change]:
    """Observation of a patient; of a group or a device it is nobody's."""
    numbers = near.patient(at(resource, "subject"), resource)
    if not numbers:
        return []
    status = text(resource, "status")
    value, units = _value(resource)
    fields: dict[str, Value] = {
        "code": code(at(resource, "code")),
        "display": concept(at(resource, "code")),
        "value": value or _components(resource),
        "units": units,
        "reference_range": _range(resource),
        "flag": ", ".join(filter(None, (code(i) for i in each(resource, "interpretation")))),
        "status": _STATUS.get(status, status),
        "note": notes(resource, "note") or concept(at(resource, "dataAbsentReason")),
    }
    for name in ("effectiveDateTime", "effectiveInstant"):
        timed(near, fields, "effective", text(resource, name))
    if "effective" not in fields:
        timed(near, fields, "effective", text(resource, "effectivePeriod", "start"))
    return [change(near, resource, "Observation", key_of(resource), numbers, fields)]


def _value(node: dict[str, Any]) -> tuple[str, str]:
    """Value and units of whichever `value[x]` there is."""
    if "valueQuantity" in node:
        return quantity(node["valueQuantity"])
    if "valueCodeableConcept" in node:
        return concept(node["valueCodeableConcept"]), ""
    if isinstance(node.get("valueBoolean"), bool):
        return ("Yes" if node["valueBoolean"] else "No"), ""
    if "valueRange" in node:
        return _low_high(node["valueRange"]), ""
    if "valueRatio" in node:
        parts = (with_unit(at(node, "valueRatio", n)) for n in ("numerator", "denominator"))
        return ":".join(parts), ""
    if "valuePeriod" in node:
        parts = (text(node, "valuePeriod", n) for n in ("start", "end"))
        return " to ".join(part for part in parts if part), ""
    if "valueSampledData" in node:
        return "[trace, not shown]", ""
    for name in ("valueString", "valueInteger", "valueDateTime", "valueTime"):
        if words := text(node, name):
            return words, ""
    return "", ""


def _components(resource: dict[str, Any]) -> str:
    """`Systolic blood pressure 120 mmHg; Diastolic blood pressure 60 mmHg`."""
    parts = []
    for component in each(resource, "component"):
        value = " ".join(part for part in _value(component) if part)
        value = value or concepts(component, "dataAbsentReason")
        if value:
            parts.append(f"{concept(at(component, 'code'))} {value}".strip())
    return "; ".join(parts)


def _range(resource: dict[str, Any]) -> str:
    for item in each(resource, "referenceRange"):
        if words := text(item, "text") or _low_high(item):
            return words
    return ""


def _low_high(node: Any) -> str:
    low, high = with_unit(at(node, "low")), with_unit(at(node, "high"))
    if low and high:
        return f"{low} - {high}"
    return f">= {low}" if low else (f"<= {high}" if high else "")
