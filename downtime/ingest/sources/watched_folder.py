"""Takes files out of a folder, near or far, once each is whole; moves it to `done` or `failed`.

A file is whole when its size and time have stayed the same between two looks, and its name is none
that programs give to files which they still write. One that was read and could not be moved before
the power failed is read again: the ledger has its messages already.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import islice
from typing import NamedTuple

import orjson

from downtime.ingest.sources.folder_settings import FolderSettings
from downtime.ingest.sources.polling import DocumentCounts, PollContext
from downtime.ingest.split_file import describe_too_large, split_stream
from downtime.transport.remote_folder import FolderFile, RemoteFolder

UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".writing", ".lock", "~")
BATCH_MESSAGES = 1_000


class _Sighting(NamedTuple):
    version: str
    since: float


@dataclass(slots=True)
class WatchedFolder:
    """One folder; what it remembers between two looks is which files have changed."""

    source: FolderSettings
    context: PollContext
    timer: Callable[[], float] = time.monotonic
    _sightings: dict[str, _Sighting] = field(default_factory=dict)

    def poll(self) -> None:
        """Look once. OSError when it cannot be reached; a file that cannot be read stops no other."""
        folder = RemoteFolder(self.source.address())
        files = [file for file in folder.list_files() if self._is_wanted(file)]
        taken = self._read_position()
        for file in self._whole_files(files):
            if self.context.stopping.is_set():
                break
            if taken.get(file.name) != file.version:
                self._take(folder, file)
                taken[file.name] = file.version
        if self.source.leave:
            present = {file.name for file in files}
            position = {name: version for name, version in taken.items() if name in present}
            self.context.position.save(orjson.dumps(position).decode())

    def _read_position(self) -> dict[str, str]:
        """Files that were left in place, and in which version they were read."""
        text = self.context.position.fetch() if self.source.leave else ""
        return dict(orjson.loads(text)) if text else {}

    def _is_wanted(self, file: FolderFile) -> bool:
        name = file.name
        is_unfinished = name.startswith((".", "~")) or name.lower().endswith(UNFINISHED)
        return not is_unfinished and fnmatchcase(name.lower(), self.source.pattern.lower())

    def _whole_files(self, files: list[FolderFile]) -> Iterator[FolderFile]:
        now, before = self.timer(), self._sightings
        self._sightings = {
            file.name: sighting
            if (sighting := before.get(file.name)) and sighting.version == file.version
            else _Sighting(file.version, now)
            for file in files
        }
        for file in files:
            is_old = now - self._sightings[file.name].since >= self.source.stable_seconds
            if is_old and file.name in before:
                yield file

    def _take(self, folder: RemoteFolder, file: FolderFile) -> None:
        try:
            counts = self._record(folder, file)
        except (FileNotFoundError, PermissionError) as error:
            self.context.health.note_fault(f"A file cannot be read: {error.strerror}.")
            return
        if counts.rejected:
            self.context.health.note_fault(
                f"{counts.rejected} of {counts.messages} messages of a file cannot be read:"
                f" {counts.reason}."
            )
        if not self.source.leave:
            target = self.source.failed if counts.is_refused else self.source.done
            folder.move_file(file.name, target, self.context.clock())

    def _record(self, folder: RemoteFolder, file: FolderFile) -> DocumentCounts:
        feeds, counts = self.context.settings.feeds, DocumentCounts()
        if file.size > feeds.max_file_bytes:
            with folder.open_file(file.name) as stream:
                cut = describe_too_large(stream, file.name, file.modified, self.context.name)
            self.context.record([cut], counts)
            return counts
        with folder.open_file(file.name) as stream:
            parts = split_stream(
                stream, file.name, file.modified, self.context.name, feeds.max_message_bytes
            )
            while batch := list(islice(parts, BATCH_MESSAGES)):
                self.context.record(batch, counts)
        if not counts.messages:
            counts.add_refused("no message was found in it")
        return counts
