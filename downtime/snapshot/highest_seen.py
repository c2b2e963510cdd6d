"""The highest number that came from a publisher: kept in the vault, and in the marks outside it.

A vault that was put back from a backup has forgotten the last ones; the marks have not.
"""

from sqlite_utils import Database

from downtime.snapshot.store import snapshot_index
from downtime.snapshot.store.snapshot_index import BundleNumber
from downtime.vault import raise_marks
from downtime.vault.marks import SeenSnapshot
from downtime.vault.vault import Vault


def find_highest_seen(vault: Vault, key: str) -> tuple[BundleNumber, str] | None:
    """The number, and the hash of that bundle; None when nothing came from this publisher."""
    seen = raise_marks.find_seen(vault, key)
    outside = [(BundleNumber(*seen[:2]), seen.sha256)] if seen else []
    inside = snapshot_index.get_highest_seen(vault.db, key)
    return max(filter(None, [inside, *outside]), default=None, key=lambda highest: highest[0])


def save_highest_seen(
    vault: Vault, db: Database, key: str, number: BundleNumber, sha256: str
) -> None:
    """Take note of the highest number, inside the caller's change."""
    snapshot_index.save_highest_seen(db, key, number, sha256)
    raise_marks.raise_seen(vault, db, key, SeenSnapshot(*number, sha256))
