"""Real paper and that of drills, apart: who works off one never meets the other."""

from dataclasses import dataclass

from downtime.outage.outage_at_hand import is_drill_at_hand
from downtime.paper.store import issued_forms
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class PaperKind:
    """Which of the two queues and lists hold."""

    is_drill: bool
    drill_serials: frozenset[str]
    """Forms of drills of which something may still be keyed."""


def find_paper_kind(vault: Vault) -> PaperKind:
    """That of the outage whose recovery this machine works on."""
    return PaperKind(is_drill_at_hand(vault), issued_forms.fetch_drill_serials(vault.db))


def find_other_kind(vault: Vault) -> PaperKind:
    """The one that is left out of queues and lists."""
    kind = find_paper_kind(vault)
    return PaperKind(not kind.is_drill, kind.drill_serials)
