"""Write a form's answers as a FHIR R4 QuestionnaireResponse. Pure."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from downtime.clock import from_text
from downtime.entry.facts import EXTENSION_URL, FHIR_CODES, REASON_TEXTS, AbsentReason
from downtime.entry.model import Entry
from downtime.entry.typed_times import moment_to_utc
from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.model import FieldType, FormDefinition, FormItem

_EXACT = "\u0001"
"""Marks a decimal on its way through the JSON writer: no answer can hold this character."""


def write_response(entry: Entry, definition: FormDefinition, zone: ZoneInfo) -> dict[str, Any]:
    """The resource of an entry; `dumps` turns it into text with decimals exact to the digit."""
    items = (*definition.identity, *definition.items, *definition.sign_off)
    resource = {
        "resourceType": "QuestionnaireResponse",
        "identifier": {"value": entry.serial},
        "questionnaire": f"Questionnaire/{entry.form}|{entry.version}",
        "status": "completed",
        "authored": from_text(entry.event).astimezone(zone).isoformat() if entry.event else "",
        "author": {"display": entry.author} if entry.author else {},
        "item": list(_items(items, entry.answers, "", zone)),
    }
    return {name: value for name, value in resource.items() if value}


def dump_response(resource: Mapping[str, Any]) -> str:
    """JSON text of what `write` made."""
    text = json.dumps(resource, ensure_ascii=False, indent=2)
    return re.sub(r'"\\u0001([-+0-9.]+)"', r"\1", text)


def _items(
    items: Iterable[FormItem], answers: Mapping[str, str], row: str, zone: ZoneInfo
) -> Iterator[dict[str, Any]]:
    for item in items:
        if item.type != FieldType.GROUP:
            answer = answers.get(f"{item.link_id}:{row}" if row else item.link_id)
            if answer and answer in REASON_TEXTS:
                code = FHIR_CODES[AbsentReason(answer)]
                extension = {"url": EXTENSION_URL, "valueCode": code}
                yield {"linkId": item.link_id, "extension": [extension]}
            elif answer:
                yield {"linkId": item.link_id, "answer": [_answer(item, answer, zone)]}
            continue
        rows = [str(n) for n in range(1, item.rows + 1)] if item.repeats else [row]
        groups = [list(_items(item.items, answers, number, zone)) for number in rows]
        while groups and not groups[-1]:
            groups.pop()
        # An empty row in the middle keeps its place: its position is its number.
        for inside in groups:
            yield {"linkId": item.link_id, **({"item": inside} if inside else {})}


def _answer(item: FormItem, answer: str, zone: ZoneInfo) -> dict[str, Any]:
    element = FIELD_TYPES[item.type].fhir_value
    if item.type == FieldType.TIME and len(answer) > 5:  # an offset, which FHIR's time has not
        element = "valueString"
    convert = _CONVERSIONS.get(element)
    return {element: convert(item, answer, zone) if convert else answer}


def _exact_decimal(_: FormItem, answer: str, __: ZoneInfo) -> str:
    return _EXACT + answer.removeprefix("+")


def _coding(item: FormItem, answer: str, _: ZoneInfo) -> dict[str, str]:
    return {"code": answer, "display": FIELD_TYPES[item.type].word(item, answer)}


def _date_time(_: FormItem, answer: str, zone: ZoneInfo) -> str:
    return from_text(moment_to_utc(answer, zone)).astimezone(zone).isoformat()


_CONVERSIONS: Mapping[str, Callable[[FormItem, str, ZoneInfo], Any]] = {
    "valueBoolean": lambda _, answer, __: bool(answer),
    "valueInteger": lambda _, answer, __: int(answer),
    "valueDecimal": _exact_decimal,
    "valueTime": lambda _, answer, __: f"{answer}:00",
    "valueCoding": _coding,
    "valueDateTime": _date_time,
}
"""By the element that `FIELD_TYPES` gives a type; the others hold the answer as it is kept."""
