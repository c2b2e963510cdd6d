"""Which outage here a laptop's outage belongs to, where the times alone do not say it."""

from downtime.outage import carried as outages
from downtime.snapshot import load
from downtime.sync.take import regroup
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def join(vault: Vault, device: str, there: str, here: str, who: Actor, why: str) -> int:
    """Put a laptop's outage under one here; how many forms moved. It overrules the times.

    NotFoundError for an unknown one; ConflictError when a drill would mix with an outage.
    """
    with vault.change(who, "handover.join", target=f"{device}:{there} to {here}", why=why) as db:
        outages.joined(db, device, there, here)
        return regroup(db, outages.homes(db))


def open_books(vault: Vault, device: str, there: str, who: Actor, why: str) -> str:
    """Open an outage here with what a laptop declared; the id here.

    What other laptops declared at the same time joins it by itself. Its T0 is the laptop's, when
    that snapshot is held here, and is then kept for good.
    """
    snapshots = {info.id for info in load.list_snapshots(vault)}
    with vault.change(who, "handover.open-books", target=f"{device}:{there}", why=why) as db:
        made = outages.opened_here(db, device, there, snapshots)
        regroup(db, outages.homes(db))
    snapshot = next(one.snapshot for one in outages.own(vault.db) if one.id == made)
    if snapshot:
        load.pin(vault, snapshot, who, why)
    return made
