"""Read what is on kept pages of issued forms, a few for each child process: flat in memory.

A page that takes its child down with it is for a person as a whole, and the next child goes on behind it.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from downtime.paper.layout.issued_page import IssuedContent
from downtime.paper.layout.model import FormLayout
from downtime.processes import sandbox
from downtime.scanning.page_reading import GateReason, PageReading, parse_reading
from downtime.settings import Settings

PAGES_EACH = 24
"""Pages that one child reads: it takes half a second to start, and its time is limited."""


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page as it is kept; `number` is the printed one, `layout` the digest of what it was printed on."""

    serial: str
    number: int
    layout: str
    is_drill: bool
    picture: bytes
    is_two_tone: bool = False
    content: IssuedContent | None = None
    """What was printed on its form; None where that was not kept."""


def read_issued_pages(
    settings: Settings, layouts: Mapping[str, FormLayout], pages: Sequence[KeptPage]
) -> Iterator[PageReading]:
    """One reading for each page, in their order."""
    waiting = list(pages)
    while waiting:
        group, done = waiting[:PAGES_EACH], 0
        try:
            for line in _start_child(settings, layouts, group):
                yield parse_reading(orjson.loads(line))
                done += 1
        except sandbox.SandboxError:
            if done < len(group):
                yield PageReading(group[done].number, gate=GateReason.FAILED)
                done += 1
        waiting = waiting[done:]


def _start_child(
    settings: Settings, layouts: Mapping[str, FormLayout], group: Sequence[KeptPage]
) -> Iterator[bytes]:
    work = {
        "layouts": {
            digest: write_layout(layouts[digest])
            for digest in sorted({page.layout for page in group})
        },
        "pages": [
            {
                "number": page.number,
                "layout": page.layout,
                "drill": page.is_drill,
                "two_tone": page.is_two_tone,
                "content": page.content and page.content._asdict(),
                "picture": base64.b64encode(page.picture).decode(),
            }
            for page in group
        ],
    }
    entry = settings.entry
    return sandbox.read_lines(
        "downtime.scanning.page_sandbox", [], entry.scan_memory_bytes, entry.scan_seconds,
        content=orjson.dumps(work),
    )  # fmt: skip


def write_layout(layout: FormLayout) -> dict[str, Any]:
    """A layout as JSON for a child process."""
    return {"geometry": layout.geometry(), "pdf": base64.b64encode(layout.pdf).decode()}
