"""Write an entry as a FHIR R4 QuestionnaireResponse that reads back to the same answers. Pure."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from downtime.clock import from_text
from downtime.entry import absent_values, typed_times
from downtime.entry.model import Entry
from downtime.paper.forms.model import FormDefinition, Item

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
    items: Iterable[Item], answers: Mapping[str, str], row: str, zone: ZoneInfo
) -> Iterator[dict[str, Any]]:
    for item in items:
        if item.type != "group":
            answer = answers.get(f"{item.link_id}:{row}" if row else item.link_id)
            if answer and answer in absent_values.REASON_TEXTS:
                yield {"linkId": item.link_id, "extension": [_reason(answer)]}
            elif answer:
                yield {"linkId": item.link_id, "answer": [_answer(item, answer, zone)]}
            continue
        rows = [str(n) for n in range(1, item.rows + 1)] if item.repeats else [row]
        filled = [list(_items(item.items, answers, one, zone)) for one in rows]
        while filled and not filled[-1]:
            filled.pop()
        # An empty row in the middle keeps its place: its position is its number.
        for inside in filled:
            yield {"linkId": item.link_id, **({"item": inside} if inside else {})}


def _reason(answer: str) -> dict[str, str]:
    return {"url": absent_values.EXTENSION_URL, "valueCode": absent_values.FHIR_CODES[answer]}


def _answer(item: Item, answer: str, zone: ZoneInfo) -> dict[str, Any]:
    name, convert = _VALUES.get(item.type, ("valueString", str))
    if item.type == "choice":
        words = next((o.display for o in item.options if o.code == answer), answer)
        return {"valueCoding": {"code": answer, "display": words}}
    if item.type == "dateTime":
        moment = from_text(typed_times.moment_to_utc(answer, zone)).astimezone(zone)
        return {"valueDateTime": moment.isoformat()}
    if item.type == "time" and " " in answer:
        return {"valueString": answer}
    return {name: convert(answer)}


_VALUES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "boolean": ("valueBoolean", bool),
    "integer": ("valueInteger", int),
    "decimal": ("valueDecimal", lambda text: _EXACT + text.removeprefix("+")),
    "quantity": ("valueDecimal", lambda text: _EXACT + text.removeprefix("+")),
    "date": ("valueDate", str),
    "time": ("valueTime", lambda text: f"{text}:00"),
}
