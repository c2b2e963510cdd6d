"""Packs of a planned downtime are printed beforehand; once it begins they become part of its outage.

Without that only what comes back of them would be accounted for. Nothing else about a form changes.
"""

from collections.abc import Sequence
from datetime import timedelta

from downtime.clock import from_text, to_text
from downtime.errors import InputError
from downtime.outage import outages
from downtime.outage.model import Outage
from downtime.paper.model import AuditAction, Pack, PackKind
from downtime.paper.packs import pack_ledger
from downtime.paper.policies import check_can_adopt, check_reason
from downtime.paper.store import packs
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_FOR_WARDS = frozenset(PackKind) - {PackKind.READINESS, PackKind.LABELS}


def list_packs_ahead(vault: Vault, settings: Settings, outage: Outage) -> list[Pack]:
    """What was printed outside of any outage shortly before this one began, newest first."""
    if outage.drill:
        return []
    hours = timedelta(hours=settings.printing.ahead_hours)
    since = to_text(from_text(outage.opened) - hours)
    packs_ahead = packs.fetch_ahead(vault.db, since, outage.opened)
    return [pack for pack in packs_ahead if pack.kind in _FOR_WARDS]


def adopt_packs(
    vault: Vault, outage_id: str, pack_ids: Sequence[str], actor: Actor, reason: str
) -> Outage:
    """Make these packs part of an outage; InputError for none, ConflictError for one that cannot be."""
    reason, outage = check_reason(reason), outages.get_outage(vault, outage_id)
    if not pack_ids:
        raise InputError("adopt.none", "No pack was chosen.", "Tick those of this downtime.")
    target = f"{outage_id}: {','.join(pack_ids)}"
    with vault.change(actor, AuditAction.PACK_ADOPT, target=target, reason=reason) as db:
        for pack_id in pack_ids:
            check_can_adopt(pack_ledger.get_pack(vault, pack_id), outage)
            packs.set_outage(db, pack_id, outage_id)
    return outage
