"""What becomes of a printing: printed, failed and asked for again, or broken off by a dead program."""

from datetime import timedelta

from downtime.clock import to_text
from downtime.errors import NotFoundError
from downtime.paper import store
from downtime.paper.issue import FAILED, PACKS, PRINTED, PRINTING, REPEATED, VOID, Pack
from downtime.settings import Settings
from downtime.vault import device
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

_OWN = "substr(id, 1, 3) = ? || '-'"
BROKEN_OFF = "The program stopped while it was printing this."


def get(vault: Vault, pack: str) -> Pack:
    """One printing; NotFoundError."""
    found = store.packs(vault.db, "id = ?", pack)
    if not found:
        raise NotFoundError(
            "pack.unknown", f"No pack '{pack}' was printed here.", "List the packs."
        )
    return found[0]


def failed(vault: Vault) -> list[Pack]:
    """Printings of this machine that nobody got and nobody asked for again, newest first."""
    return store.packs(vault.db, f"state = ? AND {_OWN}", FAILED, device.code(vault.home))


def get_failed(vault: Vault, pack: str) -> Pack:
    """A printing that failed; NotFoundError, ConflictError when it did not, or was repeated."""
    found = get(vault, pack)
    PACKS.check(found.state, REPEATED)
    return found


def void(vault: Vault, pack: Pack, who: Actor, why: str) -> None:
    """Nobody got these pages: every form of the pack is void; ConflictError by the lifecycle."""
    with vault.change(who, "pack.void", target=pack.id, why=why) as db:
        (now,) = store.packs(db, "id = ?", pack.id)
        PACKS.check(now.state, FAILED)
        store.void_pack(db, pack.id, VOID, vault.now(), who, why)
        store.fail_pack(db, pack.id, FAILED, why)


def repeated(vault: Vault, pack: Pack, who: Actor, by: str) -> None:
    """A failed printing was printed anew as the pack `by`."""
    with vault.change(who, "pack.repeated", target=pack.id, why=f"printed anew as {by}") as db:
        (now,) = store.packs(db, "id = ?", pack.id)
        PACKS.check(now.state, REPEATED)
        store.fail_pack(db, pack.id, REPEATED, f"Printed anew as {by}.")


def printed_for(vault: Vault, job: str) -> Pack | None:
    """What was printed, and handed over, in the course of a job."""
    found = store.packs(vault.db, "job = ? AND state = ?", job, PRINTED)
    return found[0] if found else None


def withdraw(vault: Vault, job: str, why: str) -> int:
    """Void what was printed for a job whose pages nobody got; how many packs."""
    condition = "job = ? AND state IN (?, ?)"
    return _void_all(vault, store.packs(vault.db, condition, job, PRINTING, PRINTED), why)


def void_interrupted(vault: Vault, settings: Settings) -> int:
    """Void printings whose program died; how many. One takes minutes, so an old one is dead."""
    limit = vault.clock() - timedelta(minutes=settings.printing.interrupted_minutes)
    condition, own = f"state = ? AND issued_at < ? AND {_OWN}", device.code(vault.home)
    found = store.packs(vault.db, condition, PRINTING, to_text(limit), own)
    return _void_all(vault, found, BROKEN_OFF)


def _void_all(vault: Vault, found: list[Pack], why: str) -> int:
    for pack in found:
        issuer = Actor(pack.issued_by, pack.issued_name, device.public(vault.home).code)
        void(vault, pack, issuer, why)
    return len(found)
