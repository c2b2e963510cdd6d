"""Which outage's recovery a machine works on: comparison, returns and statement are about one."""

from downtime.errors import NotFoundError
from downtime.outage import outages, policies, store
from downtime.outage.model import AuditAction, Outage, OutageState
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def find_outage_at_hand(vault: Vault) -> Outage | None:
    """The one that a person chose last, else real before drilled, being recovered, oldest first.

    It is one whose books are open; where there is none, the last one.
    """
    unclosed = outages.list_unclosed(vault)
    if not unclosed:
        return next(iter(outages.list_outages(vault)), None)
    chosen = max(unclosed, key=lambda item: item.chosen)
    return chosen if chosen.chosen else min(unclosed, key=_default_order)


def is_drill_at_hand(vault: Vault) -> bool:
    """Whether the recovery worked on is a drill's: then queues and lists hold its paper, else real paper.

    One that is closed is over: what comes in late is real.
    """
    at_hand = find_outage_at_hand(vault)
    return at_hand is not None and at_hand.drill and at_hand.state != OutageState.CLOSED


def _default_order(outage: Outage) -> tuple[bool, bool, str]:
    return outage.drill, outage.state != OutageState.RECOVERING, outage.opened


def get_outage_at_hand(vault: Vault) -> Outage:
    """The same; NotFoundError when there never was one."""
    outage = find_outage_at_hand(vault)
    if outage is None:
        raise NotFoundError(
            "reconcile.outage", "No outage was ever declared here.", "Declare one, or drill one."
        )
    return outage


def choose_outage(vault: Vault, outage_id: str, actor: Actor, reason: str = "") -> Outage:
    """Work on the recovery of this one from now on; NotFoundError, ConflictError once it is closed."""
    with outages.change_outage(vault, AuditAction.OUTAGE_CHOOSE, outage_id, actor, reason) as (
        db,
        outage,
    ):
        policies.check_is_unclosed(outage)
        store.set_chosen(db, outage_id, vault.now())
    return outages.get_outage(vault, outage_id)
