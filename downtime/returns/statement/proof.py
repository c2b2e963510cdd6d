"""What was derived anew and what speaks against the records, together; for a screen remembered for a while.

Whatever is made or signed is derived anew. A page that many look at may show what was derived a little
before: as long as nothing was written since, or, in a large hospital, for some seconds.
"""

import threading
from dataclasses import dataclass
from time import monotonic

from downtime.outage.model import Outage
from downtime.returns.statement import derivation, evidence
from downtime.returns.statement.evidence import Problem
from downtime.returns.statement.model import OpenItem
from downtime.settings import Settings
from downtime.vault.store import audit_chain
from downtime.vault.vault import Vault

UNCHANGED_SECONDS = 120.0
"""What something else than this program changes is seen on a page after this long at the latest."""
SLOW_SECONDS = 0.5
PAUSES = 20.0
"""What takes long is derived again after so many times as long, whatever was written meanwhile."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What speaks against the records, and which of their steps do not follow; `at` is UTC as stored."""

    at: str
    problems: tuple[Problem, ...]
    differences: tuple[OpenItem, ...]


def prove(vault: Vault, settings: Settings, outage: Outage) -> Proof:
    """Derive all of it anew."""
    return Proof(
        vault.now(),
        tuple(evidence.find_problems(vault, settings, outage.opened)),
        tuple(derivation.find_differences(vault, settings, outage)),
    )


@dataclass(frozen=True, slots=True)
class _Remembered:
    proof: Proof
    content: str
    settings: Settings
    since: float
    took: float

    def is_good(self, content: str, settings: Settings) -> bool:
        age = monotonic() - self.since
        if self.settings != settings:
            return False
        if self.content == content:
            return age < UNCHANGED_SECONDS
        return self.took > SLOW_SECONDS and age < PAUSES * self.took


class ProofCache:
    """The last proof of each outage, for pages."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._remembered: dict[tuple[str, str], _Remembered] = {}

    def prove(self, vault: Vault, settings: Settings, outage: Outage) -> Proof:
        """As `prove`, or what it found a moment ago."""
        key = (str(vault.home.path), outage.id)
        content = audit_chain.fetch_content(vault.db)
        with self._lock:
            remembered = self._remembered.get(key)
            if remembered is None or not remembered.is_good(content, settings):
                started = monotonic()
                proof = prove(vault, settings, outage)
                now = monotonic()
                remembered = _Remembered(proof, content, settings, now, now - started)
                self._remembered[key] = remembered
            return remembered.proof
