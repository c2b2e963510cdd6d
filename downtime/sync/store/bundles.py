"""The SQL of bundles that laptops sent: those merged, and those that nobody trusts yet."""

from sqlite_utils import Database

from downtime.sync.bundle import OpenedBundle
from downtime.sync.model import (
    MergedBundle,
    TrustFailure,
    UntrustedBundle,
)
from downtime.vault.database import build_record
from downtime.vault.model import Actor

_MERGED = "taken AS merged, taken_by AS merged_by, taken_name AS merged_name"
"""What older programs called a merge is read under the names of today."""


def fetch_latest_bundles(db: Database) -> dict[str, MergedBundle]:
    """The bundle of each laptop that went furthest, by device code; an untrusted one goes before."""
    rows = db.query(
        f"SELECT *, {_MERGED} FROM handed_over"
        " ORDER BY sha256 IN (SELECT sha256 FROM handed_over_doubt), sequence"
    )
    return {row["device"]: build_record(MergedBundle, row) for row in rows}


def has_bundle(db: Database, sha256: str) -> bool:
    """Whether this very bundle was merged before."""
    return db.table("handed_over").count_where("sha256 = ?", [sha256]) > 0


def save_bundle(db: Database, bundle: OpenedBundle, actor: Actor, merged: str) -> None:
    """Note that a bundle was merged; one that was brought before is left as it is."""
    header, point = bundle.header, bundle.point
    row = {
        "sha256": bundle.sealed.sha256, "device": header.device, "sequence": header.sequence,
        "head": bundle.head, "created": header.created, "taken": merged, "taken_by": actor.id,
        "taken_name": actor.name, "checkpoint": point.short_text if point else "",
    }  # fmt: skip
    db.table("handed_over").insert(row, ignore=True)


def save_untrusted_bundle(db: Database, bundle: UntrustedBundle) -> None:
    """Keep a bundle that was merged although it is not trusted, with its file."""
    failure = bundle.failure
    row = {
        "sha256": bundle.sha256, "device": bundle.device, "doubt": bundle.kept_sentence,
        "branch": failure.branch if failure else "", "failure": failure.kind if failure else "",
        "laptop": failure.laptop if failure else "", "entry": failure.entry if failure else 0,
        "why": bundle.reason, "taken": bundle.merged, "taken_by": bundle.merged_by,
        "taken_name": bundle.merged_name, "clashes": bundle.duplicate_numbers, "file": bundle.file,
    }  # fmt: skip
    db.table("handed_over_doubt").insert(row)


def fetch_untrusted_bundles(db: Database) -> list[UntrustedBundle]:
    """All that were merged although they are not trusted, oldest first, without their files."""
    query = (
        "SELECT sha256, device, branch, failure AS kind, laptop, entry, doubt AS kept_sentence,"
        f" why AS reason, {_MERGED}, clashes AS duplicate_numbers, json_array_length(clashes) AS"
        " duplicates, x'' AS file FROM handed_over_doubt ORDER BY taken, sha256"
    )
    return [
        build_record(
            UntrustedBundle,
            row | {"failure": build_record(TrustFailure, row) if row["kind"] else None},
        )
        for row in db.query(query)
    ]


def fetch_untrusted_file(db: Database, sha256: str) -> bytes:
    """The sealed file of one, as it came; empty when there is none."""
    row = db.execute("SELECT file FROM handed_over_doubt WHERE sha256 = ?", [sha256]).fetchone()
    return bytes(row[0]) if row else b""
