"""File the paper of a form: it is verified, or kept as a picture of which nothing is keyed."""

from downtime.entry.claims import check_not_claimed
from downtime.entry.keying_policy import apply_policy
from downtime.entry.model import AuditAction
from downtime.entry.open_form import open_form
from downtime.entry.policies import check_can_file
from downtime.entry.queries.list_queries import list_queries_of_form
from downtime.entry.queries.policies import check_none_open
from downtime.outage import laptop_outages, outages
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.forms.model import KeyingPolicy
from downtime.paper.model import FormState, IssuedForm
from downtime.paper.move_form import move_form
from downtime.paper.store import issued_forms
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def file_form(
    vault: Vault, settings: Settings, serial: str, actor: Actor, reason: str = ""
) -> None:
    """The paper goes to its file: once verified, or unkeyed where the site keeps a picture of it.

    ConflictError before that, or while somebody else has the form on the screen.
    """
    number = open_form(vault, serial).issued.serial
    with vault.change(actor, AuditAction.ENTRY_FILE, target=number, reason=reason) as db:
        form = open_form(vault, number, settings)
        check_not_claimed(db, number, actor, vault.now())
        check_can_file(form.issued, form.definition, form.entry)
        check_none_open(list_queries_of_form(vault, number), number)
        move_form(db, number, FormState.FILED, vault.now(), actor, reason)


def find_unfiled_forms(vault: Vault, settings: Settings, outage: str) -> list[IssuedForm]:
    """Returned forms of an outage that are kept as a picture, in the order of issue.

    Paper printed ahead of any outage belongs to the one in which it came back.
    """
    returned = ledger.list_in_states(vault, outage, FormState.RETURNED)
    if outage:
        returned += _find_printed_ahead(vault, outages.get_outage(vault, outage))
    is_picture_by_layout = {
        layout: _is_picture(vault, settings, form)
        for layout, form in {form.layout: form for form in returned}.items()
    }
    return [form for form in returned if is_picture_by_layout[form.layout]]


def find_unfiled_serials(
    vault: Vault, settings: Settings, outage: str, *, drill: bool
) -> list[str]:
    """The serials of the same, to be counted: nothing else is read of them."""
    printed = issued_forms.fetch_layouts(vault.db, outage, [FormState.RETURNED], drill=drill)
    if outage and not drill:
        ahead = _find_printed_ahead(vault, outages.get_outage(vault, outage))
        printed += [(form.serial, form.layout) for form in ahead]
    serial_by_layout = {layout: serial for serial, layout in printed}
    is_picture_by_layout = {
        layout: _is_picture(vault, settings, ledger.get_form(vault, serial))
        for layout, serial in serial_by_layout.items()
    }
    return [serial for serial, layout in printed if is_picture_by_layout[layout]]


def _is_picture(vault: Vault, settings: Settings, form: IssuedForm) -> bool:
    definition = apply_policy(ledger.get_printed_definition(vault, form), settings)
    return definition.policy == KeyingPolicy.SCAN


def _find_printed_ahead(vault: Vault, outage: Outage) -> list[IssuedForm]:
    start, end = laptop_outages.find_paper_window(vault.db, outage)
    return [
        form
        for form in ledger.list_in_states(vault, "", FormState.RETURNED)
        if not form.drill and start <= form.changed_at < end
    ]
