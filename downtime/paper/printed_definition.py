"""The definition of a form as it was printed, however its file has changed since."""

from downtime.errors import NotFoundError
from downtime.paper.forms.load_form import parse_form
from downtime.paper.forms.model import FormDefinition
from downtime.paper.model import IssuedForm
from downtime.paper.store import issued_forms
from downtime.vault.vault import Vault


def get_printed_definition(vault: Vault, issued: IssuedForm) -> FormDefinition:
    """The fields of the paper itself: read from the text that the ledger keeps with its layout.

    NotFoundError for a list or cover, which has no fields.
    """
    text = issued_forms.fetch_definition_text(vault.db, issued.layout)
    if not text:
        raise NotFoundError(
            "form.no-fields",
            f"'{issued.title}' has no fields: it is a copy of what the systems said.",
            "Put it back where it is used, and scan the next form.",
        )
    return parse_form(text)
