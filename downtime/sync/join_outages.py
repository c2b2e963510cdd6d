"""Which outage here a laptop's outage belongs to, where the times alone do not say it."""

from downtime.outage import laptop_outages
from downtime.snapshot import local_snapshots
from downtime.sync.merge_rows import move_forms_to_outages
from downtime.sync.model import AuditAction
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


def join_outage(
    vault: Vault, device: str, laptop_outage: str, outage: str, actor: Actor, reason: str
) -> int:
    """Put a laptop's outage under one here; how many forms moved. It overrules the times.

    InputError without a reason; NotFoundError for an unknown one; ConflictError when a drill would
    mix with an outage.
    """
    reason = check_reason(reason, "sync.reason")
    target = f"{device}:{laptop_outage} to {outage}"
    with vault.change(actor, AuditAction.HANDOVER_JOIN, target=target, reason=reason) as db:
        laptop_outages.join_outage(db, device, laptop_outage, outage)
        return move_forms_to_outages(db, laptop_outages.map_to_local_outages(db))


def open_joined_outage(
    vault: Vault, device: str, laptop_outage: str, actor: Actor, reason: str
) -> str:
    """Open an outage here with what a laptop declared; the id here.

    What other laptops declared at the same time joins it by itself. Its T0 is the laptop's, when
    that snapshot is held here, and is then kept for good. InputError without a reason.
    """
    reason = check_reason(reason, "sync.reason")
    snapshots = {info.id for info in local_snapshots.list_snapshots(vault)}
    target = f"{device}:{laptop_outage}"
    with vault.change(actor, AuditAction.HANDOVER_OPEN_BOOKS, target=target, reason=reason) as db:
        opened = laptop_outages.open_local_outage(db, device, laptop_outage, snapshots)
        move_forms_to_outages(db, laptop_outages.map_to_local_outages(db))
    local = {outage.id: outage for outage in laptop_outages.list_local_outages(vault.db)}
    if snapshot := local[opened].snapshot:
        local_snapshots.pin_snapshot(vault, snapshot, actor, reason)
    return opened
