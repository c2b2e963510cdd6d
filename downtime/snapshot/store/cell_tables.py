"""The packed cells of a publisher's state: who is settled together, and the rows that this gave.

A cell has a part for each set of wards on which its patients lie. A part that changes for the first
time since the last published snapshot is kept as it was, so that what has changed can be carried.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson
import sqlite_utils

from downtime.snapshot.payload import PackedRows
from downtime.snapshot.store.snapshot_index import BundleNumber

_TABLES = (
    "CREATE TABLE IF NOT EXISTS cell (id INTEGER PRIMARY KEY, valid_until TEXT NOT NULL,"
    " findings TEXT NOT NULL, stays BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS cell_member (mention INTEGER PRIMARY KEY, cell INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS cell_member_cell ON cell_member (cell)",
    "CREATE TABLE IF NOT EXISTS part (cell INTEGER NOT NULL, wards TEXT NOT NULL,"
    " bucket INTEGER NOT NULL, build INTEGER NOT NULL, counts TEXT NOT NULL,"
    " digest BLOB NOT NULL, lines BLOB NOT NULL, PRIMARY KEY (cell, wards))",
    "CREATE INDEX IF NOT EXISTS part_bucket ON part (wards, bucket)",
    "CREATE INDEX IF NOT EXISTS part_build ON part (build)",
    "CREATE TABLE IF NOT EXISTS base_part (wards TEXT NOT NULL, lines BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS segment (wards TEXT NOT NULL, bucket INTEGER NOT NULL,"
    " counts TEXT NOT NULL, digest BLOB NOT NULL, size INTEGER NOT NULL,"
    " footprint BLOB NOT NULL, frame BLOB NOT NULL, PRIMARY KEY (wards, bucket))",
)
_NAMES = ("cell", "cell_member", "part", "base_part", "segment")
DIGEST_BYTES = 40
BUCKETS = 1024
"""Of cells whose patients lie on no ward: most of a site, and seldom changed."""
WARD_BUCKETS = 4


@dataclass(slots=True)
class PackedCell:
    """What settling one cell gave."""

    id: int
    members: tuple[int, ...]
    valid_until: str = ""
    """UTC text: then the selection must be made anew; empty when time alone changes nothing."""
    findings: list[tuple[list[str], int]] = field(default_factory=list)
    """The four texts of each finding, and how often."""
    stays: list[list[str]] = field(default_factory=list)
    """Rows of the stays of those in hospital."""
    parts: dict[str, PackedRows] = field(default_factory=dict)
    """By the wards on which its patients lie, joined by `+`."""


class SegmentSummary(NamedTuple):
    """What the rows of a bucket of cells are."""

    wards: str
    counts: dict[str, int]
    digest: int
    size: int
    """Bytes uncompressed."""
    footprint: bytes
    """What the rows look like in short (`snapshot.footprint`)."""


class PublishedState(NamedTuple):
    """The last snapshot that was published."""

    number: BundleNumber
    build: int
    content: Mapping[str, str]
    """The scopes for which it was, and the digest of what each holds."""


def prepare_tables(db: sqlite_utils.Database) -> None:
    """Make the tables when they are not there yet."""
    for statement in _TABLES:
        db.conn.execute(statement)


def release_cache(db: sqlite_utils.Database) -> None:
    """Let go of the pages that settling needs again and again: from here on each is read once."""
    db.conn.execute("PRAGMA cache_size = -8192")


def forget_cells(db: sqlite_utils.Database) -> None:
    """Nothing is packed any more, and nothing was published: all is settled and carried anew."""
    for name in _NAMES:
        db.conn.execute(f"DROP TABLE IF EXISTS {name}")
    db.conn.execute("DELETE FROM setting WHERE name IN ('packed', 'published')")
    prepare_tables(db)


def get_fingerprint(db: sqlite_utils.Database) -> str:
    """Of what everything that is packed depends on; empty when nothing is."""
    return _get_setting(db, "packed")


def save_fingerprint(db: sqlite_utils.Database, fingerprint: str) -> None:
    """Remember on what all that is packed depends."""
    db.conn.execute("INSERT OR REPLACE INTO setting VALUES ('packed', ?)", (fingerprint,))


def get_build(db: sqlite_utils.Database) -> int:
    """How many builds there were of this state."""
    return int(_get_setting(db, "build") or 0)


def begin_build(db: sqlite_utils.Database) -> int:
    """The number of a new build of this state."""
    build = get_build(db) + 1
    db.conn.execute("INSERT OR REPLACE INTO setting VALUES ('build', ?)", (str(build),))
    return build


def get_published(db: sqlite_utils.Database) -> PublishedState | None:
    """What was published last; None when nothing was since the cells were made."""
    text = _get_setting(db, "published")
    if not text:
        return None
    number, build, content = orjson.loads(text)
    return PublishedState(BundleNumber(*number), build, content)


def save_published(db: sqlite_utils.Database, published: PublishedState) -> None:
    """The last build was published: the next delta begins there."""
    db.conn.execute("DELETE FROM base_part")
    text = orjson.dumps([list(published.number), published.build, published.content]).decode()
    db.conn.execute("INSERT OR REPLACE INTO setting VALUES ('published', ?)", (text,))


def _get_setting(db: sqlite_utils.Database, name: str) -> str:
    row = db.conn.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return row[0] if row else ""


def replace_cells(db: sqlite_utils.Database, cells: Iterable[PackedCell], build: int) -> None:
    """Put cells in the place of all those that had a mention of theirs; inside a transaction."""
    listed = list(cells)
    members = orjson.dumps([mention for cell in listed for mention in cell.members]).decode()
    rows = db.conn.execute(
        "SELECT DISTINCT cell FROM cell_member WHERE mention IN (SELECT value FROM json_each(?))",
        (members,),
    )
    published = get_published(db)
    _remove_cells(db, [row[0] for row in rows], published.build if published else -1)
    _insert_cells(db, listed, build)


def _remove_cells(db: sqlite_utils.Database, cells: list[int], published: int) -> None:
    ids, where = orjson.dumps(cells).decode(), "IN (SELECT value FROM json_each(?))"
    db.conn.execute(
        f"INSERT INTO base_part SELECT wards, lines FROM part WHERE cell {where} AND build <= ?",
        (ids, published),
    )
    sql = f"SELECT DISTINCT wards, bucket FROM part WHERE cell {where}"
    _remove_segments(db, map(tuple, db.conn.execute(sql, (ids,)).fetchall()))
    for table, column in (("part", "cell"), ("cell", "id"), ("cell_member", "cell")):
        db.conn.execute(f"DELETE FROM {table} WHERE {column} {where}", (ids,))


def _remove_segments(db: sqlite_utils.Database, buckets: Iterable[tuple[str, int]]) -> None:
    db.conn.executemany("DELETE FROM segment WHERE wards = ? AND bucket = ?", buckets)


def _insert_cells(db: sqlite_utils.Database, cells: list[PackedCell], build: int) -> None:
    db.conn.executemany(
        "INSERT INTO cell VALUES (?, ?, ?, ?)",
        (
            (cell.id, cell.valid_until, orjson.dumps(cell.findings), orjson.dumps(cell.stays))
            for cell in cells
        ),
    )
    db.conn.executemany(
        "INSERT INTO cell_member VALUES (?, ?)",
        ((mention, cell.id) for cell in cells for mention in cell.members),
    )
    parts = [
        (cell.id, wards, cell.id % (WARD_BUCKETS if wards else BUCKETS), packed)
        for cell in cells
        for wards, packed in cell.parts.items()
    ]
    _remove_segments(db, {(wards, bucket) for _, wards, bucket, _ in parts})
    db.conn.executemany(
        "INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (
                cell, wards, bucket, build, orjson.dumps(packed.counts),
                packed.digest.to_bytes(DIGEST_BYTES), packed.lines,
            )
            for cell, wards, bucket, packed in parts
        ),
    )  # fmt: skip


def select_stale_buckets(db: sqlite_utils.Database) -> list[tuple[str, int]]:
    """Wards and buckets of which no segment is packed."""
    rows = db.conn.execute(
        "SELECT DISTINCT wards, bucket FROM part EXCEPT SELECT wards, bucket FROM segment"
    )
    return [(wards, bucket) for wards, bucket in rows]


def select_parts(db: sqlite_utils.Database, wards: str, bucket: int) -> list[PackedRows]:
    """The parts of one bucket."""
    rows = db.conn.execute(
        "SELECT lines, counts, digest FROM part WHERE wards = ? AND bucket = ? ORDER BY cell",
        (wards, bucket),
    )
    return [PackedRows(row[0], orjson.loads(row[1]), int.from_bytes(row[2])) for row in rows]


def iterate_parts(db: sqlite_utils.Database, wards: str) -> Iterator[bytes]:
    """The lines of all parts of some wards."""
    for (lines,) in db.conn.execute("SELECT lines FROM part WHERE wards = ?", (wards,)):
        yield lines


def save_segment(
    db: sqlite_utils.Database, bucket: int, segment: SegmentSummary, frame: bytes
) -> None:
    """Keep the rows of a bucket compressed."""
    db.conn.execute(
        "INSERT INTO segment (wards, bucket, counts, digest, size, frame, footprint)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            segment.wards, bucket, orjson.dumps(segment.counts),
            segment.digest.to_bytes(DIGEST_BYTES), segment.size, frame, segment.footprint,
        ),
    )  # fmt: skip


def iterate_segments(db: sqlite_utils.Database) -> Iterator[SegmentSummary]:
    """What all segments hold, in short."""
    rows = db.conn.execute("SELECT wards, counts, digest, size, footprint FROM segment")
    for wards, counts, digest, size, footprint in rows:
        yield SegmentSummary(wards, orjson.loads(counts), int.from_bytes(digest), size, footprint)


def iterate_frames(db: sqlite_utils.Database) -> Iterator[tuple[str, bytes]]:
    """Wards and rows of all segments, compressed; those of wards first."""
    # Their names first: SQLite would sort the rows themselves, all of them in memory.
    names = db.conn.execute("SELECT wards, bucket FROM segment ORDER BY wards DESC, bucket")
    sql = "SELECT wards, frame FROM segment WHERE wards = ? AND bucket = ?"
    for name in names.fetchall():
        yield from map(tuple, db.conn.execute(sql, tuple(name)))


def iterate_base(db: sqlite_utils.Database) -> Iterator[tuple[str, bytes]]:
    """Wards and lines of the parts that changed since the last published snapshot, as they were."""
    yield from map(tuple, db.conn.execute("SELECT wards, lines FROM base_part"))


def iterate_changed(db: sqlite_utils.Database, after: int) -> Iterator[tuple[str, bytes]]:
    """Wards and lines of the parts that were packed since, as they are."""
    sql = "SELECT wards, lines FROM part WHERE build > ?"
    yield from map(tuple, db.conn.execute(sql, (after,)))


def count_changed(db: sqlite_utils.Database, after: int) -> int:
    """Bytes of the parts that changed since, as they were and as they are."""
    row = db.conn.execute(
        "SELECT (SELECT coalesce(sum(length(lines)), 0) FROM base_part)"
        " + (SELECT coalesce(sum(length(lines)), 0) FROM part WHERE build > ?)",
        (after,),
    ).fetchone()
    return int(row[0])


def iterate_findings(db: sqlite_utils.Database) -> Iterator[tuple[list[str], int]]:
    """The four texts of each finding, and how often it was found."""
    for (text,) in db.conn.execute(
        "SELECT findings FROM cell WHERE findings <> CAST('[]' AS BLOB)"
    ):
        yield from orjson.loads(text)


def iterate_stays(db: sqlite_utils.Database) -> Iterator[list[str]]:
    """Rows of the stays of those in hospital."""
    for (text,) in db.conn.execute("SELECT stays FROM cell WHERE stays <> CAST('[]' AS BLOB)"):
        yield from orjson.loads(text)
