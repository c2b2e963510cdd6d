"""Put a paper away: it is verified, or filed as a picture of which nothing is keyed."""

from downtime.entry import open_form
from downtime.entry.keying_policy import SCAN
from downtime.entry.model import VERIFIED, AuditAction
from downtime.entry.store import entries
from downtime.errors import ConflictError
from downtime.paper import ledger
from downtime.paper.model import FormState
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def file_form(
    vault: Vault, serial: str, actor: Actor, reason: str = "", settings: Settings | None = None
) -> None:
    """The paper goes to its file: once verified, or unkeyed where the form's policy is `scan`."""
    form = open_form.open_form(vault, serial, settings)
    with vault.change(
        actor, AuditAction.ENTRY_FILE, target=form.issued.serial, reason=reason
    ) as db:
        entry = entries.fetch(db, form.issued.serial)
        keyed = entry is not None and entry.state == VERIFIED
        if not keyed and form.definition.policy != SCAN:
            raise ConflictError(
                "entry.unverified",
                "This form is keyed by policy, and its entry is not verified yet.",
                "Key it and have it verified, then file the paper.",
            )
        ledger.move_form(db, form.issued.serial, FormState.FILED, vault.now(), actor, reason)
