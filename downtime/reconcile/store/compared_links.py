"""The SQL of the links between people that held when an outage was last compared."""

from collections.abc import Mapping

from sqlite_utils import Database


def fetch_link_digests(db: Database, outage: str) -> dict[str, str]:
    """Key of each link that held at the last comparison to a digest of whom it meant."""
    query = "SELECT key, digest FROM compared_link WHERE outage = ?"
    return {row[0]: row[1] for row in db.conn.execute(query, (outage,))}


def save_link_digests(db: Database, outage: str, held: Mapping[str, str]) -> None:
    """Replace the links that hold."""
    db.execute("DELETE FROM compared_link WHERE outage = ?", [outage])
    db.conn.executemany(
        "INSERT INTO compared_link (outage, key, digest) VALUES (?, ?, ?)",
        ((outage, key, digest) for key, digest in held.items()),
    )
