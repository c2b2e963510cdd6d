"""Run the comparison over every form of an outage that was entered and keep what it finds."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from downtime.config import Settings
from downtime.entry import store as entry_store
from downtime.entry.facts import Fact, Person, facts
from downtime.entry.forms import base_fact
from downtime.entry.model import ENTERED, VERIFIED
from downtime.errors import ConflictError, NotFoundError
from downtime.outage import outages
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.printed import printed
from downtime.reconcile import gather, linking, store
from downtime.reconcile.compare import compare
from downtime.reconcile.keep import keep, orphan
from downtime.reconcile.states import RETURNED
from downtime.reconcile.store import Decided, ItemRow, Run
from downtime.reconcile.view import View
from downtime.snapshot import load
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Compared:
    """What a run found: forms and items, how many need a decision, counts by state."""

    outage: str
    snapshot: str
    forms: int
    items: int
    open: int
    states: dict[str, int]


def run(vault: Vault, settings: Settings, who: Actor, why: str) -> Compared:
    """Compare the outage at hand with the snapshot that is current now.

    Entries count as soon as they are made, so that trouble shows early; what is returned from them
    waits until a second person has verified them.
    Decisions that still hold are kept. ConflictError while the current snapshot is the one of T0:
    the recovered hospital has not been loaded yet.
    """
    outage = latest(vault)
    recovered = load.current_id(vault)
    if recovered and recovered == outage.snapshot:
        raise ConflictError(
            "reconcile.snapshot",
            "The newest snapshot is the one of the outage's beginning.",
            "Load a snapshot of the recovered hospital, then compare again.",
        )
    found, forms = _facts(vault, settings, outage)
    decided = linking.confirmed(vault.db)
    items = compare(*_views(vault, outage, found, decided), settings, decided)
    with vault.change(who, "reconcile.run", target=outage.id, why=why) as db:
        held = {row.key: row for row in store.fetch(db, outage.id)}
        now = vault.now()
        rows = [
            keep(
                held.get(item.key),
                ItemRow(item, outage.id, store.digest(item.fact), recovered, now, Decided()),
            )
            for item in items
        ]
        present = {item.key for item in items}
        gone = [row for key, row in held.items() if key not in present]
        store.save(db, rows)
        store.save(db, [orphan(row) for row in gone if row.decided.decision == RETURNED])
        store.remove(db, [row.key for row in gone if row.decided.decision != RETURNED])
        store.keep_run(db, Run(outage.id, now, recovered, forms, len(items)))
        return _compared(outage.id, recovered, forms, list(store.fetch(db, outage.id)))


def latest(vault: Vault) -> Outage:
    """The outage whose books are open, else the last one; NotFoundError when there was none."""
    for outage in outages.history(vault):
        return outage
    raise NotFoundError(
        "reconcile.outage", "No outage was ever declared here.", "Declare one, or drill one."
    )


def _views(
    vault: Vault, outage: Outage, found: list[Fact], decided: Mapping[str, Person]
) -> tuple[View, list[Fact], View]:
    with closing(load.current(vault)) as snapshot:
        after = gather.recovered(snapshot, found, decided)
    if not outage.snapshot:
        return View(), found, after
    with closing(load.get(vault, outage.snapshot)) as snapshot:
        return gather.earlier(snapshot, after), found, after


def _facts(vault: Vault, settings: Settings, outage: Outage) -> tuple[list[Fact], int]:
    zone = ZoneInfo(settings.site.time_zone)
    found: list[Fact] = []
    forms = 0
    for entry in entry_store.in_state(vault.db, ENTERED, VERIFIED):
        issued = ledger.issued(vault, entry.serial)
        # Paper printed ahead of the outage belongs to it by the time of what it says.
        ahead = not issued.outage and not issued.drill and entry.event >= outage.opened
        if issued.outage == outage.id or (ahead and not outage.drill):
            forms += 1
            found += facts(printed(vault, issued), entry.answers, base_fact(issued, entry), zone)
    return found, forms


def _compared(outage: str, snapshot: str, forms: int, rows: list[ItemRow]) -> Compared:
    states: dict[str, int] = {}
    for row in rows:
        states[row.item.state] = states.get(row.item.state, 0) + 1
    return Compared(outage, snapshot, forms, len(rows), sum(r.is_open for r in rows), states)
