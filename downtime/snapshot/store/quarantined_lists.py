"""Which lists the last build put in quarantine, remembered in the state's own transaction.

The ledger is told after that transaction; should the program be cut off between the two, the next
build tells it.
"""

from collections.abc import Iterable, Mapping

import orjson
import sqlite_utils


def save_quarantined(db: sqlite_utils.Database, reasons: Mapping[int, str]) -> None:
    """Arrival number to reason, of this build; what the one before had is in the ledger by now."""
    text = orjson.dumps(list(reasons.items())).decode()
    db.conn.execute("INSERT OR REPLACE INTO setting VALUES ('quarantined', ?)", (text,))


def select_quarantined(db: sqlite_utils.Database) -> dict[int, str]:
    """Arrival number to reason, of the last build."""
    row = db.conn.execute("SELECT value FROM setting WHERE name = 'quarantined'").fetchone()
    return dict(orjson.loads(row[0])) if row else {}


def save_waiting(db: sqlite_utils.Database, systems: Iterable[str]) -> None:
    """Systems whose newest list lies in quarantine, until one is applied."""
    text = orjson.dumps(sorted(systems)).decode()
    db.conn.execute("INSERT OR REPLACE INTO setting VALUES ('waiting_lists', ?)", (text,))


def select_waiting(db: sqlite_utils.Database) -> set[str]:
    """The systems whose newest list lies in quarantine."""
    row = db.conn.execute("SELECT value FROM setting WHERE name = 'waiting_lists'").fetchone()
    return set(orjson.loads(row[0])) if row else set()
