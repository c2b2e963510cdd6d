"""FHIR R4 and R5 in JSON: single resources, lists of them, Bundles and NDJSON, to messages and rejects.

Each resource that stands alone is one message, and so is each Bundle, with bundles inside it. What
is not used is said: a type for which Downtime has no use, a resource without a patient. A deletion
in a transaction or history (`request.method` DELETE) takes its record away.

**Full extracts**: a Bundle whose `meta.tag` has the code `full-extract` replaces all that its
source has said before of the types of record it holds, persons excepted; every other Bundle adds
to what is known.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from downtime.clock import Clock, system_clock, to_text
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.fhir import (
    administration,
    clinical,
    diagnostics,
    documents,
    medications,
    workflow,
)
from downtime.feeds.fhir.bundles import (
    find_sender,
    has_failed,
    is_full_extract,
    list_entries,
    list_sender_names,
)
from downtime.feeds.fhir.data_types import element_at, elements_at, text_at
from downtime.feeds.fhir.json_documents import JsonDocument, parse_json, split_documents
from downtime.feeds.fhir.mappings import RESOURCE_MAPPINGS
from downtime.feeds.fhir.modifiers import has_modifiers, mark_change
from downtime.feeds.fhir.named import NAMED_TYPES, read_named_resource
from downtime.feeds.fhir.references import reference_address
from downtime.feeds.fhir.resource_reader import Resource, ResourceReader
from downtime.feeds.model import (
    Change,
    FeedMessage,
    FindingKind,
    Operation,
    Origin,
    Position,
    Reject,
    Replacement,
    UnusableMessageError,
)
from downtime.feeds.named_resources import NAMED_RESOURCE
from downtime.feeds.rejects import accept_or_reject
from downtime.feeds.server_addresses import split_address

MAPPING_MODULES = (administration, clinical, diagnostics, documents, medications, workflow)
"""Importing them fills `RESOURCE_MAPPINGS`; named after the modules of FHIR R4."""
_NEVER_DELETED = frozenset({"Patient", "ServiceRequest", "Location"})
_WRAPPING = frozenset(
    {"MessageHeader", "OperationOutcome", "Provenance", "SubscriptionStatus", "Parameters"}
)
"""What carries or describes the rest of a bundle, and says nothing of a patient itself."""
_CONTAINED = frozenset({"Patient", "Observation"})
"""What is a record of its own also inside another resource."""
_LONGEST_NAME = 64
_NO_USE = "Downtime has no use for this type of resource"
_UNUSED = {
    "MedicationStatement": "what a patient takes as they say is no prescription: it is not used",
    "MedicationDispense": "what a pharmacy gave out is no dose: it is not used",
    "List": "a list of other resources: it is not used, they are",
}
"""Why a type is not used, where that is not plain."""
_NOTHING = "it says nothing that Downtime keeps"


def read_fhir(
    stream: BinaryIO,
    name: str,
    context: FeedContext,
    clock: Clock = system_clock,
    modified: str = "",
) -> Iterator[FeedMessage | Reject]:
    """The resources of one JSON or NDJSON file, in order; the clock tells which periods are over.

    `modified` (UTC) is when a resource was sent that does not say so itself.
    """
    number, now = 0, to_text(clock())
    settings = context.settings.feeds
    for document in split_documents(stream, settings.max_message_bytes):
        try:
            parsed = parse_json(document.data, settings)
        except UnusableMessageError as error:
            number += 1
            yield Reject(
                position=Position(name, number),
                segment=error.segment,
                reason=error.reason,
                origin=Origin(line=document.line),
            )
            continue
        for resource in parsed if isinstance(parsed, list) else [parsed]:
            number += 1
            position = Position(name, number)
            yield _read_or_reject(resource, position, context, now, document, modified)


def _read_or_reject(
    resource: Any,
    position: Position,
    context: FeedContext,
    now: str,
    document: JsonDocument,
    modified: str,
) -> FeedMessage | Reject:
    origin = Origin(_type_name(resource), text_at(resource, "id"), line=document.line)
    read = partial(read_resource, resource, position, context, now, document.line, modified)
    item = accept_or_reject(position, read)
    return replace(item, origin=origin) if isinstance(item, Reject) else item


def read_resource(
    resource: Any,
    position: Position,
    context: FeedContext,
    now: str,
    line: int = 0,
    modified: str = "",
) -> FeedMessage:
    """What one resource or Bundle says; UnusableMessageError when it is no FHIR resource."""
    kind = _type_name(resource)
    if not kind:
        raise UnusableMessageError("", "the JSON has no resourceType: it is not a FHIR resource")
    entries = list_entries(resource) if kind == "Bundle" else []
    sender = find_sender(list(list_sender_names(resource, entries)), context)
    context = context.for_message(sender, "", position.file)
    system = context.known_system(sender)
    reader = ResourceReader(context, position, now, named_source=system, modified=modified)
    reader.sent = times.parse_instant(text_at(resource, "timestamp"), context.zone)
    reader.sent = reader.sent or reader.updated(resource)
    if kind == "Bundle":
        _note_incomplete(reader, resource)
        content = _read_bundle(reader, resource, entries)
    else:
        reader.add("", resource)
        _add_results(reader, resource)
        content = tuple(_read_changes(reader, resource))
    return FeedMessage(
        position=position,
        kind=kind,
        source=_find_source(reader, resource, content),
        sent=reader.sent,
        content=content,
        origin=Origin(kind, _find_number(resource), sender, reader.sent, line),
        findings=tuple(reader.findings),
        unused="" if content else _why_unused(reader, kind),
        raw=resource,
    )


def _type_name(resource: Any) -> str:
    """The type of a resource; empty when what stands there is no name of a type."""
    kind = text_at(resource, "resourceType")
    return kind if kind.isascii() and kind.isalpha() and len(kind) <= _LONGEST_NAME else ""


def _find_number(resource: Resource) -> str:
    return text_at(resource, "id") or text_at(resource, "identifier", "value")


def _find_source(
    reader: ResourceReader, resource: Resource, content: tuple[Change | Replacement, ...]
) -> str:
    """The system that a message is of: named, else the only one of its records."""
    sources = {item.source for item in content}
    if reader.named_source or len(sources) != 1:
        return reader.named_source
    return sources.pop()


def _why_unused(reader: ResourceReader, kind: str) -> str:
    """Why nothing is taken: as the profile says, else what was found in the first place."""
    if kind in reader.context.profile.not_used:
        return "the profile of its source leaves it out"
    return next((finding.text for finding in reader.findings), _NOTHING)


def _read_changes(reader: ResourceReader, resource: Resource) -> list[Change]:
    kind = _type_name(resource)
    if kind in reader.context.profile.not_used or kind in _WRAPPING:
        return []
    mapping = RESOURCE_MAPPINGS.get(kind)
    if mapping is None and kind not in NAMED_TYPES:
        reason = _UNUSED.get(kind, f"{_NO_USE}: {kind}")
        reader.note(FindingKind.NOT_READ, resource, "", reason)
        return []
    changes: list[Change] = []
    for contained in elements_at(resource, "contained") if mapping else ():
        inner_kind = text_at(contained, "resourceType")
        if inner_kind in _CONTAINED:
            changes += RESOURCE_MAPPINGS[inner_kind](reader, contained)
    if kind in NAMED_TYPES:
        changes += read_named_resource(reader, resource)
    changes += mapping(reader, resource) if mapping else []
    if not has_modifiers(resource):
        return changes
    reason = (
        "an extension changes its meaning in a way that is not known: look in the source system"
    )
    reader.note(FindingKind.NOT_READ, resource, "modifierExtension", reason)
    return list(map(mark_change, changes))


def _note_incomplete(reader: ResourceReader, bundle: Resource) -> None:
    """Says that an answer of a server is not the whole of it."""
    if has_failed(bundle):
        reason = "the server says that something was wrong with this answer: it may be incomplete"
        reader.note(FindingKind.NOT_READ, bundle, "entry", reason)
    links = {text_at(link, "relation") for link in elements_at(bundle, "link")}
    if "next" in links and Path(reader.position.file).suffix:  # who pulls pages asks for the next
        reason = "the answer goes on on another page: see that all pages are sent"
        reader.note(FindingKind.REFERENCE_UNRESOLVED, bundle, "link", reason)


def _add_results(reader: ResourceReader, resource: Any) -> None:
    if text_at(resource, "resourceType") == "DiagnosticReport":
        reader.add_results(resource)


def _read_bundle(
    reader: ResourceReader, bundle: Resource, entries: list[Resource]
) -> tuple[Change | Replacement, ...]:
    for entry in entries:
        resource = element_at(entry, "resource")
        if isinstance(resource, dict):
            reader.add(text_at(entry, "fullUrl"), resource)
    for entry in entries:
        _add_results(reader, element_at(entry, "resource"))
    changes: list[Change] = []
    for entry in entries:
        changes += _read_entry(reader, entry)
    return tuple(_replacements(reader, changes) if is_full_extract(bundle) else changes)


def _read_entry(reader: ResourceReader, entry: Resource) -> list[Change]:
    method = text_at(entry, "request", "method").upper()
    if method == "DELETE":
        return _read_deletion(reader, entry)
    resource = element_at(entry, "resource")
    if not isinstance(resource, dict):
        return []
    if method == "PATCH":
        reason = "a change of single elements (PATCH) is not read"
        reader.note(FindingKind.NOT_READ, resource, "", reason)
        return []
    return _read_changes(reader, resource)


def _read_deletion(reader: ResourceReader, entry: Resource) -> list[Change]:
    address = reference_address({"reference": text_at(entry, "request", "url")})
    kind, _, identity = split_address(address).path.partition("/")
    if kind not in RESOURCE_MAPPINGS or kind in _NEVER_DELETED or not identity:
        element = {"resourceType": kind.partition("?")[0]}
        reason = "a deletion that is not followed: of its type, or of no single resource"
        reader.note(FindingKind.NOT_READ, element, "", reason)
        return []
    modified = text_at(entry, "response", "lastModified")
    deleted = times.parse_instant(modified, reader.context.zone)
    if kind == "Encounter":
        reason = "a deletion of a stay is not followed where a visit number is its key"
        reader.note(FindingKind.NOT_READ, {"resourceType": kind}, "", reason)
    return [
        Change(
            type="DocumentReference" if kind == "Composition" else kind,
            source=reader.source({}, kind),
            key=identity,
            event=deleted,
            sent=reader.sent or deleted or reader.modified,
            operation=Operation.DELETE,
            position=reader.position,
        )
    ]


def _replacements(reader: ResourceReader, changes: list[Change]) -> Iterator[Change | Replacement]:
    """One replacement a source; persons and names are added, never replaced."""
    changes_by_source: dict[str, list[Change]] = {}
    for change in changes:
        if change.type in ("Patient", NAMED_RESOURCE):
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
