"""Which lists people released from quarantine: who, when and why, as the audit has it."""

from typing import NamedTuple

from downtime.accounts import people
from downtime.errors import NotFoundError
from downtime.ingest.find_messages import get_entry
from downtime.ingest.ledger import Ledger
from downtime.ingest.model import AuditAction
from downtime.vault.store import audit_chain
from downtime.vault.vault import Vault

MOST_LISTED = 1_000
"""So many releases are looked at, the newest first."""


class ReleasedList(NamedTuple):
    """A list that a person let be applied although it could not be believed; no patient data."""

    source: str
    """The system that it is of; empty once the ledger has it no more."""
    name: str
    time: str
    """UTC as stored."""
    reason: str

    @property
    def sentence(self) -> str:
        """Who took it upon them, for data quality."""
        return f"released by {self.name} at {self.time}: {self.reason}"


def list_released(vault: Vault, ledger: Ledger, since: str = "") -> list[ReleasedList]:
    """The newest first, from a time (UTC text) on."""
    entries = audit_chain.list_entries(
        vault.db, before=2**62, limit=MOST_LISTED, action=AuditAction.INGEST_RELEASE
    )
    names = {person.id: person.name for person in people.list_people(vault)} if entries else {}
    return [
        ReleasedList(
            _find_source(ledger, int(entry.target)),
            names.get(entry.actor, entry.actor),
            entry.at,
            entry.reason,
        )
        for entry in entries
        if entry.at >= since
    ]


def _find_source(ledger: Ledger, arrival: int) -> str:
    try:
        entry = get_entry(ledger, arrival)
    except NotFoundError:
        return ""
    return entry.system or entry.source
