"""What is inside a bundle: the header, then rows by type, one JSON text a line, in zstd frames.

A line is `["Observation", [row], [row] …]`; in a delta `["-Observation", "id", "id" …]` takes rows
away that the snapshot before had, before others come in their place. Frames may stand one behind
another in any number, so that a packed part can be carried again as it is.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, BinaryIO, NamedTuple

import orjson
import zstandard

from downtime.clinical.record_types import TYPES
from downtime.errors import InputError
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.row_layout import COLUMNS, Row, TypeRows
from downtime.snapshot.search_rows import SEARCH
from downtime.vault.sealing import incomplete_error

LEVEL = 3
REMOVED = "-"
"""Before the name of a type: ids of rows that are no more, or come anew."""
_MAX_WINDOW_BYTES = 1 << 27
_MAX_HEADER_BYTES = 1 << 24
_MAX_LINE_BYTES = 1 << 26
_MODULUS = 1 << 256
_FAULTS = (zstandard.ZstdError, KeyError, TypeError, ValueError)


def pack_row(row: Row) -> bytes:
    """A row as it stands in a line."""
    return orjson.dumps(row)


def write_line(name: str, packed: Iterable[bytes]) -> bytes:
    """Packed rows of one type, or packed ids of removed ones, as a line."""
    return b'["%b",%b]\n' % (name.encode(), b",".join(packed))


def join_lines(parts: Iterable[bytes]) -> bytes:
    """The same rows with as few lines as there are types: whoever reads them has less to do."""
    by_start: dict[bytes, list[bytes]] = {}
    for line in (line for lines in parts for line in lines.splitlines()):
        end_of_name = line.index(b",")
        by_start.setdefault(line[:end_of_name], []).append(line[end_of_name + 1 : -1])
    return b"".join(b"%b,%b]\n" % (start, b",".join(rows)) for start, rows in by_start.items())


def row_digest(name: str, packed: bytes) -> int:
    """The digest of one row. Those of a snapshot are added up, so that a change needs only its rows.

    Of 256 bits: what a laptop has after a delta is compared with what the publisher has. That the
    publisher said so is sure by its signature.
    """
    return int.from_bytes(hashlib.blake2b(packed, key=name.encode(), digest_size=32).digest())


def format_digest(total: int) -> str:
    """The sum of the digests of rows as the header has it."""
    return f"{total % _MODULUS:064x}"


@dataclass(slots=True)
class PackedRows:
    """Lines with what a header says of them."""

    lines: bytes = b""
    counts: dict[str, int] = field(default_factory=dict)
    digest: int = 0

    @classmethod
    def pack(cls, rows: Iterable[TypeRows]) -> "PackedRows":
        """Rows by type as lines."""
        packed = cls()
        lines = []
        for name, listed in rows:
            texts = list(map(pack_row, listed))
            lines.append(write_line(name, texts))
            if name in TYPES:
                packed.counts[name] = packed.counts.get(name, 0) + len(texts)
            packed.digest += sum(row_digest(name, text) for text in texts)
        packed.lines = b"".join(lines)
        return packed


def compress(lines: bytes) -> bytes:
    """One frame."""
    return zstandard.ZstdCompressor(level=LEVEL).compress(lines)


def write_payload(header: SnapshotHeader, frames: Iterable[bytes]) -> Iterator[bytes]:
    """The whole content in clear, in pieces: for memory only."""
    yield compress(orjson.dumps(header.to_json()) + b"\n")
    yield from frames


class Payload(NamedTuple):
    """A payload of which the header was read."""

    header: SnapshotHeader
    rows: Iterator[TypeRows]
    """By type; of a delta, under a name with `-` before it, ids instead of rows."""


def read_payload(stream: BinaryIO, limit: int) -> Payload:
    """The header, and the rows as they are asked for; never more than one line in memory.

    UntrustedError when it is not as its publisher wrote it, InputError when it is said to be larger
    than `limit` bytes when unpacked.
    """
    lines = _open_zstd(stream)
    try:
        header = SnapshotHeader.parse(orjson.loads(lines.readline(_MAX_HEADER_BYTES)))
    except _FAULTS:
        raise incomplete_error() from None
    check_unpacked(header.unpacked, limit)
    return Payload(header, _parse_lines(_iterate_lines(lines, header.unpacked), header))


def check_unpacked(size: int, limit: int) -> None:
    """Refuse what is larger than a setting when it is unpacked."""
    if size > limit:
        raise InputError(
            "bundle.too-large-unpacked",
            f"This bundle holds more than {limit} bytes when it is unpacked, the most that one may.",
            "If it is a bundle of this hospital, raise snapshot.max_unpacked_bytes.",
        )


def _open_zstd(stream: BinaryIO) -> BinaryIO:
    unpacker = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES)
    return io.BufferedReader(
        unpacker.stream_reader(stream, read_across_frames=True, closefd=False), 1 << 20
    )


def _iterate_lines(stream: BinaryIO, declared: int) -> Iterator[bytes]:
    """Lines, as long as all of them together are not longer than the header says."""
    size = 0
    try:
        while line := stream.readline(_MAX_LINE_BYTES):
            size += len(line)
            if size > declared:
                break
            yield line
    except _FAULTS:
        raise incomplete_error() from None
    if size != declared:
        raise incomplete_error()


def _parse_lines(lines: Iterable[bytes], header: SnapshotHeader) -> Iterator[TypeRows]:
    layouts = {name: _find_layout(name, header.columns.get(name, ())) for name in TYPES}
    try:
        for line in lines:
            name, *rows = orjson.loads(line)
            known = name.removeprefix(REMOVED)
            if known == SEARCH:
                yield name, rows
            if known not in TYPES:
                continue  # a newer publisher carries a type that this program does not know yet
            layout = layouts[known]
            if layout is not None and known == name:
                rows = [_rearrange(row, layout) for row in rows]
            yield name, rows
    except (AttributeError, IndexError, *_FAULTS):
        raise incomplete_error() from None


_Layout = list[tuple[int, Any]]
"""Of each of our columns its place in the publisher's row, -1 and our default when it has none."""


def _find_layout(name: str, sent: tuple[str, ...]) -> _Layout | None:
    """None when the publisher's rows have our columns."""
    if sent == COLUMNS[name]:
        return None
    places = {column: place for place, column in enumerate(sent)}
    young = {item.name: item.default for item in fields(TYPES[name])}
    return [(places.get(column, -1), young[column]) for column in COLUMNS[name]]


def _rearrange(row: list[Any], layout: _Layout) -> list[Any]:
    return [row[place] if place >= 0 else default for place, default in layout]
