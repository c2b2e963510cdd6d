"""The SQL of assignments: who sees to something that is not settled."""

from dataclasses import asdict

from sqlite_utils import Database

from downtime.paper.model import Assignment, AssignmentKind
from downtime.vault.database import build_record


def save_assignment(db: Database, assignment: Assignment) -> None:
    """Keep it in place of whoever had the same target."""
    db.table("assignment").insert(asdict(assignment), pk=("kind", "target"), replace=True)


def delete_assignment(db: Database, kind: AssignmentKind, target: str) -> None:
    db.execute("DELETE FROM assignment WHERE kind = ? AND target = ?", [kind, target])


def fetch_assignments(db: Database, kind: AssignmentKind) -> dict[str, Assignment]:
    """Everything of a kind that is assigned, by target."""
    rows = db.query("SELECT * FROM assignment WHERE kind = ? ORDER BY due, target", [kind])
    return {row["target"]: build_record(Assignment, row | {"kind": kind}) for row in rows}
