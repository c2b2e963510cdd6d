"""Put the packed segments of a state together: for each scope what is in it, and what has changed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import orjson
import sqlite_utils

from downtime.snapshot import payload
from downtime.snapshot.cut_cells import EVERY_SCOPE, WARD_SEPARATOR
from downtime.snapshot.footprint import Footprint, merge_footprints
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.payload import REMOVED, compress, format_digest, row_digest
from downtime.snapshot.row_layout import COLUMNS
from downtime.snapshot.store import cell_tables
from downtime.snapshot.store.cell_tables import PublishedState

SITE = ""
_DELTA_SHARE = 0.5
_SMALL_BYTES = 1 << 24
"""Once more than this, and such a share of all rows, has changed, a delta is not worth its work."""
_MOST_BYTES = 1 << 26
"""More than this is not held in memory to find a delta."""
_Row = tuple[str, bytes]
"""The name of a type, and a packed row."""


@dataclass(slots=True)
class ScopeContent:
    """What a bundle of one scope holds."""

    scope: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COLUMNS, 0))
    digest: int = 0
    size: int = 0
    wards: set[str] = field(default_factory=set)

    @property
    def content(self) -> str:
        """The digest as the header has it."""
        return format_digest(self.digest)

    def complete(self, header: SnapshotHeader) -> SnapshotHeader:
        """The header of the site as the header of this scope."""
        wards = self.scope.split(WARD_SEPARATOR) if self.scope else {*header.wards, *self.wards}
        return replace(
            header,
            scope=self.scope,
            wards=tuple(sorted(wards)),
            counts=self.counts,
            content=self.content,
            unpacked=self.size,
            columns=COLUMNS,
        )


@dataclass(frozen=True, slots=True)
class Changes:
    """The rows that are no more, and those that are new."""

    removed: Mapping[_Row, str]
    """With the wards of each."""
    added: Mapping[_Row, str]


def is_in_scope(wards: str, scope: str) -> bool:
    """Whether rows of a part belong into a scope."""
    if not scope or wards == EVERY_SCOPE:
        return True
    return not set(wards.split(WARD_SEPARATOR)).isdisjoint(scope.split(WARD_SEPARATOR))


def collect_scopes(
    db: sqlite_utils.Database, scopes: Iterable[str]
) -> tuple[list[ScopeContent], Footprint]:
    """The content of the site and of each scope, and what the site looks like in short."""
    contents = [ScopeContent(scope) for scope in (SITE, *scopes)]
    footprints = []
    for segment in cell_tables.iterate_segments(db):
        footprints.append(Footprint.parse(segment.footprint))
        for content in contents:
            if is_in_scope(segment.wards, content.scope):
                content.digest += segment.digest
                content.size += segment.size
                if segment.wards != EVERY_SCOPE:
                    content.wards.update(filter(None, segment.wards.split(WARD_SEPARATOR)))
                for name, count in segment.counts.items():
                    content.counts[name] += count
    return contents, merge_footprints(footprints)


def iterate_frames(db: sqlite_utils.Database, scope: str) -> Iterator[bytes]:
    """The packed segments of a scope, one after the other."""
    for wards, frame in cell_tables.iterate_frames(db):
        if is_in_scope(wards, scope):
            yield frame


def find_changes(db: sqlite_utils.Database, published: PublishedState, size: int) -> Changes | None:
    """What has changed since a snapshot; None when that is most of all there is, or very much."""
    most = min(max(_DELTA_SHARE * size, _SMALL_BYTES), _MOST_BYTES)
    if cell_tables.count_changed(db, published.build) > most:
        return None
    removed, added = dict(_list_rows(cell_tables.iterate_base(db))), dict[_Row, str]()
    for row, wards in _list_rows(cell_tables.iterate_changed(db, published.build)):
        if removed.get(row) == wards:
            del removed[row]
        else:
            added[row] = wards
    return Changes(removed, added)


def _list_rows(parts: Iterable[tuple[str, bytes]]) -> Iterator[tuple[_Row, str]]:
    for wards, lines in parts:
        for line in lines.splitlines():
            name, *rows = orjson.loads(line)
            for row in rows:
                # A copy: what orjson gives holds on to some kilobytes, however short it is.
                yield (name, bytes(memoryview(payload.pack_row(row)))), wards


def write_delta(
    header: SnapshotHeader, base_content: str, base: int, changes: Changes
) -> tuple[SnapshotHeader, list[bytes]] | None:
    """Header and frames of a delta of the header's scope.

    None when base and changes do not give what the full bundle has: then only that one is right.
    """
    before = {row for row, wards in changes.removed.items() if is_in_scope(wards, header.scope)}
    after = {row for row, wards in changes.added.items() if is_in_scope(wards, header.scope)}
    removed, added = before - after, after - before
    total = int(base_content, 16) - sum(row_digest(*row) for row in removed)
    if format_digest(total + sum(row_digest(*row) for row in added)) != header.content:
        return None
    lines = b"".join((*_write_removed(removed), *_write_added(added)))
    header = replace(header, base=base, changes=len(removed) + len(added), unpacked=len(lines))
    return header, [compress(lines)] if lines else []


def _write_removed(rows: Iterable[_Row]) -> Iterator[bytes]:
    for name, listed in _group_by_type(rows):
        ids = (orjson.dumps(orjson.loads(packed)[0]) for packed in listed)
        yield payload.write_line(REMOVED + name, ids)


def _write_added(rows: Iterable[_Row]) -> Iterator[bytes]:
    for name, listed in _group_by_type(rows):
        yield payload.write_line(name, listed)


def _group_by_type(rows: Iterable[_Row]) -> Iterator[tuple[str, list[bytes]]]:
    by_type: dict[str, list[bytes]] = {}
    for name, packed in rows:
        by_type.setdefault(name, []).append(packed)
    for name in sorted(by_type):
        yield name, sorted(by_type[name])
