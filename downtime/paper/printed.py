"""The definition of a form as it was printed, however its file has changed since."""

from downtime.errors import NotFoundError
from downtime.paper import store
from downtime.paper.forms.definition import from_text
from downtime.paper.forms.questionnaire import FormDefinition
from downtime.paper.issue import Issued
from downtime.vault.vault import Vault


def printed(vault: Vault, issued: Issued) -> FormDefinition:
    """The fields of the paper itself: read from the text that the ledger keeps with its layout.

    NotFoundError for a list or cover, which has no fields.
    """
    text = store.definition_text(vault.db, issued.layout)
    if not text:
        raise NotFoundError(
            "form.no-fields",
            f"'{issued.title}' has no fields: it is a copy of what the systems said.",
            "Put it back where it is used, and scan the next form.",
        )
    return from_text(text)
