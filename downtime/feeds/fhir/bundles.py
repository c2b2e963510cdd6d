"""The entries of a FHIR Bundle, of whatever type, in the order in which they happened.

A history lists the newest first, so it is read from its end; the time of a version is its
`meta.lastUpdated`, else the entry's `response.lastModified`; a deletion that names neither came after
what stands before it. Bundles inside a bundle are read as
part of it. The outcome that a search adds is no result.
"""

from collections.abc import Iterator
from typing import Any

from downtime.feeds.context import FeedContext
from downtime.feeds.fhir.data_types import element_at, elements_at, text_at
from downtime.feeds.fhir.resource_reader import Resource

FULL_EXTRACT = "full-extract"
"""The code of a Bundle's `meta.tag` that makes it a full extract."""
_DEPTH = 4
_OUTCOME = "outcome"
_FAULTS = ("fatal", "error", "warning")
_INCOMPLETE = ("incomplete", "too-costly", "truncated", "timeout", "throttled")


def list_entries(bundle: Resource, depth: int = _DEPTH) -> list[Resource]:
    """The entries, oldest first as far as the bundle says so."""
    entries: list[Resource] = []
    for entry in elements_at(bundle, "entry"):
        resource = element_at(entry, "resource")
        if text_at(resource, "resourceType") != "Bundle":
            if text_at(entry, "search", "mode") != _OUTCOME:
                entries.append(_with_time(entry))
        elif depth > 1:
            entries += list_entries(resource, depth - 1)
    return _date_deletions(entries[::-1]) if text_at(bundle, "type") == "history" else entries


def _date_deletions(entries: list[Resource]) -> list[Resource]:
    """The entries of a history; a deletion without a time has that of the newest one before it."""
    newest, dated = "", []
    for entry in entries:
        time = text_at(entry, "resource", "meta", "lastUpdated")
        time = time or text_at(entry, "response", "lastModified")
        newest = max(newest, time)
        dated.append(entry if time else {**entry, "response": {"lastModified": newest}})
    return dated


def has_failed(bundle: Resource) -> bool:
    """Whether a server says beside its answer that not all of it is there."""
    outcomes = (element_at(entry, "resource") for entry in elements_at(bundle, "entry"))
    issues = (
        issue
        for outcome in outcomes
        if text_at(outcome, "resourceType") == "OperationOutcome"
        for issue in elements_at(outcome, "issue")
    )
    return any(
        text_at(issue, "severity") in _FAULTS or text_at(issue, "code") in _INCOMPLETE
        for issue in issues
    )


def _with_time(entry: Resource) -> Resource:
    """The entry, its resource changed when the server says it did and the resource does not."""
    resource, modified = element_at(entry, "resource"), text_at(entry, "response", "lastModified")
    if not isinstance(resource, dict) or not modified or text_at(resource, "meta", "lastUpdated"):
        return entry
    meta = element_at(resource, "meta")
    meta = {**(meta if isinstance(meta, dict) else {}), "lastUpdated": modified}
    return {**entry, "resource": {**resource, "meta": meta}}


def is_full_extract(bundle: Resource) -> bool:
    """Whether a Bundle is all that its source has of the types that it holds."""
    return FULL_EXTRACT in {text_at(tag, "code") for tag in elements_at(bundle, "meta", "tag")}


def list_sender_names(resource: Any, entries: list[Resource]) -> Iterator[str]:
    """What a document may call its sender: the most certain first."""
    yield text_at(resource, "meta", "source").split("#")[0]
    for entry in entries:
        if text_at(entry, "resource", "resourceType") == "MessageHeader":
            source = element_at(entry, "resource", "source")
            for name in ("name", "software", "endpoint", "endpointUrl"):
                yield text_at(source, name)
    if entries:
        yield text_at(resource, "identifier", "system")


def find_sender(names: list[str], context: FeedContext) -> str:
    """The first name that is a known application, else the first there is."""
    known = (name for name in names if name.casefold() in context.systems_by_application)
    return next(known, next(filter(None, names), ""))
