"""What leads and records staff do until a statement is complete, and signed."""

from downtime.accounts.confirm_person import PasswordProof
from downtime.entry import file_form, retire_forms
from downtime.paper import ledger
from downtime.reconcile import decide_item, find_items
from downtime.returns.export_messages import export_messages
from downtime.returns.statement import completeness_statement
from downtime.returns.statement import sign_statement as signing


def sign_statement(vault, settings, lead, person, **more):
    """Sign as somebody who has just given their password."""
    confirmation = PasswordProof(person.id, vault.clock())
    return signing.sign_statement(vault, settings, lead, person, confirmation, **more)


def settle(vault, settings, outage, actor, checker, folder):
    for form in ledger.list_missing(vault, outage.id):
        retire_forms.mark_lost(vault, form.serial, actor, "not found")
    for form in ledger.list_in_states(vault, outage.id, "returned"):
        file_form.file_form(vault, settings, form.serial, actor)
    for row in find_items.list_items(vault, outage.id, decision="open"):
        decide_item.decide_item(vault, row.key, "return", checker, "not in the LIMS")
    assert completeness_statement.gather_statement(vault, settings).facts["open_kinds"] == {
        "not-sent": 1
    }
    export_messages(vault, settings, "hl7v2", folder, actor)
