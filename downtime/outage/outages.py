"""Declare that systems are down and mark them as restored; which outages are not closed.

Systems that fail while others are down are one outage. One that fails while an earlier outage is only
being recovered begins a new one, with its own ledger and statement. A real failure ends a drill.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlite_utils import Database

from downtime.errors import NotFoundError
from downtime.outage import policies, store
from downtime.outage.model import LIFECYCLE, AuditAction, Outage, OutageState
from downtime.snapshot import local_snapshots
from downtime.vault.audit import append_entry
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


def find_current(vault: Vault) -> Outage | None:
    """The outage or drill to which what is printed and recorded now belongs.

    The one with systems down, else the newest that is being recovered, a real one before a drill.
    """
    return next(iter(list_unclosed(vault)), None)


def list_unclosed(vault: Vault) -> list[Outage]:
    """All whose books are not closed: the open one first, then real ones before drills, newest first."""
    unclosed = [item for item in list_outages(vault) if item.state != OutageState.CLOSED]
    return sorted(unclosed, key=lambda item: (item.state != OutageState.OPEN, item.drill))


def list_current_kind(vault: Vault) -> list[Outage]:
    """Those of the kind of the current one: what is said in a drill never stands beside what is real."""
    unclosed = list_unclosed(vault)
    return [item for item in unclosed if item.drill == unclosed[0].drill]


def get_outage(vault: Vault, outage_id: str) -> Outage:
    """One outage; NotFoundError."""
    return _get(vault.db, outage_id)


def list_down_systems(vault: Vault) -> dict[str, str]:
    """Each system that is down now, with the time (UTC) of its loss; a drill takes none down."""
    outage = store.find_open_outage(vault.db)
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
    since: str = "",
) -> Outage:
    """Say that systems are down, as from now or `since` (UTC as stored); `known` are the site's names.

    They join the outage that is open, else open one. The T0 of each is `snapshot`, else the one in
    use, which is kept for good from now on. A real declaration ends an open drill; ConflictError for
    a drill while a real outage is not closed.
    """
    systems = list(dict.fromkeys(systems))
    policies.check_system_names(systems, known)
    reason = check_reason(reason)
    policies.check_start(since, vault.now())
    if snapshot is None:
        snapshot = local_snapshots.pin_current_snapshot(vault, actor, reason)
    with vault.change(
        actor, AuditAction.OUTAGE_DECLARE, target=",".join(systems), reason=reason
    ) as db:
        policies.check_can_declare(store.fetch_outages(db), systems, since, drill=drill)
        if not drill:
            end_open_drill(vault, db, actor, reason)
        start = since or vault.now()
        outage = store.find_open_outage(db) or open_outage(db, start, snapshot, drill=drill)
        for name in systems:
            store.start_system(db, outage.id, name, start, snapshot)
        store.set_start(db, outage.id)
        return _get(db, outage.id)


def end_open_drill(vault: Vault, db: Database, actor: Actor, reason: str) -> Outage | None:
    """Let what is only practised end with a real failure, in the caller's transaction."""
    drill = store.find_open_outage(db)
    if drill is None or not drill.drill:
        return None
    for name in drill.down:
        store.end_system(db, drill.id, name, vault.now())
    LIFECYCLE.check(drill.state, OutageState.RECOVERING)
    store.set_outage_state(db, drill.id, OutageState.RECOVERING, vault.now())
    target = ",".join(drill.down)
    append_entry(db, vault.now(), actor, AuditAction.OUTAGE_END, target, reason)
    return drill


def open_outage(db: Database, start: str, snapshot: str, *, drill: bool) -> Outage:
    """A new outage without any system yet, in the caller's transaction."""
    outage = Outage(store.next_id(db, start[:10]), drill, OutageState.OPEN, snapshot, start, "", ())
    store.insert_outage(db, outage)
    return outage


def mark_restored(
    vault: Vault, systems: Sequence[str], actor: Actor, reason: str, *, at: str = ""
) -> Outage:
    """Mark systems as restored, as from now or `at` (UTC as stored).

    When the last of them is back, the outage is `recovering`.
    """
    systems, reason = list(dict.fromkeys(systems)), check_reason(reason)
    with vault.change(actor, AuditAction.OUTAGE_END, target=",".join(systems), reason=reason) as db:
        now = vault.now()
        outage = policies.check_are_down(store.find_open_outage(db), systems)
        policies.check_end(outage, systems, at, now)
        for name in systems:
            store.end_system(db, outage.id, name, at or now)
        return settle_state(db, outage.id, now)


def settle_state(db: Database, outage_id: str, now: str) -> Outage:
    """Let the state of an outage follow from its systems, in the caller's transaction."""
    outage = _get(db, outage_id)
    state = OutageState.OPEN if outage.down else OutageState.RECOVERING
    if outage.state != state:
        LIFECYCLE.check(outage.state, state)
        store.set_outage_state(db, outage_id, state, now)
    store.set_start(db, outage_id)
    return _get(db, outage_id)


def set_closed(db: Database, outage: Outage, at: str) -> None:
    """Close the books in the caller's transaction; ConflictError while a system is still down.

    Only `returns.statement.close_books` may: it knows what is open and who has signed.
    """
    LIFECYCLE.check(outage.state, OutageState.CLOSED)
    store.set_outage_state(db, outage.id, OutageState.CLOSED, at)


def set_reopened(db: Database, outage: Outage, at: str) -> None:
    """Open the books again in the caller's transaction (`returns.statement.close_books`)."""
    unclosed = [item for item in store.fetch_outages(db) if item.state != OutageState.CLOSED]
    policies.check_can_reopen(outage, unclosed)
    LIFECYCLE.check(outage.state, OutageState.RECOVERING)
    store.set_outage_state(db, outage.id, OutageState.RECOVERING, at)


@contextmanager
def change_outage(
    vault: Vault, action: AuditAction, outage_id: str, actor: Actor, reason: str, detail: str = ""
) -> Iterator[tuple[Database, Outage]]:
    """A transaction about one outage as it is then; `detail` follows its id in the audit."""
    target = f"{outage_id} {detail}".strip()
    with vault.change(actor, action, target=target, reason=reason) as db:
        yield db, _get(db, outage_id)


def _get(db: Database, outage_id: str) -> Outage:
    outage = store.find_outage(db, outage_id)
    if outage is None:
        raise NotFoundError(
            "outage.unknown", "There is no outage of that number.", "See the list of outages."
        )
    return outage
