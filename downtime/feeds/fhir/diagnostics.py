"""FHIR ServiceRequest, DiagnosticReport and Observation to records.

A report or observation is the whole of its record: what it leaves out is empty, not 'not said'. A
ServiceRequest leaves open what it does not say, since HL7 messages may describe it too: its key is
made as theirs (placer or filler number, else the id; with its code, else its words). An observation
belongs to the report that lists it among its results; its value is kept as it was sent, its parts
in one line when it has several.
"""

import re
from collections.abc import Iterator
from functools import partial

from downtime.clinical import model
from downtime.clinical.model import ClinicalStatus, RequestStage
from downtime.feeds.fhir import statuses
from downtime.feeds.fhir.administration import encounter_key
from downtime.feeds.fhir.data_types import (
    all_codes,
    annotation_text,
    concept_text,
    concept_texts,
    element_at,
    elements_at,
    first_code,
    quantity_text,
    range_text,
    text_at,
    value_and_unit,
)
from downtime.feeds.fhir.documents import plain_text
from downtime.feeds.fhir.mappings import (
    note_without_patient,
    register_field_reader,
    register_reader,
)
from downtime.feeds.fhir.resource_reader import Resource, ResourceReader
from downtime.feeds.hl7.alerts import (
    PRECAUTIONS,
    RESUSCITATION,
    AlertCategory,
    find_category,
)
from downtime.feeds.model import Change, FindingKind, Operation, Value
from downtime.feeds.named_resources import reference_text
from downtime.feeds.profiles import CodeTable, OrderKind

_ALERT_CODES = frozenset({"304252001", "304253006", "450475007", "450476008"})
"""SNOMED CT: for, and not for, (attempted) resuscitation."""
_NO_TEST_CATEGORIES = frozenset(
    {"387713003", "409073007", "409063005", "306206005", "3457005", "surgical", "referral"}
)
"""SNOMED CT: surgical procedure, education, counselling, referral."""
_NO_TEST = re.compile(
    r"\b(?:nurs\w+|therap\w+|physio\w*|diet\w*|catering|social|education|counsell?ing|transport"
    r"|surg(?:ery|ical)|referral)\b",
    re.IGNORECASE,
)
"""Words of a category of orders that no laboratory or imaging department answers."""
_NO_ORDER = ("proposal", "plan", "option")


def request_key(reader: ResourceReader, resource: Resource) -> str:
    """The key of a ServiceRequest: the same as HL7 v2 messages make of its numbers."""
    number = reader.typed_identifier(resource, "PLAC", "FILL") or reader.key_of(resource)
    code = element_at(resource, "code")
    return f"{number}|{(first_code(code) or concept_text(code)).upper()}"


@register_reader(model.ServiceRequest)
def read_service_request(reader: ResourceReader, resource: Resource) -> list[Change]:
    """A test that was asked for; what is proposed, planned or must not be done is no request."""
    numbers = reader.patient(element_at(resource, "subject"), resource)
    if not numbers:
        note_without_patient(reader, resource, "subject")
        return []
    if resource.get("doNotPerform") is True or text_at(resource, "intent") in _NO_ORDER:
        reason = "it says what must not be done, or is a proposal or plan: it is no open request"
        reader.note(FindingKind.ORDER_UNMAPPED, resource, "", reason)
        reader.note(FindingKind.NOT_READ, resource, "", reason)
        return []
    match _order_kind(reader, resource):
        case OrderKind.ALERT:
            fields = _alert_fields(reader, resource)
            return [reader.change(resource, "Flag", reader.key_of(resource), numbers, fields)]
        case OrderKind.TEST:
            fields = _request_fields(reader, resource)
            key = request_key(reader, resource)
            return [reader.change(resource, "ServiceRequest", key, numbers, fields)]
    reason = "an order of a kind that is neither a test nor an alert"
    reader.note(FindingKind.ORDER_UNMAPPED, resource, "category", reason)
    return []


