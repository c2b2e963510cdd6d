"""What becomes of accesses: ended early, listed, reviewed by somebody else; every one of them."""

from downtime.accounts.break_glass import policies
from downtime.accounts.break_glass.model import (
    AccessState,
    AuditAction,
    BreakGlassAccess,
    ReviewVerdict,
)
from downtime.accounts.store import account_sessions
from downtime.accounts.store import break_glass as store
from downtime.errors import ConflictError, NotFoundError
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


def list_accesses(vault: Vault) -> list[BreakGlassAccess]:
    """All of them: those to be reviewed first, then those that run, then the others, newest first."""
    order, now = [AccessState.TO_REVIEW, AccessState.RUNNING, AccessState.REVIEWED], vault.now()
    accesses = store.fetch_accesses(vault.db)
    return sorted(accesses, key=lambda access: order.index(access.find_state(now)))


def get_access(vault: Vault, access_id: str) -> BreakGlassAccess:
    """NotFoundError when there is none."""
    access = store.find_access(vault.db, access_id)
    if access is None:
        raise NotFoundError(
            "break-glass.unknown", "There is no such access.", "See the list of accesses."
        )
    return access


def find_running(vault: Vault, person: str) -> BreakGlassAccess | None:
    """The access under which a person works now; None for who has an account of their own."""
    access = store.find_access_of(vault.db, person)
    return access if access and access.is_running(vault.now()) else None


def find_access_of(vault: Vault, person: str) -> BreakGlassAccess | None:
    """The access under which a person works or worked, running or over; None for who has an account."""
    return store.find_access_of(vault.db, person)


def count_unreviewed(vault: Vault) -> int:
    """How many are over and wait for a review."""
    return store.count_unreviewed(vault.db, vault.now())


def end_access(vault: Vault, access_id: str, actor: Actor, reason: str = "") -> BreakGlassAccess:
    """End an access before its time; its sessions end. ConflictError when it is over."""
    access = get_access(vault, access_id)
    if not access.is_running(vault.now()):
        raise ConflictError("break-glass.ended", "This access is over.", "Review it.")
    with vault.change(actor, AuditAction.BREAK_GLASS_END, target=access.id, reason=reason) as db:
        store.set_end(db, access.id, vault.now(), actor.id)
        account_sessions.delete_sessions_of(db, access.person)
    return get_access(vault, access_id)


def review_access(
    vault: Vault, access_id: str, verdict: ReviewVerdict, actor: Actor, note: str
) -> BreakGlassAccess:
    """Say whether an access was justified, and why. ForbiddenError for whoever let that person in."""
    note = check_reason(note, "break-glass.note", "Say what you looked at, and what came of it.")
    policies.check_can_review(store.find_access(vault.db, access_id), actor, vault.now())
    with vault.change(
        actor, AuditAction.BREAK_GLASS_REVIEW, target=f"{access_id} {verdict}", reason=note
    ) as db:
        store.set_review(db, access_id, verdict, vault.now(), actor.id, actor.name, note)
    return get_access(vault, access_id)
