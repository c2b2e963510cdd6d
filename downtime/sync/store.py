"""All SQL on the tables of sync: merged bundles, what is known of laptops, duplicate numbers."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.sync.model import (
    DuplicateNumber,
    DuplicateNumberKind,
    ExcusedLaptop,
    MergedBundle,
    TrustFailure,
    TrustFailureKind,
    UntrustedBundle,
)
from downtime.sync.open_bundle import OpenedBundle
from downtime.vault.model import Actor

_BUNDLE = "sha256, device, sequence, head, created, taken, taken_by, taken_name, checkpoint"
_UNTRUSTED = (
    "sha256, device, branch, failure, laptop, entry, doubt, why, taken, taken_by, taken_name,"
    " clashes"
)
_DUPLICATE = (
    "number, digest, device, taken, kind, title, ward, issued_name, what, settled, settled_by,"
    " settled_name, why"
)


def fetch_latest_bundles(db: Database) -> dict[str, MergedBundle]:
    """The bundle of each laptop that went furthest, by device code; an untrusted one goes before."""
    rows = db.execute(
        f"SELECT {_BUNDLE} FROM handed_over"
        " ORDER BY sha256 IN (SELECT sha256 FROM handed_over_doubt), sequence"
    )
    bundles = (MergedBundle(**_merged_columns(row)) for row in rows.fetchall())
    return {bundle.device: bundle for bundle in bundles}


def _merged_columns(row: Sequence[Any]) -> dict[str, Any]:
    names = _BUNDLE.replace("taken", "merged").split(", ")
    return dict(zip(names, row, strict=True))


def has_bundle(db: Database, sha256: str) -> bool:
    """Whether this very bundle was merged before."""
    query = "SELECT 1 FROM handed_over WHERE sha256 = ?"
    return db.execute(query, [sha256]).fetchone() is not None


def save_bundle(db: Database, bundle: OpenedBundle, actor: Actor, merged: str) -> None:
    """Note that a bundle was merged; one that was brought before is left as it is."""
    header, point = bundle.header, bundle.point
    db.execute(
        f"INSERT OR IGNORE INTO handed_over ({_BUNDLE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            bundle.sealed.sha256, header.device, header.sequence, bundle.head, header.created,
            merged, actor.id, actor.name, point.short_text if point else "",
        ],
    )  # fmt: skip


def save_untrusted_bundle(db: Database, bundle: UntrustedBundle) -> None:
    """Keep a bundle that was merged although it is not trusted, with its file."""
    failure = bundle.failure
    db.execute(
        f"INSERT INTO handed_over_doubt ({_UNTRUSTED}, file)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            bundle.sha256, bundle.device, failure.branch if failure else "",
            failure.kind if failure else "", failure.laptop if failure else "",
            failure.entry if failure else 0, bundle.kept_sentence, bundle.reason, bundle.merged,
            bundle.merged_by, bundle.merged_name, orjson.dumps(bundle.duplicate_numbers).decode(),
            bundle.file,
        ],
    )  # fmt: skip


def fetch_untrusted_bundles(db: Database) -> list[UntrustedBundle]:
    """All that were merged although they are not trusted, oldest first, without their files."""
    query = f"SELECT {_UNTRUSTED} FROM handed_over_doubt ORDER BY taken, sha256"
    return [_parse_untrusted(row) for row in db.query(query)]


def _parse_untrusted(row: dict[str, Any]) -> UntrustedBundle:
    numbers = tuple(orjson.loads(row["clashes"]))
    failure = None
    if row["failure"]:
        failure = TrustFailure(
            kind=TrustFailureKind(row["failure"]),
            laptop=row["laptop"],
            device=row["device"],
            entry=row["entry"],
            duplicates=len(numbers),
            branch=row["branch"],
        )
    return UntrustedBundle(
        sha256=row["sha256"],
        device=row["device"],
        failure=failure,
        kept_sentence=row["doubt"],
        reason=row["why"],
        merged=row["taken"],
        merged_by=row["taken_by"],
        merged_name=row["taken_name"],
        duplicate_numbers=numbers,
    )


def fetch_untrusted_file(db: Database, sha256: str) -> bytes:
    """The sealed file of one, as it came; empty when there is none."""
    row = db.execute("SELECT file FROM handed_over_doubt WHERE sha256 = ?", [sha256]).fetchone()
    return bytes(row[0]) if row else b""


def save_duplicate_numbers(db: Database, numbers: Iterable[DuplicateNumber]) -> None:
    """Note each once, however often it is brought; what was settled stays so."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO handed_over_clash"
        " (number, digest, device, taken, kind, title, ward, issued_name, what)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (n.number, n.digest, n.device, n.noticed, n.kind, n.title, n.ward, n.issued_name, "")
            for n in numbers
        ),
    )


