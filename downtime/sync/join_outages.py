"""Which outage here a laptop's outage belongs to, where the times alone do not say it."""

from downtime.outage import laptop_outages as outages
from downtime.snapshot import load_bundle
from downtime.sync.merge_bundle import move_forms_to_outages
from downtime.sync.model import AuditAction
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def join_outage(vault: Vault, device: str, there: str, here: str, actor: Actor, reason: str) -> int:
    """Put a laptop's outage under one here; how many forms moved. It overrules the times.

    NotFoundError for an unknown one; ConflictError when a drill would mix with an outage.
    """
    with vault.change(
        actor, AuditAction.HANDOVER_JOIN, target=f"{device}:{there} to {here}", reason=reason
    ) as db:
        outages.join_outage(db, device, there, here)
        return move_forms_to_outages(db, outages.map_to_local_outages(db))


def open_joined_outage(vault: Vault, device: str, there: str, actor: Actor, reason: str) -> str:
    """Open an outage here with what a laptop declared; the id here.

    What other laptops declared at the same time joins it by itself. Its T0 is the laptop's, when
    that snapshot is held here, and is then kept for good.
    """
    snapshots = {info.id for info in load_bundle.list_snapshots(vault)}
    with vault.change(
        actor, AuditAction.HANDOVER_OPEN_BOOKS, target=f"{device}:{there}", reason=reason
    ) as db:
        made = outages.open_local_outage(db, device, there, snapshots)
        move_forms_to_outages(db, outages.map_to_local_outages(db))
    snapshot = next(one.snapshot for one in outages.list_local_outages(vault.db) if one.id == made)
    if snapshot:
        load_bundle.pin_snapshot(vault, snapshot, actor, reason)
    return made
