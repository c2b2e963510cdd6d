"""Compress the packed cells of one bucket after another: a bundle is made of these segments."""

import orjson
import sqlite_utils

from downtime.clinical.record_types import TYPES
from downtime.snapshot.footprint import FootprintMaker
from downtime.snapshot.payload import PackedRows, compress, join_lines
from downtime.snapshot.row_layout import from_row
from downtime.snapshot.store import cell_tables
from downtime.snapshot.store.cell_tables import SegmentSummary
from downtime.vault.database import transaction


def pack_segments(db: sqlite_utils.Database) -> None:
    """Pack every bucket of which a cell has changed."""
    with transaction(db):
        for wards, bucket in cell_tables.select_stale_buckets(db):
            parts = cell_tables.select_parts(db, wards, bucket)
            lines = join_lines(part.lines for part in parts)
            segment = _describe(wards, parts, lines)
            cell_tables.save_segment(db, bucket, segment, compress(lines))


def _describe(wards: str, parts: list[PackedRows], lines: bytes) -> SegmentSummary:
    counts: dict[str, int] = {}
    for part in parts:
        for name, count in part.counts.items():
            counts[name] = counts.get(name, 0) + count
    digest = sum(part.digest for part in parts)
    return SegmentSummary(wards, counts, digest, len(lines), _make_footprint(lines))


def _make_footprint(lines: bytes) -> bytes:
    maker = FootprintMaker()
    for line in lines.splitlines():
        name, *rows = orjson.loads(line)
        for row in rows if name in TYPES else ():
            maker.add(from_row(TYPES[name], row))
    return maker.finish().to_bytes()
