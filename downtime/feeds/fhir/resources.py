"""FHIR R4 in JSON: single resources, lists of them, Bundles and NDJSON, to messages and rejects.

Each resource that stands alone is one message, and so is each Bundle, with bundles inside it. A
type that Downtime does not use, or a resource without a patient, is accepted and nothing is taken.
A deletion in a transaction or history (`request.method` DELETE) takes its record away.

**Full extracts**: a Bundle whose `meta.tag` has the code `full-extract` replaces all that its
source has said before of the types of record it holds, persons excepted; every other Bundle adds
to what is known.

A decimal is kept as it was written: 1.50 stays 1.50.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO

import orjson

from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.fhir import administration, diagnostics, medications
from downtime.feeds.fhir.data_types import element_at, elements_at, text_at
from downtime.feeds.fhir.observations import read_observation
from downtime.feeds.fhir.references import ResourceReader
from downtime.feeds.hl7.segments import decode_text
from downtime.feeds.model import (
    Change,
    Message,
    Position,
    Reject,
    Replacement,
    UnusableMessageError,
)
from downtime.feeds.rejects import accept_or_reject

FULL_EXTRACT = "full-extract"
"""The code of a Bundle's `meta.tag` that makes it a full extract."""
RESOURCE_READERS: dict[str, Callable[[ResourceReader, dict[str, Any]], list[Change]]] = {
    "Patient": administration.read_patient,
    "Encounter": administration.read_encounter,
    "Location": administration.read_location,
    "Appointment": administration.read_appointment,
    "ServiceRequest": diagnostics.read_service_request,
    "DiagnosticReport": diagnostics.read_diagnostic_report,
    "Observation": read_observation,
    "AllergyIntolerance": diagnostics.read_allergy,
    "Flag": diagnostics.read_flag,
    "MedicationRequest": diagnostics.read_medication_request,
    "MedicationAdministration": medications.read_medication_administration,
}
"""Resource type to the mapping that reads it."""
_INEXACT = re.compile(rb"\d\.\d*0[\s,}\]]|\d[eE][+-]?\d|[.]\d{15}|\D0\.0000|\d{17}")
_DELETABLE = frozenset(RESOURCE_READERS) - {"Patient", "ServiceRequest", "Encounter", "Location"}
_BUNDLE_DEPTH = 4


def read_fhir(stream: BinaryIO, name: str, context: FeedContext) -> Iterator[Message | Reject]:
    """The resources of one JSON or NDJSON file, in order."""
    number = 0
    for data in _documents(stream, context.settings.feeds.max_message_bytes):
        try:
            parsed = parse_json(data, context)
        except UnusableMessageError as fault:
            number += 1
            position = Position(name, number)
            yield Reject(position=position, segment=fault.segment, reason=fault.reason)
            continue
        for resource in parsed if isinstance(parsed, list) else [parsed]:
            number += 1
            position = Position(name, number)
            yield accept_or_reject(position, partial(read_resource, resource, position, context))


def _documents(stream: BinaryIO, limit: int) -> Iterator[bytes]:
    """One a line when the first line is whole by itself, else the file; cut off after `limit`."""
    first = b""
    while not first.strip(b" \t\r\n\xef\xbb\xbf"):
        first = stream.readline(limit + 1)
        if not first:
            return
    first = first.removeprefix(b"\xef\xbb\xbf")
    if not _is_whole(first):
        yield first + stream.read(max(0, limit + 1 - len(first)))
        return
    yield first
    while line := stream.readline(limit + 1):
        if line.strip():
            yield line
        while len(line) > limit and not line.endswith(b"\n"):
            line = stream.readline(limit + 1)


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def parse_json(data: bytes, context: FeedContext) -> Any:
    """The JSON of one document, decimals as written; Unusable when it is too large, deep or not JSON."""
    feeds = context.settings.feeds
    if len(data) > feeds.max_message_bytes:
        raise UnusableMessageError(
            "",
            f"the resource is longer than {feeds.max_message_bytes} bytes"
            " (feeds.max_message_bytes)",
        )
    try:
        parsed = orjson.loads(data)
    except orjson.JSONDecodeError:
        data = decode_text(data).encode("utf-8")
        try:
            parsed = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise UnusableMessageError("", f"not valid JSON: {error}") from None
    if _is_deeper(parsed, feeds.max_json_depth):
        raise UnusableMessageError(
            "",
            f"the resource is nested deeper than {feeds.max_json_depth} levels"
            " (feeds.max_json_depth)",
        )
    return json.loads(data, parse_float=str) if _INEXACT.search(data) else parsed


