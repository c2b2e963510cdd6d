"""What becomes of a pack: printed, failed and asked for again, or interrupted by a dead program."""

from datetime import timedelta

from sqlite_utils import Database

from downtime.clock import to_text
from downtime.errors import NotFoundError
from downtime.paper.model import OUT, PACK_LIFECYCLE, AuditAction, FormState, Pack, PackState
from downtime.paper.store import issued_forms, packs
from downtime.paper.stored_reasons import ProgramReason, store_reason, word_reason
from downtime.settings import Settings
from downtime.vault import device
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

INTERRUPTED = store_reason(ProgramReason.INTERRUPTED)
CANCELLED = store_reason(ProgramReason.CANCELLED)


def get_pack(vault: Vault, pack_id: str) -> Pack:
    """One pack; NotFoundError."""
    return _get_pack(vault.db, pack_id)


def _get_pack(db: Database, pack_id: str) -> Pack:
    pack = packs.find_pack(db, pack_id)
    if pack is None:
        raise NotFoundError(
            "pack.unknown", f"No pack '{pack_id}' was printed here.", "List the packs."
        )
    return pack


def list_failed(vault: Vault) -> list[Pack]:
    """Packs of this machine that nobody got and nobody asked for again, newest first."""
    return packs.fetch_failed(vault.db, device.read_own_code(vault.home))


def get_failed(vault: Vault, pack_id: str) -> Pack:
    """A pack that failed; NotFoundError, ConflictError when it did not, or was repeated."""
    pack = get_pack(vault, pack_id)
    PACK_LIFECYCLE.check(pack.state, PackState.REPEATED)
    return pack


def void_pack(vault: Vault, pack: Pack, actor: Actor, reason: str) -> None:
    """Nobody got these pages: every form of the pack is void; ConflictError by the lifecycle.

    A form of it that came back all the same stays as it is.
    """
    sentence = word_reason(reason)

    def write(db: Database) -> None:
        PACK_LIFECYCLE.check(_get_pack(db, pack.id).state, PackState.FAILED)
        for form in list(issued_forms.fetch_of_pack(db, pack.id)):
            if form.state in OUT:
                issued_forms.set_state(db, form.serial, FormState.VOID, vault.now(), actor, reason)
        packs.set_failure(db, pack.id, PackState.FAILED, reason)

    vault.record(actor, AuditAction.PACK_VOID, write, target=pack.id, reason=sentence)


def mark_repeated(vault: Vault, pack: Pack, actor: Actor, successor: str) -> None:
    """A failed pack was printed anew as the pack `successor`."""
    reason = f"printed anew as {successor}"

    def write(db: Database) -> None:
        PACK_LIFECYCLE.check(_get_pack(db, pack.id).state, PackState.REPEATED)
        failure = store_reason(ProgramReason.REPEATED, successor)
        packs.set_failure(db, pack.id, PackState.REPEATED, failure)

    vault.record(actor, AuditAction.PACK_REPEATED, write, target=pack.id, reason=reason)


def find_printed_for_job(vault: Vault, job: str) -> Pack | None:
    """What was printed, and delivered, in the course of a job."""
    return next(iter(packs.fetch_of_job(vault.db, job, [PackState.PRINTED])), None)


def withdraw_job(vault: Vault, job: str, reason: str) -> int:
    """Void what was printed for a job whose pages nobody got; how many packs."""
    states = PackState.PRINTING, PackState.PRINTED
    return _void_all(vault, packs.fetch_of_job(vault.db, job, states), reason)


def withdraw_unfinished(vault: Vault, job: str, reason: str) -> int:
    """Void what a job was still printing when it was ended from outside; how many packs."""
    return _void_all(vault, packs.fetch_of_job(vault.db, job, (PackState.PRINTING,)), reason)


def void_interrupted(vault: Vault, settings: Settings) -> int:
    """Void packs whose program died; how many. One takes minutes, so an old one is dead."""
    limit = vault.clock() - timedelta(minutes=settings.printing.interrupted_minutes)
    interrupted = packs.fetch_interrupted(
        vault.db, device.read_own_code(vault.home), to_text(limit)
    )
    return _void_all(vault, interrupted, INTERRUPTED)


def _void_all(vault: Vault, failed: list[Pack], reason: str) -> int:
    if vault.is_read_only:  # done when something is printed, or looked at, once it can be written
        return 0
    for pack in failed:
        issuer = Actor(pack.issued_by, pack.issued_name, device.read_own_card(vault.home).code)
        void_pack(vault, pack, issuer, reason)
    return len(failed)
