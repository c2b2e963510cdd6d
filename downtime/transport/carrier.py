"""A place where sealed files are left and fetched, whichever of the five kinds it is.

A file keeps its name and its content for good; only small pointers are replaced, each in one step.
Names have `/` between their parts. Every method raises OSError when the place cannot be used.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple, Protocol, Self

from downtime.transport.faults import faults_as_os_errors
from downtime.transport.pace import Pace, Traffic

PASSING = ".part-"
"""A file whose name begins so is being written."""


class SmallFile(NamedTuple):
    """A small file, and by what the server knows this content; empty when it does not say."""

    content: bytes
    version: str = ""


class Carrier(Protocol):
    """What each kind can do."""

    block_bytes: int
    """Bytes that are read or written at a time."""

    def read_small(self, name: str, limit: int, known: str) -> SmallFile | None:
        """A file, of which at most `limit` + 1 bytes are read; None when it is still `known`."""

    def read_block(self, name: str, offset: int, size: int) -> bytes:
        """A part of a file; shorter at its end."""

    def find_size(self, name: str) -> int | None:
        """How long a file is; None when there is none."""

    def write_file(self, name: str, blocks: Iterable[bytes]) -> None:
        """Write a new file, whole or not at all; folders on its way are made."""

    def replace_file(self, name: str, content: bytes) -> None:
        """Write a small file in the place of an older one, in one step."""

    def list_names(self, folder: str) -> Iterator[str]:
        """The names in a folder, in no order; none when there is no such folder."""

    def remove_file(self, name: str) -> None:
        """Remove a file, which may be gone already."""

    def close(self) -> None:
        """Let go of the connection."""


class PacedCarrier:
    """A carrier whose faults are all OSErrors, whose traffic is counted, and its speed limited."""

    def __init__(self, carrier: Carrier, pace: Pace) -> None:
        self._carrier = carrier
        self._pace = pace
        self.traffic = Traffic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def read_small(self, name: str, limit: int, known: str = "") -> SmallFile | None:
        """A small file; None when its content is still the `known` version."""
        self.traffic.reads += 1
        with faults_as_os_errors():
            file = self._carrier.read_small(name, limit, known)
        self._receive(len(file.content) if file else 0)
        return file

    def read_blocks(self, name: str, offset: int, size: int) -> Iterator[bytes]:
        """The rest of a file of a known size, from `offset` on; EOFError when it is shorter."""
        while offset < size:
            wanted = min(self._pace.limit_block(self._carrier.block_bytes), size - offset)
            self.traffic.reads += 1
            with faults_as_os_errors():
                block = self._carrier.read_block(name, offset, wanted)
            if not block:
                raise EOFError
            self._receive(len(block))
            yield block
            offset += len(block)

    def has_file(self, name: str, size: int) -> bool:
        """Whether a file of that size is there."""
        self.traffic.reads += 1
        with faults_as_os_errors():
            return self._carrier.find_size(name) == size

    def write_file(self, name: str, stream: BinaryIO) -> None:
        """Write a new file, whole or not at all."""
        with faults_as_os_errors():
            self._carrier.write_file(name, self._send(stream))
        self.traffic.writes += 1

    def replace_file(self, name: str, content: bytes) -> None:
        """Write a small file in the place of an older one, in one step."""
        self._pace.spend(len(content))
        self.traffic.writes += 1
        self.traffic.bytes_out += len(content)
        with faults_as_os_errors():
            self._carrier.replace_file(name, content)

    def list_names(self, folder: str = "") -> Iterator[str]:
        """The names in a folder, in no order."""
        self.traffic.writes += 1
        with faults_as_os_errors():
            yield from self._carrier.list_names(folder)

    def remove_file(self, name: str) -> None:
        """Remove a file, which may be gone already."""
        with faults_as_os_errors():
            self._carrier.remove_file(name)

    def close(self) -> None:
        """Let go of the connection."""
        with faults_as_os_errors():
            self._carrier.close()

    def _receive(self, size: int) -> None:
        self.traffic.bytes_in += size
        self._pace.spend(size)

    def _send(self, stream: BinaryIO) -> Iterator[bytes]:
        while block := stream.read(self._carrier.block_bytes):
            self._pace.spend(len(block))
            self.traffic.writes += 1
            self.traffic.bytes_out += len(block)
            yield block
