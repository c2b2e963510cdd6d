"""Who sees to something that is not settled, and by when: a form, an item, a person, a laptop."""

from datetime import datetime, timedelta

from sqlite_utils import Database

from downtime.clock import to_text
from downtime.errors import InputError
from downtime.paper.model import Assignment, AssignmentKind, AuditAction
from downtime.paper.store import assignments as store
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_MOST_OWNER, _MOST_NOTE = 80, 200
"""Characters that are kept."""


def assign_owner(
    vault: Vault,
    kind: AssignmentKind,
    target: str,
    owner: str,
    due: str,
    actor: Actor,
    note: str = "",
) -> Assignment:
    """Give something to an owner until `due` (UTC text), in place of whoever had it.

    InputError without an owner. The audit names the target, not the owner or the note.
    """
    if not owner.strip() or not target.strip():
        raise InputError("assignment.owner", "An owner is needed.", "Name a person or a team.")
    assignment = Assignment(
        kind=kind, target=target, owner=owner.strip()[:_MOST_OWNER], due=due,
        note=note.strip()[:_MOST_NOTE], assigned=vault.now(), assigned_by=actor.id,
        assigned_name=actor.name,
    )  # fmt: skip
    with vault.change(actor, AuditAction(f"assignment.{kind}"), target=target) as db:
        store.save_assignment(db, assignment)
    return assignment


def release_assignment(
    vault: Vault, kind: AssignmentKind, target: str, actor: Actor, reason: str = ""
) -> None:
    """Nobody has it any more; no error when nobody had."""
    with vault.change(actor, AuditAction.ASSIGNMENT_RELEASE, target=target, reason=reason) as db:
        store.delete_assignment(db, kind, target)


def list_assignments(db: Database, kind: AssignmentKind) -> dict[str, Assignment]:
    """Everything of a kind that somebody has, by target."""
    return store.fetch_assignments(db, kind)


def default_due(settings: Settings, now: datetime) -> str:
    """When something is due that is assigned now, if nobody says otherwise."""
    return to_text(now + timedelta(hours=settings.sync.due_hours))
