"""A ledger that lost its days goes on above what the state knows, and it is said.

Arrival numbers that the state counts as applied would be passed over by every build: what is
received under them would be acknowledged and never shown.
"""

from typing import NamedTuple

from downtime.ingest.ledger import Ledger
from downtime.snapshot.model import AuditAction
from downtime.snapshot.state_files import open_state
from downtime.snapshot.store import publisher_state
from downtime.vault.model import Actor
from downtime.vault.store import audit_chain
from downtime.vault.vault import Vault

LEDGER = "ledger"
"""What stands for a system where a finding is of no system."""
_MOST_LISTED = 100


class LostMessages(NamedTuple):
    """Messages that the state knows and the ledger holds no more."""

    numbers: str
    """First and last arrival number: `1-5000`."""
    time: str
    """When it was noticed, UTC."""

    @property
    def sentence(self) -> str:
        """What was lost, for people."""
        first, last = self.numbers.split("-")
        return (
            f"The ledger has lost messages {first} to {last}, which the state holds; new ones are"
            f" numbered above them. Noticed {self.time}."
        )


def continue_numbers(vault: Vault, ledger: Ledger, actor: Actor) -> LostMessages | None:
    """Before anything is received: give only numbers above those of the state; what was lost."""
    applied, last = _find_applied(vault), ledger.get_last_arrival()
    if last >= applied:
        return None
    lost = LostMessages(f"{last + 1}-{applied}", ledger.now())
    with vault.change(actor, AuditAction.INGEST_LOST, target=lost.numbers):
        ledger.skip_to(applied)
    return lost


def list_lost(vault: Vault, since: str = "") -> list[LostMessages]:
    """What was lost, the newest first, noticed from a time (UTC text) on."""
    entries = audit_chain.list_entries(
        vault.db, before=2**62, limit=_MOST_LISTED, action=AuditAction.INGEST_LOST
    )
    return [LostMessages(entry.target, entry.at) for entry in entries if entry.at >= since]


def _find_applied(vault: Vault) -> int:
    """The highest arrival number that a state of this home knows; 0 without one."""
    files = (vault.home.state_file, vault.home.base_file)
    path = next((file for file in files if file.exists()), None)
    if path is None:
        return 0
    with open_state(vault, path) as db:
        return publisher_state.get_applied_arrival(db)
