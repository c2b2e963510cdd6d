"""Make a round, prove it by the page that was printed for it, and say when the next one is due."""

import secrets
from datetime import timedelta

import orjson

from downtime.clock import from_text
from downtime.errors import ConflictError, InputError
from downtime.paper import ledger
from downtime.paper.packs import pack_ledger
from downtime.paper.readiness import store
from downtime.paper.readiness.checks import Inspection, run_checks
from downtime.paper.readiness.model import AuditAction, ReadinessRound, Sighted
from downtime.settings import Settings
from downtime.vault.machines import read_list, read_own_machine
from downtime.vault.model import Actor, MachineRole
from downtime.vault.vault import Vault

PROOF = "readiness"
"""What the ledger calls the proof page."""
_MOST_SHEETS = 100_000


def check_readiness(
    vault: Vault, settings: Settings, sighted: Sighted, actor: Actor
) -> ReadinessRound:
    """Look at everything and keep what was found; it is proved once its page was read back."""
    if not 0 <= sighted.sheets <= _MOST_SHEETS:
        raise InputError("readiness.sheets", "That is no count of sheets.", "Count the packets.")
    checks = tuple(run_checks(Inspection(vault, settings, sighted)))
    round_ = ReadinessRound(secrets.token_hex(6), vault.now(), actor.id, actor.name, checks)
    target = f"{len(round_.faults)} faults"
    with vault.change(actor, AuditAction.READINESS_CHECK, target=target) as db:
        store.insert_round(db, round_)
    return round_


def prove_readiness(vault: Vault, serial: str, actor: Actor) -> ReadinessRound:
    """Somebody reads the code of a printed proof page back; the round that it proves.

    InputError for what is no serial; ConflictError for the page of something else, or of an older
    round.
    """
    form = ledger.get_form(vault, serial)
    latest = find_latest(vault)
    if form.form != PROOF or latest is None:
        raise ConflictError(
            "readiness.page", "That is not a proof page.", "Read the code at its top corner."
        )
    request = orjson.loads(pack_ledger.get_pack(vault, form.pack).request)
    if request["round"] != latest.id:
        raise ConflictError(
            "readiness.old", "That page proves an earlier round.", "Take the page printed last."
        )
    with vault.change(actor, AuditAction.READINESS_PROVE, target=form.serial) as db:
        store.set_proof(db, latest.id, form.serial, vault.now())
    return store.fetch_rounds(vault.db, 1)[0]


def find_latest(vault: Vault) -> ReadinessRound | None:
    """The latest round; None when there never was one."""
    return next(iter(store.fetch_rounds(vault.db, 1)), None)


def describe_overdue(vault: Vault, settings: Settings) -> str:
    """The alarm of a site's ward laptop that nobody found ready for longer than a shift; else empty."""
    hours = settings.readiness.shift_hours
    if not hours or read_list(vault.home) is None:
        return ""
    if MachineRole.WARD_LAPTOP not in read_own_machine(vault.home).roles:
        return ""
    last = store.fetch_last_ready(vault.db)
    if last and vault.clock() - from_text(last) <= timedelta(hours=hours):
        return ""
    return (
        "READINESS: this laptop was not found ready"
        f" {'in the last ' + str(hours) + ' hours' if last else 'yet'}. Open 'Readiness' and check it."
    )
