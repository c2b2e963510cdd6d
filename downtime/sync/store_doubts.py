"""The SQL of bundles that a person took over although the laptop's past cannot be proved."""

from dataclasses import asdict, dataclass, field

import orjson
from sqlite_utils import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class UntrustedBundle:
    """A bundle that was taken over: what spoke against it, and who took it why and when (UTC)."""

    sha256: str
    device: str
    branch: str
    """The name of the laptop's second past; empty when there is one past only."""
    doubt: str
    """The sentence with which it was refused."""
    why: str
    taken: str
    taken_by: str
    taken_name: str
    clashes: tuple[str, ...]
    """Serials as they are printed, and downtime numbers, that stand for two things: the one here, and one of the file."""
    file: bytes = field(default=b"", repr=False)
    """The sealed file as it came; left empty where only what is known of it is asked for."""


def save_untrusted_bundle(db: Database, taken: UntrustedBundle) -> None:
    """Keep what was taken over, with its file."""
    row = asdict(taken) | {"clashes": orjson.dumps(taken.clashes).decode()}
    db.table("handed_over_doubt").insert(row)


def fetch_untrusted_bundles(db: Database) -> list[UntrustedBundle]:
    """All that were taken over, oldest first, without their files."""
    names = "sha256, device, branch, doubt, why, taken, taken_by, taken_name, clashes"
    rows = db.query(f"SELECT {names} FROM handed_over_doubt ORDER BY taken, sha256")  # noqa: S608
    return [
        UntrustedBundle(**row | {"clashes": tuple(orjson.loads(row["clashes"]))}) for row in rows
    ]


def fetch_untrusted_file(db: Database, sha256: str) -> bytes:
    """The sealed file of one, as it came; empty when there is none."""
    query = "SELECT file FROM handed_over_doubt WHERE sha256 = ?"
    row = db.execute(query, [sha256]).fetchone()
    return bytes(row[0]) if row else b""
