"""A form as a FHIR R4 Questionnaire.

FHIR's own words are used wherever it has one (units, least and greatest value by the extensions of
the base specification); what only paper needs travels in extensions under this project's address,
so that a definition comes back as it went. The identity block and the sign-off are in it, because
a QuestionnaireResponse that is returned answers them too.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.form_schema import BOX, ITEM, NESTED
from downtime.paper.forms.model import FieldBox, FormDefinition, FormItem

EXTENSION_BASE = "https://downtime.example/fhir/StructureDefinition/"
QUESTIONNAIRE = "https://downtime.example/fhir/Questionnaire/"
MIN = "http://hl7.org/fhir/StructureDefinition/minValue"
MAX = "http://hl7.org/fhir/StructureDefinition/maxValue"
UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
STATES = ("draft", "active", "retired", "unknown")
FORM_EXTRAS = (
    "policy", "record", "system", "returns", "subject", "orientation", "each", "urgent", "says",
    "background", "place", "ages",
)  # fmt: skip
"""Words of a form that FHIR has no element for."""
ITEM_EXTRAS = tuple(
    name
    for name in ITEM
    if name
    not in ("linkId", "text", "type", "required", "repeats", "answerOption", "units", "min", "max",
            "maxLength", "code", "item")
)  # fmt: skip
"""Words of an item that FHIR has no element for."""


def make_questionnaire(form: FormDefinition) -> dict[str, Any]:
    """The Questionnaire of a form."""
    rare = ("urgent", *NESTED)
    extras = [(name, getattr(form, name)) for name in FORM_EXTRAS if name not in rare]
    if form.urgent:
        extras.append(("urgent", form.urgent))
    if form.fixed_fields:
        extras.append(("says", dict(form.fixed_fields)))
    if form.ages:
        extras.append(
            ("ages", _write_set({"from": form.ages.since or None, "under": form.ages.under}))
        )
    if form.boxes:
        extras.append(("place", {key: _write_box(box) for key, box in form.boxes}))
    if form.status not in STATES:
        extras.append(("status", form.status))
    resource = {
        "resourceType": "Questionnaire",
        "id": form.name,
        "extension": list(_write_extensions(extras)),
        "url": QUESTIONNAIRE + form.name,
        "version": form.version,
        "name": "".join(part.capitalize() for part in form.name.split("-")),
        "title": form.title,
        "status": form.status if form.status in STATES else "unknown",
        "subjectType": ["Patient"] if form.identity else [],
        "purpose": form.purpose,
        "item": [_write_item(item) for item in (*form.identity, *form.items, *form.sign_off)],
    }
    return _drop_empty(resource)


def _write_item(item: FormItem) -> dict[str, Any]:
    is_answered = FIELD_TYPES[item.type].is_answered
    return _drop_empty(
        {
            "extension": [*_write_limits(item), *_write_extensions(_list_extras(item))],
            "linkId": item.link_id,
            "code": [{"code": item.code}] if item.code else [],
            "text": item.text,
            "type": item.type,
            "required": item.required and is_answered,
            "repeats": item.repeats,
            "maxLength": item.max_length,
            "answerOption": [
                _drop_empty(
                    {
                        "extension": list(_write_extensions([("says", dict(option.fixed_fields))])),
                        "valueCoding": {"code": option.code, "display": option.display},
                    }
                )
                for option in item.options
            ],
            "item": [_write_item(child) for child in item.items],
        }
    )


def _write_limits(item: FormItem) -> Iterator[dict[str, Any]]:
    """Unit and limits, as the base specification says them."""
    if item.units:
        yield {"url": UNIT, "valueCoding": {"display": item.units}}
    element = FIELD_TYPES[item.type].fhir_limit
    for url, limit in ((MIN, item.min), (MAX, item.max)):
        if limit is not None:
            yield {"url": url, element: int(limit) if element == "valueInteger" else limit}


def _list_extras(item: FormItem) -> Iterator[tuple[str, Any]]:
    usual = FormItem(link_id="")
    for name in ITEM_EXTRAS:
        value = getattr(item, ITEM[name][0])
        if name == "place" and value:
            yield name, _write_boxes(value)
        elif name == "says" and value:
            yield name, dict(value)
        elif name == "soft" and value:
            yield name, _write_set(asdict(value))
        elif value != getattr(usual, ITEM[name][0]):
            yield name, value


def _write_set(values: Mapping[str, Any]) -> dict[str, Any]:
    """Of a table of words, those that say something."""
    return {name: value for name, value in values.items() if value not in (None, "", False)}


def _write_boxes(boxes: tuple[FieldBox, ...]) -> dict[str, Any]:
    """Places as a definition's file says them."""
    if len(boxes) == 1 and not boxes[0].option:
        return _write_box(boxes[0])
    return {box.option: _write_box(box) for box in boxes}


def _write_box(box: FieldBox) -> dict[str, Any]:
    values = {name: getattr(box, name) for name in BOX}
    default = FieldBox()
    return {n: v for n, v in values.items() if n == "page" or v != getattr(default, n)} | (
        {} if box.field else {n: getattr(box, n) for n in ("x", "y", "width", "height")}
    )


def _write_extensions(pairs: Iterable[tuple[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each word that says something; a list or table is written as JSON: FHIR has no empty texts."""
    for name, value in pairs:
        if isinstance(value, bool):
            yield {"url": EXTENSION_BASE + name, "valueBoolean": value}
        elif isinstance(value, int):
            yield {"url": EXTENSION_BASE + name, "valueInteger": value}
        elif isinstance(value, tuple | dict) and value:
            yield {
                "url": EXTENSION_BASE + name,
                "valueString": json.dumps(value, ensure_ascii=False),
            }
        elif value:
            yield {"url": EXTENSION_BASE + name, "valueString": value}


def _drop_empty(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty: FHIR has no empty elements."""
    return {name: value for name, value in resource.items() if value not in ("", [], 0, False)}
