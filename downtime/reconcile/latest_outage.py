"""Which outage is reconciled: the one whose books are open, else the last one."""

from dataclasses import replace

from downtime.errors import NotFoundError
from downtime.outage import laptop_outages, outages
from downtime.outage.model import Outage
from downtime.vault.vault import Vault


def find_latest_outage(vault: Vault) -> Outage:
    """The outage whose books are open, else the last one; NotFoundError when there was none.

    It began when any laptop first declared it, which may have been before it was declared here.
    """
    for outage in outages.list_outages(vault):
        return replace(outage, opened=laptop_outages.find_start(vault.db, outage))
    raise NotFoundError(
        "reconcile.outage", "No outage was ever declared here.", "Declare one, or drill one."
    )
