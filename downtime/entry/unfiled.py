"""Documents: paper that is kept as a picture by policy, came back, and is not filed yet."""

from downtime.entry.policies import SCAN, applied
from downtime.outage import carried, outages
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.issue import RETURNED, Issued
from downtime.paper.printed import printed
from downtime.settings import Settings
from downtime.vault.vault import Vault


def unfiled(vault: Vault, settings: Settings, outage: str) -> list[Issued]:
    """Returned forms of an outage whose policy is `scan`, in the order of issue.

    Paper printed ahead of any outage belongs to the one in which it came back.
    """
    found = ledger.in_state(vault, outage, RETURNED)
    if outage:
        found += _ahead(vault, outages.get(vault, outage))
    pictures = {
        layout: applied(printed(vault, form), settings).policy == SCAN
        for layout, form in {form.layout: form for form in found}.items()
    }
    return [form for form in found if pictures[form.layout]]


def _ahead(vault: Vault, outage: Outage) -> list[Issued]:
    if outage.drill:
        return []
    began = carried.began(vault.db, outage)
    return [
        form
        for form in ledger.in_state(vault, "", RETURNED)
        if not form.drill and began <= form.changed_at <= (outage.closed or "~")
    ]
