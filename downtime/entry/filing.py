"""Put a paper away: it is verified, or filed as a picture of which nothing is keyed."""

from downtime.entry import opening, store
from downtime.entry.model import VERIFIED
from downtime.entry.policies import SCAN
from downtime.errors import ConflictError
from downtime.paper import ledger
from downtime.paper.issue import FILED
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def file_away(
    vault: Vault, serial: str, who: Actor, why: str = "", settings: Settings | None = None
) -> None:
    """The paper goes to its file: once verified, or unkeyed where the form's policy is `scan`."""
    form = opening.open_form(vault, serial, settings)
    with vault.change(who, "entry.file", target=form.issued.serial, why=why) as db:
        entry = store.fetch(db, form.issued.serial)
        keyed = entry is not None and entry.state == VERIFIED
        if not keyed and form.definition.policy != SCAN:
            raise ConflictError(
                "entry.unverified",
                "This form is keyed by policy, and its entry is not verified yet.",
                "Key it and have it verified, then file the paper.",
            )
        ledger.move(db, form.issued.serial, FILED, vault.now(), who, why)
