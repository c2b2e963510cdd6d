"""The segment or element that a finding is about, quoted with its values masked."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from downtime.feeds.file_format import FileFormat
from downtime.feeds.hl7.segments import decode_text
from downtime.feeds.masking import mask_element, mask_segment
from downtime.feeds.model import FeedMessage, Finding

MOST_QUOTED = 400
"""Characters: enough to see how a segment is built."""


def quote_message(message: FeedMessage, finding: Finding) -> str:
    """What of a message that was just read a finding is about; empty when it names no part of it."""
    if isinstance(message.raw, bytes):
        return _quote_segment(message.raw, finding.segment)
    return _quote_element(message.raw, finding.segment)


def quote_raw(data: bytes, file_format: FileFormat, finding: Finding) -> str:
    """The same for what is kept as it came."""
    if file_format is FileFormat.HL7:
        return _quote_segment(data, finding.segment)
    if file_format is not FileFormat.JSON:
        return ""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return ""
    return _quote_element(document, finding.segment) if isinstance(document, dict) else ""


def _quote_segment(data: bytes, place: str) -> str:
    """`PV1-2` is in the first PV1, `OBX 3` is the third OBX."""
    name, _, number = place.partition("-")[0].partition(" ")
    if not name or not data:
        return ""
    lines = [line for line in decode_text(data).splitlines() if line.startswith(name)]
    wanted = int(number) - 1 if number.isdigit() and number != "0" else 0
    return mask_segment(lines[wanted])[:MOST_QUOTED] if wanted < len(lines) else ""


def _quote_element(document: Mapping[str, Any], place: str) -> str:
    """`Observation.status` is in the first Observation of a bundle that has one."""
    kind, _, path = place.partition(".")
    name = path.split(".")[0].split("[")[0]
    for resource in _list_resources(document):
        if resource.get("resourceType") == kind and (not name or name in resource):
            part = {name: resource[name]} if name else resource
            return orjson.dumps(mask_element(part)).decode()[:MOST_QUOTED]
    return ""


def _list_resources(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield document
    entries = document.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield resource
