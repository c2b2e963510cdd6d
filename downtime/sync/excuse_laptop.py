"""Excuse a laptop from sending what it holds, with a reason; or await it again."""

from downtime.errors import NotFoundError
from downtime.sync.laptop_reports import report_laptops
from downtime.sync.model import (
    AuditAction,
    ExcusedLaptop,
)
from downtime.sync.store import laptops
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


def excuse_laptop(vault: Vault, code: str, actor: Actor, reason: str) -> None:
    """Await nothing of a laptop: it prints no paper, or is lost for good. `reason` is required."""
    reason = check_reason(reason, "sync.reason")
    if code not in {report.device for report in report_laptops(vault, None)}:
        raise NotFoundError("sync.unknown", f"No laptop {code} is known.", "Check the code.")
    laptop = ExcusedLaptop(
        device=code, reason=reason, at=vault.now(), by=actor.id, by_name=actor.name
    )
    with vault.change(actor, AuditAction.HANDOVER_EXCUSE, target=code, reason=reason) as db:
        laptops.save_excused(db, laptop)


def await_laptop(vault: Vault, code: str, actor: Actor, reason: str = "") -> None:
    """Await bundles of a laptop again."""
    with vault.change(actor, AuditAction.HANDOVER_EXPECT, target=code, reason=reason) as db:
        laptops.delete_excused(db, code)
