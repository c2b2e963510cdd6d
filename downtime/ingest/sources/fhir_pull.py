"""Asks a FHIR server for what has changed, page by page, and has each page kept as it came.

A search goes from the newest change that was seen (`_lastUpdated=ge`, some time before it, because
servers show changes late and give several the same stamp); what was seen before is told by id and
version, and a page that holds nothing else is not kept again. What a server deletes it does not
show: stays and lists end by their status.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import orjson

from downtime.clock import to_text
from downtime.errors import InputError
from downtime.feeds.file_format import FileFormat
from downtime.ingest.model import RawMessage
from downtime.ingest.sources.fhir_client import FhirReader, open_reader, parse_instant
from downtime.ingest.sources.fhir_settings import FhirSettings
from downtime.ingest.sources.polling import Deadline, DocumentCounts, PollContext


class _Version(NamedTuple):
    """A resource as a page shows it."""

    key: str
    version: str
    updated: str


@dataclass(slots=True)
class _Progress:
    """Up to where a search has been read, and what was seen not long before its newest change."""

    since: str = ""
    """The newest change of the last search that was read to its end."""
    newest: str = ""
    """The newest change of any page."""
    seen: dict[str, list[str]] = field(default_factory=dict)
    """Version and time of change, by type and id."""

    def is_new(self, resource: _Version) -> bool:
        """Whether this version was not seen; one without a version always is."""
        before = self.seen.get(resource.key)
        return not resource.version or before is None or before[0] != resource.version

    def add(self, resources: Iterable[_Version], overlap_seconds: float) -> None:
        """Remember a page, as long as the next search may show it again."""
        for resource in resources:
            self.seen[resource.key] = [resource.version, resource.updated]
        moments = [m for _, text in self.seen.values() if (m := parse_instant(text))]
        if not moments:
            self.seen.clear()
            return
        newest = max(moments)
        self.newest = _format_instant(newest)
        start = newest - timedelta(seconds=overlap_seconds)
        self.seen = {
            key: value
            for key, value in self.seen.items()
            if (moment := parse_instant(value[1])) and moment >= start
        }


@dataclass(slots=True)
class FhirPull:
    """One server."""

    source: FhirSettings
    context: PollContext

    def poll(self) -> None:
        """Make every search once. A UserError says why one could not be finished."""
        position = self._read_position()
        pause = self.context.stopping.wait
        with open_reader(self.source, self.context.clock, pause) as reader:
            for query in self.source.queries:
                if self.context.stopping.is_set():
                    return
                progress = position.setdefault(query, _Progress())
                try:
                    self._search(reader, query, progress)
                finally:  # of a search that was broken off the pages that came are known
                    self._save_position(position)

    def _search(self, reader: FhirReader, query: str, progress: _Progress) -> None:
        deadline, asked = Deadline(self.source.query_seconds), set[str]()
        url = self._first_url(query, progress)
        while url:
            if url in asked:
                raise _page_error("leads round in a circle")
            asked.add(url)
            bundle = self._take_page(reader.get_page(url, deadline), query, progress)
            url = self._next_url(url, bundle)
            if self.context.stopping.is_set():
                return
        progress.since = progress.newest

    def _first_url(self, query: str, progress: _Progress) -> str:
        resource_type, _, text = query.partition("?")
        parameters = parse_qsl(text, keep_blank_values=True)
        parameters.append(("_count", str(self.source.page_size)))
        if newest := parse_instant(progress.since):
            start = newest - timedelta(seconds=self.source.overlap_seconds)
            parameters.append(("_lastUpdated", f"ge{_format_instant(start)}"))
        return f"{self.source.url.rstrip('/')}/{resource_type}?{urlencode(parameters)}"

    def _take_page(self, body: bytes, query: str, progress: _Progress) -> Mapping[str, Any]:
        bundle = _parse_bundle(body)
        resources = list(_list_versions(bundle))
        if any(progress.is_new(resource) for resource in resources):
            modified = max((m for r in resources if (m := parse_instant(r.updated))), default=None)
            raw = RawMessage(
                self.context.name,
                FileFormat.JSON,
                query.partition("?")[0],
                1,
                body,
                to_text(modified) if modified else "",
            )
            counts = DocumentCounts()
            self.context.record([raw], counts)
            if counts.rejected:
                self.context.health.note_fault(
                    f"{counts.rejected} resources cannot be read: {counts.reason}."
                )
        progress.add(resources, self.source.overlap_seconds)
        return bundle

    def _next_url(self, url: str, bundle: Mapping[str, Any]) -> str:
        """The next page; empty on the last. It has to be on the same server, which has our token."""
        links = bundle.get("link")
        for link in links if isinstance(links, list) else []:
            if isinstance(link, Mapping) and link.get("relation") == "next":
                following = urljoin(url, str(link.get("url", "")))
                if urlsplit(following)[:2] != urlsplit(self.source.url)[:2]:
                    raise _page_error("is on another server")
                return following
        return ""

    def _read_position(self) -> dict[str, _Progress]:
        text = self.context.position.fetch()
        values = orjson.loads(text) if text else {}
        return {
            query: _Progress(**value)
            for query, value in values.items()
            if query in self.source.queries
        }

    def _save_position(self, position: Mapping[str, _Progress]) -> None:
        self.context.position.save(orjson.dumps(position).decode())


def _parse_bundle(body: bytes) -> Mapping[str, Any]:
    try:
        bundle = orjson.loads(body)
    except orjson.JSONDecodeError:
        bundle = None
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise InputError(
            "source.answer", "The server answered a search with something else than a Bundle.",
            "Check url and queries of this source.",
        )  # fmt: skip
    return bundle


def _list_versions(bundle: Mapping[str, Any]) -> Iterator[_Version]:
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else []:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or resource.get("resourceType") == "OperationOutcome":
            continue
        meta = resource.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        updated = str(meta.get("lastUpdated", ""))
        version = str(meta.get("versionId", "")) or updated
        yield _Version(f"{resource.get('resourceType')}/{resource.get('id')}", version, updated)


def _format_instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _page_error(fault: str) -> InputError:
    return InputError(
        "source.page", f"The link to a next page {fault}.", "Tell who runs that server."
    )
