"""Reads files and folders of feeds: each message accepted with what it says, or rejected with why.

The format is found by content first, then by the file's suffix. Hidden files are left out, folders
are read to their depth, in the order of their names.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from downtime.config import Settings
from downtime.errors import NotFoundError
from downtime.feeds import hl7_messages
from downtime.feeds.changes import Message, Reject
from downtime.feeds.context import context as make_context


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that are named, and those in the folders that are named; NotFoundError."""
    for path in paths:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.is_file())
            yield from sorted(p for p in inside if not _is_hidden(p.relative_to(path)))
        elif path.exists():
            yield path
        else:
            raise NotFoundError(
                "feeds.missing", f"There is no file or folder {path}.", "Check the name."
            )


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def read(paths: Iterable[Path], settings: Settings) -> Iterator[Message | Reject]:
    """Every message of every file, in order; a fault in one never stops the rest."""
    context = make_context(settings)
    for path in files(paths):
        with path.open("rb") as stream:
            yield from hl7_messages.read(stream, str(path), context)
