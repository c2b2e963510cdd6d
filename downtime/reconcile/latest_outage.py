"""Which outage is reconciled: the one at hand, from when anybody first declared it."""

from dataclasses import replace

from downtime.outage import laptop_outages
from downtime.outage.model import Outage
from downtime.outage.outage_at_hand import get_outage_at_hand
from downtime.vault.vault import Vault


def find_latest_outage(vault: Vault) -> Outage:
    """The outage whose recovery this machine works on; NotFoundError when there was none.

    It began when any laptop first declared it, which may have been before it was declared here.
    """
    outage = get_outage_at_hand(vault)
    return replace(outage, opened=laptop_outages.find_start(vault.db, outage))