def _is_deeper(node: Any, limit: int) -> bool:
    level = [node]
    for _ in range(limit):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(v for v in item.values() if isinstance(v, (dict, list)))
            elif isinstance(item, list):
                inner.extend(v for v in item if isinstance(v, (dict, list)))
        if not inner:
            return False
        level = inner
    return True


def read_resource(resource: Any, position: Position, context: FeedContext) -> Message:
    """What one resource or Bundle says; Unusable when it is no FHIR resource."""
    kind = text_at(resource, "resourceType")
    if not kind:
        raise UnusableMessageError("", "the JSON has no resourceType: it is not a FHIR resource")
    near = ResourceReader(context, position)
    near.named = near.own_name(resource)
    if kind == "Bundle":
        return _bundle(resource, near)
    near.sent = near.updated(resource)
    near.add("", resource)
    said = _changes(near, resource)
    source = said[0].source if said else near.source(resource, kind)
    return Message(position=position, kind=kind, source=source, sent=near.sent, content=tuple(said))


def _changes(near: ResourceReader, resource: dict[str, Any]) -> list[Change]:
    mapping = RESOURCE_READERS.get(text_at(resource, "resourceType"))
    if mapping is None:
        return []
    contained = [
        r for r in elements_at(resource, "contained") if text_at(r, "resourceType") == "Patient"
    ]
    said = [
        change for patient in contained for change in administration.read_patient(near, patient)
    ]
    return said + mapping(near, resource)


def _bundle(bundle: dict[str, Any], near: ResourceReader) -> Message:
    near.sent = times.parse_instant(text_at(bundle, "timestamp"), near.context.zone)
    near.sent = near.sent or near.updated(bundle)
    entries = list(_entries(bundle, _BUNDLE_DEPTH))
    for entry in entries:
        near.add(text_at(entry, "fullUrl"), element_at(entry, "resource") or {})
    near.named = near.named or _sender(bundle, entries, near.context)
    said: list[Change] = []
    for entry in entries:
        if isinstance(element_at(entry, "resource"), dict):
            said += _changes(near, entry["resource"])
        elif text_at(entry, "request", "method") == "DELETE":
            said += _deletion(near, text_at(entry, "request", "url"))
    content: tuple[Change | Replacement, ...] = tuple(said)
    if FULL_EXTRACT in {text_at(tag, "code") for tag in elements_at(bundle, "meta", "tag")}:
        content = tuple(_replacements(said, near))
    holders = {change.source for change in said}
    source = near.named or (holders.pop() if len(holders) == 1 else "")
    return Message(
        position=near.position, kind="Bundle", source=source, sent=near.sent, content=content
    )


def _entries(bundle: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    for entry in elements_at(bundle, "entry"):
        resource = element_at(entry, "resource")
        if text_at(resource, "resourceType") == "Bundle":
            if depth > 1:
                yield from _entries(resource, depth - 1)
        else:
            yield entry


def _sender(bundle: dict[str, Any], entries: list[dict[str, Any]], context: FeedContext) -> str:
    names = [text_at(bundle, "identifier", "system")]
    for entry in entries:
        if text_at(entry, "resource", "resourceType") == "MessageHeader":
            source = element_at(entry, "resource", "source")
            names += [text_at(source, name) for name in ("name", "software", "endpoint")]
    return next(
        (
            context.systems_by_application[n.casefold()]
            for n in names
            if n.casefold() in context.systems_by_application
        ),
        "",
    )


def _deletion(near: ResourceReader, url: str) -> list[Change]:
    kind, _, identity = url.partition("/")
    if kind not in _DELETABLE or not identity:
        return []
    source = near.source({}, kind)
    return [
        Change(
            type=kind,
            source=source,
            key=identity,
            sent=near.sent,
            operation="delete",
            position=near.position,
        )
    ]


def _replacements(said: list[Change], near: ResourceReader) -> Iterator[Change | Replacement]:
    """One replacement a source; persons are added, never replaced."""
    yield from (change for change in said if change.type == "Patient")
    by_source: dict[str, list[Change]] = {}
    for change in said:
        if change.type != "Patient":
            by_source.setdefault(change.source, []).append(change)
    for source, changes in by_source.items():
        types = tuple(sorted({change.type for change in changes}))
        yield Replacement(
            types=types,
            source=source,
            sent=near.sent,
            changes=tuple(changes),
            position=near.position,
        )
