"""Give kept pages another type of picture, a few for each child process: flat in memory."""

import base64
from collections.abc import Iterator, Sequence

import orjson

from downtime.processes import sandbox
from downtime.scanning.kept_picture import PictureType
from downtime.settings import Settings

PAGES_EACH = 24


def recode_pages(
    settings: Settings, pictures: Sequence[bytes], wanted: PictureType
) -> Iterator[bytes]:
    """Each picture as the type that is wanted, in their order; empty where that cannot be."""
    waiting, entry = list(pictures), settings.entry
    while waiting:
        group, done = waiting[:PAGES_EACH], 0
        try:
            for line in sandbox.read_lines(
                "downtime.scanning.recode_sandbox",
                [wanted],
                entry.scan_memory_bytes,
                entry.scan_seconds,
                content=orjson.dumps([base64.b64encode(picture).decode() for picture in group]),
            ):
                yield base64.b64decode(orjson.loads(line))
                done += 1
        except sandbox.SandboxError:
            if done < len(group):  # this one took the child down; the next child goes on behind it
                yield b""
                done += 1
        waiting = waiting[done:]
