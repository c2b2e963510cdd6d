"""Which printed pages a scanned page without a readable code may be: candidates for a person, never a decision."""

import base64
from collections.abc import Sequence
from typing import NamedTuple

import orjson

from downtime.paper.layout.model import FormLayout
from downtime.processes import sandbox
from downtime.scanning.read_issued_pages import write_layout
from downtime.settings import Settings


class PageCandidate(NamedTuple):
    """A printed page, and how alike the scanned one is to it, 0 to 1."""

    layout: FormLayout
    number: int
    likeness: float


def find_layouts(
    settings: Settings, picture: bytes, layouts: Sequence[FormLayout]
) -> list[PageCandidate]:
    """All pages of these layouts, the likest first; none of a picture that cannot be measured."""
    work = {
        "picture": base64.b64encode(picture).decode(),
        "layouts": {layout.digest: write_layout(layout) for layout in layouts},
    }
    entry = settings.entry
    try:
        lines = sandbox.read_lines(
            "downtime.scanning.layout_sandbox", [], entry.scan_memory_bytes, entry.scan_seconds,
            content=orjson.dumps(work),
        )  # fmt: skip
        answer = orjson.loads(b"".join(lines))
    except sandbox.SandboxError:
        return []
    candidates = [
        PageCandidate(layout, number, likeness)
        for layout in layouts
        for number, likeness in enumerate(answer[layout.digest], 1)
    ]
    return sorted(candidates, key=lambda page: -page.likeness)