def _order_kind(reader: ResourceReader, resource: Resource) -> OrderKind:
    """What is asked for: as the profile says of its code or category, else by category and words."""
    code = element_at(resource, "code")
    codes = [first_code(code), *sorted(all_codes(resource, "category"))]
    for text in codes:
        if meaning := reader.context.meaning(CodeTable.ORDER_KIND, text):
            return OrderKind(meaning)
    display = concept_text(code)
    is_alert = RESUSCITATION.search(display) or PRECAUTIONS.search(display)
    if is_alert or set(codes) & _ALERT_CODES:
        return OrderKind.ALERT
    is_other = _NO_TEST.search(concept_texts(resource, "category")) is not None
    is_other = is_other or bool(set(codes) & _NO_TEST_CATEGORIES)
    return OrderKind.NOT_MAPPED if is_other else OrderKind.TEST


def _alert_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    """What stands in an order that is no order: something to know of the patient."""
    stage = reader.status(resource, statuses.REQUEST)
    is_over = stage in (RequestStage.CANCELLED, RequestStage.RESULTED)
    text = concept_text(element_at(resource, "code"))
    is_coded = first_code(element_at(resource, "code")) in _ALERT_CODES
    category = AlertCategory.RESUSCITATION if is_coded else find_category(text)
    return {
        "category": category or AlertCategory.NOTE,
        "text": "\n".join(filter(None, (text, annotation_text(resource, "note")))),
        "status": ClinicalStatus.INACTIVE if is_over else ClinicalStatus.ACTIVE,
        "started": reader.parse_time(text_at(resource, "authoredOn")),
        "ended": "",
    }


def _request_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    priority = text_at(resource, "priority")
    code, filler = element_at(resource, "code"), reader.typed_identifier(resource, "FILL")
    reasons = (concept_texts(resource, name) for name in ("reasonCode", "reason"))
    values = {
        "placer": reader.typed_identifier(resource, "PLAC")
        or (reader.business_identifier(resource) if not filler else ""),
        "filler": filler,
        "group_number": text_at(resource, "requisition", "value"),
        "parent_number": _parent_number(reader, resource),
        "code": first_code(code) or concept_text(code),
        "display": concept_text(code),
        "department": concept_texts(resource, "category"),
        "stage": reader.status(resource, statuses.REQUEST),
        "priority": "urgent" if priority == "asap" else priority,
        "requester": reader.name_of(element_at(resource, "requester"), resource),
        "reason": next(filter(None, reasons), ""),
        "encounter": reader.record_reference(
            element_at(resource, "encounter"), resource, partial(encounter_key, reader)
        ),
    }
    fields: dict[str, Value] = {name: value for name, value in values.items() if value}
    reader.add_time(fields, "authored", text_at(resource, "authoredOn"))
    _add_specimen(reader, resource, fields)
    return fields


def _parent_number(reader: ResourceReader, resource: Resource) -> str:
    """The number of the request that this one is part of, when that is in the document."""
    parents = (reader.resolve(item, resource) for item in elements_at(resource, "basedOn"))
    return next(
        (n for item in parents if (n := reader.business_identifier(item, "PLAC", "FILL"))), ""
    )


def _add_specimen(reader: ResourceReader, resource: Resource, fields: dict[str, Value]) -> None:
    """What was taken and when; a request whose specimen was taken is no longer only asked for."""
    reference = element_at(resource, "specimen", 0)
    specimen = reader.resolve(reference, resource)
    if not specimen:
        if address := reader.address_of(reference, resource, "Specimen"):
            display = text_at(reference, "display")
            fields["specimen"] = reference_text(address, display)
            fields["collected"] = fields["collected_text"] = reference_text(address)
        return
    if name := concept_text(element_at(specimen, "type")):
        fields["specimen"] = name
    collection = element_at(specimen, "collection")
    collected = text_at(collection, "collectedDateTime")
    reader.add_time(
        fields, "collected", collected or text_at(collection, "collectedPeriod", "start")
    )
    if fields.get("stage") == RequestStage.REQUESTED:
        if text_at(specimen, "receivedTime"):
            fields["stage"] = RequestStage.RECEIVED
        elif "collected" in fields:
            fields["stage"] = RequestStage.COLLECTED


