"""Read the files of a batch page by page, a few pages for each child process: flat in memory.

A page that takes its child down with it is a damaged page, and the next child goes on behind it.
"""

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from PIL import Image

from downtime.processes import sandbox
from downtime.scanning.scan_codes import ScannedPage, parse_page
from downtime.settings import Settings

PAGES_EACH = 24
"""Pages that one child reads: it takes a third of a second to start, and its time is limited."""
MOST_DEATHS = 25
"""Children that one file may take down in a row, a page each, before the rest of it is given up."""
_BLOCK = 1_048_576


@dataclass(frozen=True, slots=True)
class FileToRead:
    """A file by its digest: where it lies, or what a browser sent; and the first page to read."""

    sha256: str
    name: str
    path: Path | None = None
    content: bytes = b""
    first: int = 1


@dataclass(frozen=True, slots=True)
class ReadPage:
    """One page of a file; `page` is None where it cannot be opened. `is_last` ends the file."""

    file: FileToRead
    place: int
    page: ScannedPage | None
    is_last: bool = False
    is_locked: bool = False
    """It cannot be opened without a password."""


def digest_file(path: Path) -> str:
    """SHA-256 of a file, block by block. OSError when it cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def read_pages(settings: Settings, files: Sequence[FileToRead]) -> Iterator[ReadPage]:
    """Every page of the files, in their order, and after the last page of each a line that ends it.

    Files with a path share a child; one with content has its own.
    """
    waiting, deaths = list(files), 0
    while waiting:
        group, finished = _first_group(waiting), 0
        for line in _read_lines(settings, group):
            file = group[line["file"]]
            deaths = deaths + 1 if line.get("died") else 0
            if "place" in line:
                page = None if line.get("damaged") else parse_page(line)
                yield ReadPage(file, line["place"], page, is_locked=bool(line.get("locked")))
                waiting[finished] = replace(file, first=line["place"] + 1)
            if line.get("over") or line.get("is_hopeless") or deaths == MOST_DEATHS:
                yield ReadPage(file, 0, None, is_last=True)
                finished, deaths = finished + 1, 0
        waiting = waiting[finished:]


def _first_group(waiting: Sequence[FileToRead]) -> list[FileToRead]:
    if waiting[0].path is None:
        return [waiting[0]]
    group: list[FileToRead] = []
    for file in waiting[:PAGES_EACH]:
        if file.path is None:
            break
        group.append(file)
    return group


def _read_lines(settings: Settings, group: Sequence[FileToRead]) -> Iterator[dict[str, Any]]:
    """What a child says of a group. Where it dies, the page that it was at is damaged."""
    entry = settings.entry
    work = [{"path": str(file.path or ""), "first": file.first} for file in group]
    content = orjson.dumps(work) + b"\n" + group[0].content
    number, place, is_open = 0, group[0].first, False
    try:
        for text in sandbox.read_lines(
            "downtime.scanning.batch_sandbox",
            [str(PAGES_EACH)],
            entry.scan_memory_bytes,
            entry.scan_seconds,
            content=content,
        ):
            line = orjson.loads(text)
            number = line["file"] + bool(line.get("over"))
            is_open = not line.get("over")
            place = (
                line["place"] + 1 if "place" in line else group[min(number, len(group) - 1)].first
            )
            yield line
    except sandbox.SandboxError:
        if number < len(group):
            death = {"damaged": True, "died": True, "is_hopeless": not is_open}
            yield {"file": number, "place": place, **death}


def read_size(picture: bytes) -> tuple[int, int]:
    """Width and height of a picture that this program made."""
    with Image.open(io.BytesIO(picture)) as opened:
        return opened.size
