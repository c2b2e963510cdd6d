"""A form as a FHIR R4 Questionnaire.

FHIR's own words are used wherever it has one (units, least and greatest value by the extensions of
the base specification); what only paper needs travels in extensions under this project's address,
so that a definition comes back as it went. The identity block and the sign-off are in it, because
a QuestionnaireResponse that is returned answers them too.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from downtime.paper.forms.form_file import ITEM, SPOT
from downtime.paper.forms.questionnaire import FormDefinition, Item, Spot

OURS = "https://downtime.example/fhir/StructureDefinition/"
QUESTIONNAIRE = "https://downtime.example/fhir/Questionnaire/"
MIN = "http://hl7.org/fhir/StructureDefinition/minValue"
MAX = "http://hl7.org/fhir/StructureDefinition/maxValue"
UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
STATES = ("draft", "active", "retired", "unknown")
FORM_EXTRAS = (
    "policy", "record", "system", "returns", "subject", "orientation", "each", "urgent", "says",
    "background", "place",
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


def questionnaire(form: FormDefinition) -> dict[str, Any]:
    """The Questionnaire of a form."""
    rare = ("urgent", "says", "place")
    extras = [(name, getattr(form, name)) for name in FORM_EXTRAS if name not in rare]
    if form.urgent:
        extras.append(("urgent", form.urgent))
    if form.says:
        extras.append(("says", dict(form.says)))
    if form.place:
        extras.append(("place", {key: _spot(spot) for key, spot in form.place}))
    if form.status not in STATES:
        extras.append(("status", form.status))
    resource = {
        "resourceType": "Questionnaire",
        "id": form.name,
        "extension": list(_extensions(extras)),
        "url": QUESTIONNAIRE + form.name,
        "version": form.version,
        "name": "".join(part.capitalize() for part in form.name.split("-")),
        "title": form.title,
        "status": form.status if form.status in STATES else "unknown",
        "subjectType": ["Patient"] if form.identity else [],
        "purpose": form.purpose,
        "item": [_item(item) for item in (*form.identity, *form.items, *form.sign_off)],
    }
    return _filled(resource)


def _item(item: Item) -> dict[str, Any]:
    is_answered = item.type not in ("group", "display")
    return _filled(
        {
            "extension": [*_limits(item), *_extensions(_extras(item))],
            "linkId": item.link_id,
            "code": [{"code": item.code}] if item.code else [],
            "text": item.text,
            "type": item.type,
            "required": item.required and is_answered,
            "repeats": item.repeats,
            "maxLength": item.max_length,
            "answerOption": [
                _filled(
                    {
                        "extension": list(_extensions([("says", dict(option.says))])),
                        "valueCoding": {"code": option.code, "display": option.display},
                    }
                )
                for option in item.options
            ],
            "item": [_item(child) for child in item.items],
        }
    )


def _limits(item: Item) -> Iterator[dict[str, Any]]:
    """Unit and limits, as the base specification says them."""
    if item.units:
        yield {"url": UNIT, "valueCoding": {"display": item.units}}
    for url, limit in ((MIN, item.min), (MAX, item.max)):
        if limit is not None and item.type == "integer":
            yield {"url": url, "valueInteger": int(limit)}
        elif limit is not None:
            yield {"url": url, "valueDecimal": limit}


def _extras(item: Item) -> Iterator[tuple[str, Any]]:
    usual = Item(link_id="")
    for name in ITEM_EXTRAS:
        value = getattr(item, ITEM[name][0])
        if name == "place" and value:
            yield name, _spots(value)
        elif name == "says" and value:
            yield name, dict(value)
        elif value != getattr(usual, ITEM[name][0]):
            yield name, value


def _spots(spots: tuple[Spot, ...]) -> dict[str, Any]:
    """Places as a definition's file says them."""
    if len(spots) == 1 and not spots[0].option:
        return _spot(spots[0])
    return {spot.option: _spot(spot) for spot in spots}


def _spot(spot: Spot) -> dict[str, Any]:
    said = {name: getattr(spot, name) for name in SPOT}
    usual = Spot()
    return {n: v for n, v in said.items() if n == "page" or v != getattr(usual, n)} | (
        {} if spot.field else {n: getattr(spot, n) for n in ("x", "y", "width", "height")}
    )


def _extensions(pairs: Iterable[tuple[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each word that says something; a list or table is written as JSON: FHIR has no empty texts."""
    for name, value in pairs:
        if isinstance(value, bool):
            yield {"url": OURS + name, "valueBoolean": value}
        elif isinstance(value, int):
            yield {"url": OURS + name, "valueInteger": value}
        elif isinstance(value, tuple | dict) and value:
            yield {"url": OURS + name, "valueString": json.dumps(value, ensure_ascii=False)}
        elif value:
            yield {"url": OURS + name, "valueString": value}


def _filled(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty: FHIR has no empty elements."""
    return {name: value for name, value in resource.items() if value not in ("", [], 0, False)}