@register_reader(model.DiagnosticReport)
def read_diagnostic_report(reader: ResourceReader, resource: Resource) -> list[Change]:
    """A report, and which observations are part of it."""
    numbers = reader.patient(element_at(resource, "subject"), resource)
    if not numbers:
        note_without_patient(reader, resource, "subject")
        return []
    fields: dict[str, Value] = {
        "based_on": _based_on(reader, resource),
        "filler": reader.typed_identifier(resource, "FILL") or reader.business_identifier(resource),
        "department": concept_texts(resource, "category"),
        "code": first_code(element_at(resource, "code")),
        "display": concept_text(element_at(resource, "code")),
        "status": reader.status(resource, statuses.REPORT),
        "conclusion": _conclusion(resource),
        "collected": reader.parse_time(_effective(resource)),
        "issued": "",
        "issued_text": "",
    }
    reader.add_time(fields, "issued", text_at(resource, "issued"))
    key = reader.key_of(resource)
    report = reader.change(resource, "DiagnosticReport", key, numbers, fields)
    if report.operation is Operation.DELETE:
        return [report]
    return [report, *_link_observations(reader, resource, report)]


def _based_on(reader: ResourceReader, resource: Resource) -> str:
    requests = elements_at(resource, "basedOn")
    key = partial(request_key, reader)
    keys = (reader.record_reference(item, resource, key) for item in requests)
    return next(filter(None, keys), "")


def _conclusion(resource: Resource) -> str:
    """The conclusion in words, else coded, else the text that is attached."""
    forms = (plain_text(item) for item in elements_at(resource, "presentedForm"))
    texts = (text_at(resource, "conclusion"), concept_texts(resource, "conclusionCode"), *forms)
    return next(filter(None, texts), "")


def _effective(resource: Resource) -> str:
    names = ("effectiveDateTime", "effectiveInstant")
    times = (text_at(resource, name) for name in names)
    return next(filter(None, times), text_at(resource, "effectivePeriod", "start"))


def _link_observations(
    reader: ResourceReader, resource: Resource, report: Change
) -> Iterator[Change]:
    for position, reference in enumerate(elements_at(resource, "result"), start=1):
        observation = reader.resolve(reference, resource)
        address = reader.address_of(reference, resource)
        is_plain = "/" in address and "?" not in address
        key = reader.key_of(observation) if observation else address.split("/")[-1] * is_plain
        if key:
            fields: dict[str, Value] = {"report": report.key, "position": position}
            yield report._replace(type="Observation", key=key, fields=fields)
        elif address:
            reason = (
                "a result that is named by a number of another system is not tied to its report"
            )
            reader.note(FindingKind.REFERENCE_UNRESOLVED, resource, "result", reason)


@register_field_reader(model.Observation)
def observation_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    """An observation of a patient; one of a group or a device is left out."""
    value, units = _value_and_units(resource)
    parts = _component_values(resource)
    note = annotation_text(resource, "note")
    if value and parts:
        note = "\n".join(filter(None, (parts, note)))
    flags = (first_code(item) for item in elements_at(resource, "interpretation"))
    fields: dict[str, Value] = {
        "code": first_code(element_at(resource, "code")),
        "display": concept_text(element_at(resource, "code")),
        "value": value or parts,
        "units": units,
        "reference_range": _reference_range(resource),
        "flag": ", ".join(filter(None, flags)),
        "status": reader.status(resource, statuses.OBSERVATION),
        "note": note or concept_text(element_at(resource, "dataAbsentReason")),
    }
    reader.add_time(fields, "effective", _effective(resource) or text_at(resource, "issued"))
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
        return range_text(node["valueRange"]), ""
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
    texts = (text_at(item, "text") or range_text(item) for item in ranges)
    return next((text for text in texts if text), "")
