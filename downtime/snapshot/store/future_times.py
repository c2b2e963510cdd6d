"""How many times that were still to come messages of each day bore, by system."""

from collections import Counter
from collections.abc import Iterator, Mapping

import orjson
import sqlite_utils

_KEPT_DAYS = 400


def add_future_times(db: sqlite_utils.Database, counts: Mapping[tuple[str, str], int]) -> None:
    """Count more of them, by day of receipt (UTC) and system."""
    all_counts = Counter(dict(_iterate(db))) + Counter(counts)
    newest = sorted({day for day, _ in all_counts})[-_KEPT_DAYS:]
    rows = [[*key, count] for key, count in sorted(all_counts.items()) if key[0] in newest]
    values = (orjson.dumps(rows).decode(),)
    db.conn.execute("INSERT OR REPLACE INTO setting VALUES ('future_times', ?)", values)


def count_future_times(db: sqlite_utils.Database, since: str) -> Counter[str]:
    """Those of messages that were received from a day (UTC) on, by system."""
    counts: Counter[str] = Counter()
    for (day, system), count in _iterate(db):
        counts[system] += count if day >= since else 0
    return +counts


def _iterate(db: sqlite_utils.Database) -> Iterator[tuple[tuple[str, str], int]]:
    row = db.conn.execute("SELECT value FROM setting WHERE name = 'future_times'").fetchone()
    for day, system, count in orjson.loads(row[0]) if row else ():
        yield (day, system), count
