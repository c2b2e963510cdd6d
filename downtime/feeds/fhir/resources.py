"""FHIR R4 in JSON: single resources, lists of them, Bundles and NDJSON, to messages and rejects.

Each resource that stands alone is one message, and so is each Bundle, with bundles inside it. A
type that Downtime does not use, or a resource without a patient, is accepted and nothing is taken.
A deletion in a transaction or history (`request.method` DELETE) takes its record away.

**Full extracts**: a Bundle whose `meta.tag` has the code `full-extract` replaces all that its
source has said before of the types of record it holds, persons excepted; every other Bundle adds
to what is known.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.fhir import administration, clinical, diagnostics, medications
from downtime.feeds.fhir.data_types import element_at, elements_at, text_at
from downtime.feeds.fhir.json_documents import parse_json, split_documents
from downtime.feeds.fhir.resource_reader import RESOURCE_MAPPINGS, Resource, ResourceReader
from downtime.feeds.model import (
    Change,
    FeedMessage,
    Operation,
    Position,
    Reject,
    Replacement,
    UnusableMessageError,
)
from downtime.feeds.rejects import accept_or_reject

MAPPING_MODULES = (administration, clinical, diagnostics, medications)
"""Importing them fills `RESOURCE_MAPPINGS`; named after the modules of FHIR R4."""
FULL_EXTRACT = "full-extract"
"""The code of a Bundle's `meta.tag` that makes it a full extract."""
_NEVER_DELETED = frozenset({"Patient", "ServiceRequest", "Encounter", "Location"})
_BUNDLE_DEPTH = 4


def read_fhir(stream: BinaryIO, name: str, context: FeedContext) -> Iterator[FeedMessage | Reject]:
    """The resources of one JSON or NDJSON file, in order."""
    number = 0
    settings = context.settings.feeds
    for data in split_documents(stream, settings.max_message_bytes):
        try:
            parsed = parse_json(data, settings)
        except UnusableMessageError as error:
            number += 1
            position = Position(name, number)
            yield Reject(position=position, segment=error.segment, reason=error.reason)
            continue
        for resource in parsed if isinstance(parsed, list) else [parsed]:
            number += 1
            position = Position(name, number)
            yield accept_or_reject(position, partial(read_resource, resource, position, context))


def read_resource(resource: Any, position: Position, context: FeedContext) -> FeedMessage:
    """What one resource or Bundle says; UnusableMessageError when it is no FHIR resource."""
    kind = text_at(resource, "resourceType")
    if not kind:
        raise UnusableMessageError("", "the JSON has no resourceType: it is not a FHIR resource")
    reader = ResourceReader(context, position)
    reader.named_source = reader.source_of(resource)
    if kind == "Bundle":
        return _read_bundle(reader, resource)
    reader.sent = reader.updated(resource)
    reader.add("", resource)
    changes = tuple(_read_changes(reader, resource))
    source = changes[0].source if changes else reader.source(resource, kind)
    return FeedMessage(
        position=position, kind=kind, source=source, sent=reader.sent, content=changes
    )


def _read_changes(reader: ResourceReader, resource: Resource) -> list[Change]:
    mapping = RESOURCE_MAPPINGS.get(text_at(resource, "resourceType"))
    if mapping is None:
        return []
    changes: list[Change] = []
    for contained in elements_at(resource, "contained"):
        if text_at(contained, "resourceType") == "Patient":
            changes += administration.read_patient(reader, contained)
    return changes + mapping(reader, resource)


def _read_bundle(reader: ResourceReader, bundle: Resource) -> FeedMessage:
    sent = times.parse_instant(text_at(bundle, "timestamp"), reader.context.zone)
    reader.sent = sent or reader.updated(bundle)
    entries = list(_bundle_entries(bundle, _BUNDLE_DEPTH))
    for entry in entries:
        reader.add(text_at(entry, "fullUrl"), element_at(entry, "resource") or {})
    reader.named_source = reader.named_source or _sender(bundle, entries, reader.context)
    changes: list[Change] = []
    for entry in entries:
        if isinstance(element_at(entry, "resource"), dict):
            changes += _read_changes(reader, entry["resource"])
        elif text_at(entry, "request", "method") == "DELETE":
            changes += _read_deletion(reader, text_at(entry, "request", "url"))
    content: tuple[Change | Replacement, ...] = tuple(changes)
    if FULL_EXTRACT in {text_at(tag, "code") for tag in elements_at(bundle, "meta", "tag")}:
        content = tuple(_replacements(reader, changes))
    sources = {change.source for change in changes}
    source = reader.named_source or (sources.pop() if len(sources) == 1 else "")
    return FeedMessage(
        position=reader.position, kind="Bundle", source=source, sent=reader.sent, content=content
    )


def _bundle_entries(bundle: Resource, depth: int) -> Iterator[Resource]:
    for entry in elements_at(bundle, "entry"):
        resource = element_at(entry, "resource")
        if text_at(resource, "resourceType") != "Bundle":
            yield entry
        elif depth > 1:
            yield from _bundle_entries(resource, depth - 1)


def _sender(bundle: Resource, entries: list[Resource], context: FeedContext) -> str:
    names = [text_at(bundle, "identifier", "system")]
    for entry in entries:
        if text_at(entry, "resource", "resourceType") == "MessageHeader":
            source = element_at(entry, "resource", "source")
            names += [text_at(source, name) for name in ("name", "software", "endpoint")]
    systems = (context.systems_by_application.get(name.casefold()) for name in names)
    return next((system for system in systems if system), "")


def _read_deletion(reader: ResourceReader, url: str) -> list[Change]:
    kind, _, identity = url.partition("/")
    if kind not in RESOURCE_MAPPINGS or kind in _NEVER_DELETED or not identity:
        return []
    return [
        Change(
            type=kind,
            source=reader.source({}, kind),
            key=identity,
            sent=reader.sent,
            operation=Operation.DELETE,
            position=reader.position,
        )
    ]


def _replacements(reader: ResourceReader, changes: list[Change]) -> Iterator[Change | Replacement]:
    """One replacement a source; persons are added, never replaced."""
    changes_by_source: dict[str, list[Change]] = {}
    for change in changes:
        if change.type == "Patient":
            yield change
        else:
            changes_by_source.setdefault(change.source, []).append(change)
    for source, own_changes in changes_by_source.items():
        yield Replacement(
            types=tuple(sorted({change.type for change in own_changes})),
            source=source,
            sent=reader.sent,
            changes=tuple(own_changes),
            position=reader.position,
        )
