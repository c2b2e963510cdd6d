"""Whom a change concerns: everybody who hangs together with somebody of whom something changed."""

from collections.abc import Iterable, Iterator

import sqlite_utils

_SPREAD = (
    "SELECT m.mention FROM affected a JOIN cell_member c ON c.mention = a.mention"
    " JOIN cell_member m ON m.cell = c.cell",
    "SELECT m.mention FROM affected a JOIN mention_number n ON n.mention = a.mention"
    " JOIN mention_number m ON m.number = n.number",
    "SELECT m.mention FROM affected a JOIN record r ON r.mention = a.mention"
    " JOIN record m ON m.type = r.type AND m.source = r.source AND m.key = r.key"
    " WHERE r.mention <> 0 AND m.mention <> 0 AND r.type <> 'Patient'",
    "SELECT other FROM identity_change WHERE person IN affected",
    "SELECT person FROM identity_change WHERE other IN affected",
)
_ALL = (
    "SELECT id FROM mention",
    "SELECT mention FROM cell_member",
    "SELECT 0",
)


def collect_affected(
    db: sqlite_utils.Database, now: str, extra: Iterable[int], *, everybody: bool
) -> None:
    """Fill the temporary table `affected` with mentions; 0 is what names nobody."""
    db.conn.execute("CREATE TEMP TABLE affected (mention INTEGER PRIMARY KEY)")
    insert = "INSERT OR IGNORE INTO affected "
    if everybody:
        for source in _ALL:
            db.conn.execute(insert + source)
        return
    db.conn.execute(insert + "SELECT mention FROM changed_mention")
    db.conn.execute(
        insert + "SELECT m.mention FROM cell c JOIN cell_member m ON m.cell = c.id"
        " WHERE c.valid_until <> '' AND c.valid_until <= ?",
        (now,),
    )
    db.conn.executemany(insert + "VALUES (?)", ((mention,) for mention in extra))
    before = -1
    while (count := count_affected(db)) > before:
        before = count
        for source in _SPREAD:
            db.conn.execute(insert + source)


def drop_affected(db: sqlite_utils.Database) -> None:
    """Remove the temporary table."""
    db.conn.execute("DROP TABLE IF EXISTS temp.affected")


def count_affected(db: sqlite_utils.Database) -> int:
    """How many mentions are affected."""
    count: int = db.conn.execute("SELECT count(*) FROM affected").fetchone()[0]
    return count


def iterate_affected(db: sqlite_utils.Database) -> Iterator[int]:
    """The affected mentions."""
    for (mention,) in db.conn.execute("SELECT mention FROM affected"):
        yield mention


def iterate_links(db: sqlite_utils.Database, *, everybody: bool) -> Iterator[tuple[int, object]]:
    """Affected mentions with something by which others may hang together with them, in its order."""
    numbers = (
        "SELECT a.mention, n.number FROM affected a CROSS JOIN mention_number n"
        " ON n.mention = a.mention ORDER BY n.number"
    )
    names = (
        "SELECT a.mention, r.type, r.source, r.key FROM affected a CROSS JOIN record r"
        " ON r.mention = a.mention WHERE r.type <> 'Patient' AND r.mention <> 0"
        " ORDER BY r.type, r.source, r.key"
    )
    if everybody:  # in the order in which they lie: nothing is sorted
        numbers = "SELECT mention, number FROM mention_number ORDER BY number"
        names = (
            "SELECT mention, type, source, key FROM record WHERE type <> 'Patient'"
            " AND mention <> 0 ORDER BY type, source, key"
        )
    for mention, number in db.conn.execute(numbers):
        yield mention, number
    for mention, *name in db.conn.execute(names):
        yield mention, name
    changes = db.conn.execute("SELECT person, other FROM identity_change WHERE person IN affected")
    for place, (person, other) in enumerate(changes):
        yield person, place
        yield other, place


def select_nobodys_names(
    db: sqlite_utils.Database, types: Iterable[str]
) -> list[tuple[str, str, str]]:
    """Type, source and key of the records of these types that name nobody."""
    names = list(types)
    placeholders = ", ".join("?" * len(names))
    rows = db.conn.execute(
        f"SELECT type, source, key FROM record WHERE mention = 0 AND type IN ({placeholders})",
        names,
    )
    return [(row[0], row[1], row[2]) for row in rows]


def select_sharers(db: sqlite_utils.Database, names: Iterable[tuple[str, str, str]]) -> set[int]:
    """Mentions that have a record of one of these names."""
    sharers: set[int] = set()
    for name in names:
        rows = db.conn.execute(
            "SELECT mention FROM record WHERE type = ? AND source = ? AND key = ? AND mention <> 0",
            name,
        )
        sharers.update(mention for (mention,) in rows)
    return sharers


def clear_changed(db: sqlite_utils.Database, mentions: Iterable[int]) -> None:
    """These were settled anew."""
    db.conn.executemany(
        "DELETE FROM changed_mention WHERE mention = ?", ((mention,) for mention in mentions)
    )
