"""Declare that systems are down, mark them as restored, and close the books on an outage."""

from collections.abc import Sequence

from sqlite_utils import Database

from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.outage import store
from downtime.outage.model import LIFECYCLE, AuditAction, Outage, OutageState
from downtime.snapshot import local_snapshots
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


def find_current(vault: Vault) -> Outage | None:
    """The outage or drill whose books are not closed; there is never more than one."""
    return store.find_open_outage(vault.db)


def get_outage(vault: Vault, outage_id: str) -> Outage:
    """One outage; NotFoundError."""
    return _get(vault.db, outage_id)


def list_down_systems(vault: Vault) -> dict[str, str]:
    """Each system that is down now, with the time (UTC) of its loss; a drill takes none down."""
    outage = find_current(vault)
    if outage is None or outage.drill:
        return {}
    return {system.name: system.declared for system in outage.systems if not system.ended}


def list_outages(vault: Vault) -> list[Outage]:
    """All outages and drills, newest first."""
    return store.fetch_outages(vault.db)


def declare_systems_down(
    vault: Vault,
    systems: Sequence[str],
    actor: Actor,
    reason: str,
    *,
    known: Sequence[str],
    snapshot: str | None = None,
    drill: bool = False,
) -> Outage:
    """Say that systems are down as from now; `known` are the names that the site has.

    The first declaration opens an outage and fixes its T0: `snapshot`, else the one in use, which
    is kept for good from now on. A later one adds systems to it. Real and drilled systems never mix.
    """
    systems = list(dict.fromkeys(systems))
    check_system_names(systems, known)
    reason = check_reason(reason)
    if snapshot is None and find_current(vault) is None:
        snapshot = local_snapshots.pin_current_snapshot(vault, actor, reason)
    with vault.change(
        actor, AuditAction.OUTAGE_DECLARE, target=",".join(systems), reason=reason
    ) as db:
        now = vault.now()
        outage = store.find_open_outage(db)
        if outage is None:
            outage = Outage(
                store.next_id(db, now[:10]), drill, OutageState.OPEN, snapshot or "", now, "", ()
            )
            store.insert_outage(db, outage)
        elif outage.drill != drill:
            raise ConflictError(
                "outage.drill",
                f"{outage.label} is still open, and a drill never mixes with an outage.",
                "End and close it first, then declare again.",
            )
        elif outage.state == OutageState.RECOVERING:
            LIFECYCLE.check(OutageState.RECOVERING, OutageState.OPEN)
            store.set_outage_state(db, outage.id, OutageState.OPEN, now)
        for name in systems:
            if name in outage.down:
                raise ConflictError(
                    "outage.already", f"{name} is already declared down.", "Leave it out."
                )
            store.start_system(db, outage.id, name, now)
        return _get(db, outage.id)


def mark_restored(vault: Vault, systems: Sequence[str], actor: Actor, reason: str) -> Outage:
    """Mark systems as restored; when the last is, the outage is `recovering`."""
    systems, reason = list(dict.fromkeys(systems)), check_reason(reason)
    with vault.change(actor, AuditAction.OUTAGE_END, target=",".join(systems), reason=reason) as db:
        now = vault.now()
        outage = store.find_open_outage(db)
        for name in systems:
            if outage is None or name not in outage.down:
                raise ConflictError(
                    "outage.not-down",
                    f"{name} is not declared down.",
                    "Name a system that is down now; the outage page lists them.",
                )
            store.end_system(db, outage.id, name, now)
        if outage is None or not systems:
            raise InputError("outage.none", "No system was named.", "Name at least one system.")
        after = _get(db, outage.id)
        if not after.down:
            LIFECYCLE.check(after.state, OutageState.RECOVERING)
            store.set_outage_state(db, outage.id, OutageState.RECOVERING, now)
        return _get(db, outage.id)


def close_outage(vault: Vault, outage_id: str, actor: Actor, reason: str) -> Outage:
    """Close the books; ConflictError while a system is still down."""
    reason = check_reason(reason)
    with vault.change(actor, AuditAction.OUTAGE_CLOSE, target=outage_id, reason=reason) as db:
        LIFECYCLE.check(_get(db, outage_id).state, OutageState.CLOSED)
        store.set_outage_state(db, outage_id, OutageState.CLOSED, vault.now())
        return _get(db, outage_id)


def check_system_names(systems: Sequence[str], known: Sequence[str]) -> None:
    """InputError that names the first system the site does not have."""
    for name in systems:
        if name not in known:
            raise InputError(
                "outage.system",
                f"This site has no system called '{name}'.",
                f"Name one of: {', '.join(known)}.",
            )
    if not systems:
        raise InputError(
            "outage.system", "No system was named.", f"Name one of: {', '.join(known)}."
        )


def _get(db: Database, outage_id: str) -> Outage:
    outage = store.find_outage(db, outage_id)
    if outage is None:
        raise NotFoundError(
            "outage.unknown", "There is no outage of that number.", "See the list of outages."
        )
    return outage
