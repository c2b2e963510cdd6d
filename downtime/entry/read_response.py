"""Read a form's answers from a FHIR R4 QuestionnaireResponse. Pure.

`identifier.value` is the form's serial, `questionnaire` ends in its name, `authored` is when it
happened and `author.display` who wrote it. Items may stand in their groups or flat; a repeating
group appears once for each row, or its fields carry the row in their linkId (`pulse:2`).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from downtime.entry.facts import EXTENSION_URL, FHIR_CODES, AbsentReason
from downtime.errors import InputError
from downtime.paper.forms.model import TRUE, FormDefinition

_USABLE = ("completed", "amended", "")


@dataclass(frozen=True, slots=True)
class Response:
    """What a resource says: the serial, the form it names (may be empty), answers by key."""

    serial: str
    form: str
    answers: Mapping[str, str]


def read_response(
    resource: Mapping[str, Any], repeating: Mapping[str, str], zone: ZoneInfo
) -> Response:
    """The answers in a resource; InputError says what makes it unusable.

    `repeating` maps the linkId of each field in a repeating group to that group's linkId.
    """
    answers = dict(_answers(_list(resource, "item"), repeating, "", zone))
    if "event.date" not in answers and (authored := str(resource.get("authored") or "")):
        answers["event.date"], _, answers["event.time"] = _local(authored, zone).partition("T")
    author = resource.get("author")
    if "author.name" not in answers and isinstance(author, Mapping) and author.get("display"):
        answers["author.name"] = str(author["display"])
    return Response(read_serial(resource), read_form_name(resource), answers)


def read_serial(resource: Mapping[str, Any]) -> str:
    """The serial in `identifier`; InputError when the resource is none or carries none."""
    if resource.get("resourceType") != "QuestionnaireResponse":
        raise _unusable("it is not a QuestionnaireResponse")
    if str(resource.get("status") or "") not in _USABLE:
        raise _unusable("its status is neither 'completed' nor 'amended'")
    identifiers = resource.get("identifier") or []
    for identifier in identifiers if isinstance(identifiers, list) else [identifiers]:
        if isinstance(identifier, Mapping) and identifier.get("value"):
            return str(identifier["value"])
    raise _unusable("it has no identifier.value, where the form's serial belongs")


def read_form_name(resource: Mapping[str, Any]) -> str:
    """The form's name at the end of `questionnaire`, without its version; may be empty."""
    return str(resource.get("questionnaire") or "").partition("|")[0].rsplit("/", 1)[-1]


def repeating_fields(definition: FormDefinition) -> dict[str, str]:
    """The linkId of each field in a repeating group, to that group's linkId."""
    return {item.link_id: item.group for item in definition.fields() if item.repeated}


def _answers(
    items: list[Any], groups: Mapping[str, str], row: str, zone: ZoneInfo
) -> Iterator[tuple[str, str]]:
    counts: Counter[str] = Counter()
    for item in items:
        if not isinstance(item, Mapping):
            raise _unusable("an item is not an object")
        link_id = str(item.get("linkId") or "")
        counts[link_id] += 1
        item_row = str(counts[link_id]) if link_id in groups.values() else row
        key = f"{link_id}:{item_row or 1}" if link_id in groups else link_id
        yield from _answers(_list(item, "item"), groups, item_row, zone)
        if reason := _read_absent_reason(item):
            yield key, reason
        answers = _list(item, "answer")
        if len(answers) > 1:
            raise _unusable(f"'{link_id[:40]}' has more than one answer")
        for answer in answers:
            yield key, _text(answer, zone)
            yield from _answers(_list(answer, "item"), groups, item_row, zone)


def _read_absent_reason(item: Mapping[str, Any]) -> AbsentReason | None:
    """Why a field has no value, where it carries the extension that says so."""
    for extension in _list(item, "extension"):
        if isinstance(extension, Mapping) and extension.get("url") == EXTENSION_URL:
            reasons = {code: reason for reason, code in FHIR_CODES.items()}
            return reasons.get(str(extension.get("valueCode")), AbsentReason.NOT_WRITTEN)
    return None


def _text(answer: Any, zone: ZoneInfo) -> str:
    if not isinstance(answer, Mapping):
        raise _unusable("an answer is not an object")
    for name, value in answer.items():
        if not name.startswith("value"):
            continue
        if isinstance(value, bool):
            return TRUE if value else ""
        if isinstance(value, Mapping):
            inner = value.get("code", value.get("value", value.get("display", "")))
            return str(inner)
        return _local(str(value), zone) if name == "valueDateTime" else str(value)
    return ""


def _local(text: str, zone: ZoneInfo) -> str:
    """`2026-11-02T14:30` in the site's zone; what is no date and time stays for the check to name."""
    if not re.match(r"\d{4}-\d\d-\d\dT", text):
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return _format_minutes(moment.astimezone(zone) if moment.tzinfo else moment)


def _format_minutes(moment: datetime) -> str:
    """Local date and time; in the hour that happens twice, with its offset."""
    offsets = {moment.replace(fold=fold).utcoffset() for fold in (0, 1)}
    offset = moment.isoformat()[-6:] if moment.tzinfo and len(offsets) > 1 else ""
    return f"{moment:%Y-%m-%dT%H:%M}{offset}"


def _list(resource: Mapping[str, Any], name: str) -> list[Any]:
    value = resource.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _unusable(f"'{name}' is not a list")
    return value


def _unusable(reason: str) -> InputError:
    return InputError(
        "entry.response", f"This response cannot be used: {reason}.", "Correct it and import again."
    )
