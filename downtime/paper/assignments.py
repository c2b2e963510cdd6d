"""Who sees to something that is not settled, and by when: a form, an item, a person, a laptop."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from downtime.clock import to_text
from downtime.errors import InputError
from downtime.paper.model import AuditAction
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """`owner` is a person or a team as people call it; `due` is UTC as stored."""

    kind: str
    target: str
    owner: str
    due: str
    note: str
    assigned: str
    assigned_by: str
    assigned_name: str

    def is_overdue(self, now: str) -> bool:
        """Whether it should have been settled by `now` (UTC text)."""
        return self.due < now


def assign(
    vault: Vault, kind: str, target: str, owner: str, due: str, actor: Actor, reason: str = ""
) -> Assignment:
    """Give something to an owner until `due` (UTC text), in place of whoever had it.

    InputError without an owner. The audit names the target, not the owner or the note.
    """
    if not owner.strip() or not target.strip():
        raise InputError("assignment.owner", "An owner is needed.", "Name a person or a team.")
    made = Assignment(
        kind=kind, target=target, owner=owner.strip()[:80], due=due, note=reason.strip()[:200],
        assigned=vault.now(), assigned_by=actor.id, assigned_name=actor.name,
    )  # fmt: skip
    with vault.change(actor, AuditAction(f"assignment.{kind}"), target=target) as db:
        db.table("assignment").insert(asdict(made), pk=("kind", "target"), replace=True)
    return made


def release(vault: Vault, kind: str, target: str, actor: Actor, reason: str = "") -> None:
    """Nobody has it any more; no error when nobody had."""
    with vault.change(actor, AuditAction.ASSIGNMENT_RELEASE, target=target, reason=reason) as db:
        db.execute("DELETE FROM assignment WHERE kind = ? AND target = ?", [kind, target])


def list_assignments(db: Database, kind: str) -> dict[str, Assignment]:
    """Everything of a kind that somebody has, by target."""
    rows = db.query("SELECT * FROM assignment WHERE kind = ? ORDER BY due, target", [kind])
    return {row["target"]: Assignment(**row) for row in rows}


def default_due(settings: Settings, now: datetime) -> str:
    """When something is due that is assigned now, if nobody says otherwise."""
    return to_text(now + timedelta(hours=settings.sync.due_hours))
