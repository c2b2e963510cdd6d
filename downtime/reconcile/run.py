"""Run the comparison over the forms of an outage that were entered, and keep what it finds.

Forms are read in sets, compared in memory and written in short transactions, so that people go on
keying meanwhile; what has not changed since the last comparison is not looked at again.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field, replace

from downtime.entry import store as entry_store
from downtime.errors import ConflictError, NotFoundError
from downtime.outage import carried, outages
from downtime.outage.model import Outage
from downtime.paper import store as paper_store
from downtime.reconcile import store, store_compared, store_links, store_twice, work
from downtime.reconcile.crew import compare_all
from downtime.reconcile.identity import linking
from downtime.reconcile.identity.match import Links
from downtime.reconcile.sets import Sets, Task, comparing, forget
from downtime.reconcile.store import Filter, Run
from downtime.settings import Settings
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
    looked_at: int = 0
    """Forms that were compared now; what has not changed keeps its finding."""


Progress = Callable[[int, int], None]
"""Told how many forms of how many have been compared; an exception of it ends the comparison."""


def run(
    vault: Vault,
    settings: Settings,
    who: Actor,
    why: str,
    progress: Progress = lambda done, total: None,
    cores: int = 1,
) -> Compared:
    """Compare the outage at hand with the snapshot that is current now, on so many `cores`.

    Entries count as soon as they are made, so that trouble shows early; what is returned from them
    waits until a second person has verified them.
    Decisions that still hold are kept. ConflictError while the current snapshot is the one of T0:
    the recovered hospital has not been loaded yet.
    """
    outage = latest(vault)
    with closing(load.current(vault)) as current:
        task = Task(settings, outage, current.id, who, why)
    if task.recovered == outage.snapshot:
        raise ConflictError(
            "reconcile.snapshot",
            "The newest snapshot is the one of the outage's beginning.",
            "Load a snapshot of the recovered hospital, then compare again.",
        )
    with comparing(vault, task) as sets:
        run = _Run(vault, task, sets, cores, progress)
        run.over_all()
    with vault.change(who, "reconcile.run", target=outage.id, why=why) as db:
        every = store.number(db, outage.id, Filter())
        now = Run(outage.id, vault.now(), task.recovered, len(run.standing), every, run.basis)
        store.keep_run(db, now)
    return _compared(vault, now, len(run.done))


def latest(vault: Vault) -> Outage:
    """The outage whose books are open, else the last one; NotFoundError when there was none.

    It began when any laptop first declared it, which may have been before it was declared here.
    """
    for outage in outages.history(vault):
        return replace(outage, opened=carried.began(vault.db, outage))
    raise NotFoundError(
        "reconcile.outage", "No outage was ever declared here.", "Declare one, or drill one."
    )


@dataclass
class _Run:
    """One run over the forms of an outage."""

    vault: Vault
    task: Task
    sets: Sets
    cores: int
    progress: Progress
    standing: dict[str, str] = field(default_factory=dict)
    """Serial of every entry that counts to its stamp."""
    done: set[str] = field(default_factory=set)
    basis: str = ""
    people_gone: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)

    def over_all(self) -> None:
        """First what was keyed since; then what is linked or recovered otherwise since."""
        vault, task, outage = self.vault, self.task, self.task.outage
        opened = "" if outage.drill else outage.opened
        self.standing = entry_store.standing(vault.db, outage.id, opened)
        self.basis = work.basis(task.settings, outage)
        held = self._held()
        decided = linking.confirmed(vault.db)
        new = {serial for serial, stamp in self.standing.items() if held.get(serial) != stamp}
        for gone in self._sets(sorted(held.keys() - self.standing.keys())):
            self.people_gone |= forget(vault, task, gone)
        self._compare(new | self._stale(), work.linked(vault, outage.id, decided))
        with vault.change(task.who, "reconcile.people", target=outage.id, why=task.why) as db:
            store_compared.forget_people(db, outage.id, self.people_gone)
        linked = work.linked(vault, outage.id, decided)
        self._compare(work.stale_by_links(vault, outage.id, linked), linked)
        self._compare(self.doubled | store_twice.dangling(vault.db, outage.id), linked)
        with vault.change(task.who, "reconcile.links", target=outage.id, why=task.why) as db:
            store_links.keep_links(db, outage.id, work.link_digests(linked))

    def _held(self) -> dict[str, str]:
        """The stamps of what was compared before; none of them when its basis has changed."""
        outage = self.task.outage.id
        last = store.last_run(self.vault.db, outage)
        if last is None or last.basis != self.basis:
            return dict.fromkeys(store_compared.stamps(self.vault.db, outage), "")
        return store_compared.stamps(self.vault.db, outage)

    def _stale(self) -> set[str]:
        last = store.last_run(self.vault.db, self.task.outage.id)
        if last is None:
            return set()
        found = work.stale_by_records(self.vault, self.task.outage, last, self.task.recovered)
        return set(self.standing) if found is None else found

    def _compare(self, serials: Set[str], linked: Links) -> None:
        order = paper_store.by_patient(self.vault.db, serials & self.standing.keys())
        sets = [{one: self.standing[one] for one in some} for some in self._sets(order)]
        compared = len(self.done)
        for found in compare_all(self.vault, self.task, linked, self.sets, sets, self.cores):
            self.people_gone |= found.people_gone
            self.doubled |= found.doubled
            compared += found.forms
            self.progress(min(compared, len(self.standing)), len(self.standing))
        self.done.update(order)

    def _sets(self, serials: Sequence[str]) -> Iterator[Sequence[str]]:
        size = self.task.settings.reconcile.forms_at_once
        return (serials[start : start + size] for start in range(0, len(serials), size))


def _compared(vault: Vault, now: Run, looked_at: int) -> Compared:
    states = store.grouped(vault.db, now.outage, "state")
    still = store.number(vault.db, now.outage, Filter(open_only=True))
    return Compared(now.outage, now.snapshot, now.forms, now.items, still, states, looked_at)
