"""Documents: paper that is kept as a picture by policy, came back, and is not filed yet."""

from downtime.entry.keying_policy import SCAN, apply_policy
from downtime.outage import laptop_outages, outages
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.model import FormState, IssuedForm
from downtime.paper.printed_definition import get_printed_definition
from downtime.settings import Settings
from downtime.vault.vault import Vault


def find_unfiled_forms(vault: Vault, settings: Settings, outage: str) -> list[IssuedForm]:
    """Returned forms of an outage whose policy is `scan`, in the order of issue.

    Paper printed ahead of any outage belongs to the one in which it came back.
    """
    found = ledger.list_in_states(vault, outage, FormState.RETURNED)
    if outage:
        found += _ahead(vault, outages.get_outage(vault, outage))
    pictures = {
        layout: apply_policy(get_printed_definition(vault, form), settings).policy == SCAN
        for layout, form in {form.layout: form for form in found}.items()
    }
    return [form for form in found if pictures[form.layout]]


def _ahead(vault: Vault, outage: Outage) -> list[IssuedForm]:
    if outage.drill:
        return []
    began = laptop_outages.find_start(vault.db, outage)
    return [
        form
        for form in ledger.list_in_states(vault, "", FormState.RETURNED)
        if not form.drill and began <= form.changed_at <= (outage.closed or "~")
    ]