def fetch_duplicate_numbers(db: Database) -> list[DuplicateNumber]:
    """All that were found, settled or not, oldest first."""
    query = f"SELECT {_DUPLICATE} FROM handed_over_clash ORDER BY taken, number, digest"
    names = {"taken": "noticed", "what": "kept_description", "why": "reason"}
    return [
        DuplicateNumber(
            **{names.get(name, name): value for name, value in row.items() if name != "kind"},
            kind=DuplicateNumberKind(row["kind"]),
        )
        for row in db.query(query)
    ]


def settle_duplicate_number(
    db: Database, number: str, reason: str, at: str, by: str, name: str
) -> int:
    """Note what became of what is open under a number; how many were open."""
    cursor = db.conn.execute(
        "UPDATE handed_over_clash SET settled = ?, settled_by = ?, settled_name = ?, why = ?"
        " WHERE number = ? AND settled = ''",
        [at, by, name, reason, number],
    )
    return int(cursor.rowcount)


def fetch_audit_hashes(db: Database, laptop: str) -> dict[int, str]:
    """The hashes of a laptop's audit entries as they were sent before, by number."""
    query = "SELECT seq, hash FROM laptop_audit WHERE laptop = ?"
    return {int(row[0]): str(row[1]) for row in db.execute(query, [laptop])}


def save_audit_chain(db: Database, laptop: str, chain: Iterable[Sequence[Any]]) -> None:
    """Keep a laptop's audit chain; entries that are there already are left as they are."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO laptop_audit"
        " (laptop, seq, at, actor, device, action, target, why, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((laptop, *entry) for entry in chain),
    )


def save_person(db: Database, laptop: str, person: str, name: str) -> None:
    """Keep the name of an account of a laptop."""
    db.execute(
        "INSERT OR REPLACE INTO laptop_person (id, laptop, name) VALUES (?, ?, ?)",
        [person, laptop, name],
    )


def fetch_person_names(db: Database) -> dict[str, str]:
    """The names of all accounts of laptops that sent a bundle, by account id."""
    return {row["id"]: row["name"] for row in db.query("SELECT id, name FROM laptop_person")}


def fetch_excused(db: Database) -> dict[str, ExcusedLaptop]:
    """Laptops of which no bundle is awaited, by device code."""
    query = "SELECT device, why AS reason, at, by, by_name FROM laptop_excused"
    return {row["device"]: ExcusedLaptop(**row) for row in db.query(query)}


def save_excused(db: Database, laptop: ExcusedLaptop) -> None:
    """Await no bundle of a laptop."""
    db.execute(
        "INSERT OR REPLACE INTO laptop_excused (device, why, at, by, by_name)"
        " VALUES (?, ?, ?, ?, ?)",
        [laptop.device, laptop.reason, laptop.at, laptop.by, laptop.by_name],
    )


def delete_excused(db: Database, device: str) -> None:
    """Await bundles of a laptop again."""
    db.execute("DELETE FROM laptop_excused WHERE device = ?", [device])
