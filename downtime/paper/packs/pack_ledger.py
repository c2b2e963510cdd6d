"""What becomes of a printing: printed, failed and asked for again, or broken off by a dead program."""

from datetime import timedelta

from downtime.clock import to_text
from downtime.errors import NotFoundError
from downtime.paper.model import PACK_LIFECYCLE, AuditAction, FormState, Pack, PackState
from downtime.paper.store import issued_forms, packs
from downtime.settings import Settings
from downtime.vault import device
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_OWN = "substr(id, 1, 3) = ? || '-'"
INTERRUPTED = "The program stopped while it was printing this."


def get_pack(vault: Vault, pack: str) -> Pack:
    """One printing; NotFoundError."""
    found = packs.fetch_packs(vault.db, "id = ?", pack)
    if not found:
        raise NotFoundError(
            "pack.unknown", f"No pack '{pack}' was printed here.", "List the packs."
        )
    return found[0]


def list_failed(vault: Vault) -> list[Pack]:
    """Printings of this machine that nobody got and nobody asked for again, newest first."""
    return packs.fetch_packs(
        vault.db, f"state = ? AND {_OWN}", PackState.FAILED, device.read_own_code(vault.home)
    )


def get_failed(vault: Vault, pack: str) -> Pack:
    """A printing that failed; NotFoundError, ConflictError when it did not, or was repeated."""
    found = get_pack(vault, pack)
    PACK_LIFECYCLE.check(found.state, PackState.REPEATED)
    return found


def void_pack(vault: Vault, pack: Pack, actor: Actor, reason: str) -> None:
    """Nobody got these pages: every form of the pack is void; ConflictError by the lifecycle."""
    with vault.change(actor, AuditAction.PACK_VOID, target=pack.id, reason=reason) as db:
        (now,) = packs.fetch_packs(db, "id = ?", pack.id)
        PACK_LIFECYCLE.check(now.state, PackState.FAILED)
        issued_forms.move_pack_forms(db, pack.id, FormState.VOID, vault.now(), actor, reason)
        packs.set_failure(db, pack.id, PackState.FAILED, reason)


def mark_repeated(vault: Vault, pack: Pack, actor: Actor, by: str) -> None:
    """A failed printing was printed anew as the pack `by`."""
    with vault.change(
        actor, AuditAction.PACK_REPEATED, target=pack.id, reason=f"printed anew as {by}"
    ) as db:
        (now,) = packs.fetch_packs(db, "id = ?", pack.id)
        PACK_LIFECYCLE.check(now.state, PackState.REPEATED)
        packs.set_failure(db, pack.id, PackState.REPEATED, f"Printed anew as {by}.")


def find_printed_for_job(vault: Vault, job: str) -> Pack | None:
    """What was printed, and handed over, in the course of a job."""
    found = packs.fetch_packs(vault.db, "job = ? AND state = ?", job, PackState.PRINTED)
    return found[0] if found else None


def withdraw_job(vault: Vault, job: str, reason: str) -> int:
    """Void what was printed for a job whose pages nobody got; how many packs."""
    condition = "job = ? AND state IN (?, ?)"
    return _void_all(
        vault,
        packs.fetch_packs(vault.db, condition, job, PackState.PRINTING, PackState.PRINTED),
        reason,
    )


def void_interrupted(vault: Vault, settings: Settings) -> int:
    """Void printings whose program died; how many. One takes minutes, so an old one is dead."""
    limit = vault.clock() - timedelta(minutes=settings.printing.interrupted_minutes)
    condition, own = f"state = ? AND issued_at < ? AND {_OWN}", device.read_own_code(vault.home)
    found = packs.fetch_packs(vault.db, condition, PackState.PRINTING, to_text(limit), own)
    return _void_all(vault, found, INTERRUPTED)


def _void_all(vault: Vault, found: list[Pack], reason: str) -> int:
    for pack in found:
        issuer = Actor(pack.issued_by, pack.issued_name, device.read_own_card(vault.home).code)
        void_pack(vault, pack, issuer, reason)
    return len(found)
