"""Run the comparison over the forms of an outage that were entered, and keep what it finds.

Forms are read in sets, compared in memory and written in short transactions, so that people go on
keying meanwhile; what has not changed since the last comparison is not looked at again.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field

from downtime.entry.store import entries as entry_store
from downtime.errors import ConflictError
from downtime.paper.store import issued_forms as paper_store
from downtime.reconcile.compare import stale_forms
from downtime.reconcile.compare.compare_forms import (
    ComparisonTask,
    FormComparer,
    forget_forms,
    open_comparison,
)
from downtime.reconcile.compare.compare_in_parallel import compare_in_parallel
from downtime.reconcile.duplicates import store
from downtime.reconcile.identity import links
from downtime.reconcile.identity.match_patient import Links
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import AuditAction, ComparisonRun, ItemFilter
from downtime.reconcile.store import compared_forms, compared_links
from downtime.reconcile.store import items as store_items
from downtime.settings import Settings
from downtime.snapshot import load_bundle
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class ComparisonSummary:
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


def run_comparison(
    vault: Vault,
    settings: Settings,
    actor: Actor,
    reason: str,
    progress: Progress = lambda done, total: None,
    cores: int = 1,
) -> ComparisonSummary:
    """Compare the outage at hand with the snapshot that is current now, on so many `cores`.

    Entries count as soon as they are made, so that trouble shows early; what is returned from them
    waits until a second person has verified them.
    Decisions that still hold are kept. ConflictError while the current snapshot is the one of T0:
    the recovered hospital has not been loaded yet.
    """
    outage = find_latest_outage(vault)
    with closing(load_bundle.open_current_snapshot(vault)) as current:
        task = ComparisonTask(settings, outage, current.id, actor, reason)
    if task.recovered == outage.snapshot:
        raise ConflictError(
            "reconcile.snapshot",
            "The newest snapshot is the one of the outage's beginning.",
            "Load a snapshot of the recovered hospital, then compare again.",
        )
    with open_comparison(vault, task) as sets:
        run = _Run(vault, task, sets, cores, progress)
        run.over_all()
    with vault.change(actor, AuditAction.RECONCILE_RUN, target=outage.id, reason=reason) as db:
        every = store_items.count_items(db, outage.id, ItemFilter())
        now = ComparisonRun(
            outage.id, vault.now(), task.recovered, len(run.standing), every, run.basis
        )
        store_items.save_run(db, now)
    return _compared(vault, now, len(run.done))


@dataclass
class _Run:
    """One run over the forms of an outage."""

    vault: Vault
    task: ComparisonTask
    sets: FormComparer
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
        self.standing = entry_store.stamps_of_outage(vault.db, outage.id, opened)
        self.basis = stale_forms.comparison_basis(task.settings, outage)
        held = self._held()
        decided = links.confirmed_links(vault.db)
        new = {serial for serial, stamp in self.standing.items() if held.get(serial) != stamp}
        for gone in self._sets(sorted(held.keys() - self.standing.keys())):
            self.people_gone |= forget_forms(vault, task, gone)
        self._compare(
            new | self._stale(), stale_forms.find_links_in_force(vault, outage.id, decided)
        )
        with vault.change(
            task.actor, AuditAction.RECONCILE_PEOPLE, target=outage.id, reason=task.reason
        ) as db:
            compared_forms.delete_people(db, outage.id, self.people_gone)
        linked = stale_forms.find_links_in_force(vault, outage.id, decided)
        self._compare(stale_forms.find_forms_with_changed_links(vault, outage.id, linked), linked)
        self._compare(self.doubled | store.fetch_dangling_serials(vault.db, outage.id), linked)
        with vault.change(
            task.actor, AuditAction.RECONCILE_LINKS, target=outage.id, reason=task.reason
        ) as db:
            compared_links.save_link_digests(db, outage.id, stale_forms.link_digests(linked))

    def _held(self) -> dict[str, str]:
        """The stamps of what was compared before; none of them when its basis has changed."""
        outage = self.task.outage.id
        last = store_items.fetch_last_run(self.vault.db, outage)
        if last is None or last.basis != self.basis:
            return dict.fromkeys(compared_forms.fetch_stamps(self.vault.db, outage), "")
        return compared_forms.fetch_stamps(self.vault.db, outage)

    def _stale(self) -> set[str]:
        last = store_items.fetch_last_run(self.vault.db, self.task.outage.id)
        if last is None:
            return set()
        found = stale_forms.find_forms_with_changed_records(
            self.vault, self.task.outage, last, self.task.recovered
        )
        return set(self.standing) if found is None else found

    def _compare(self, serials: Set[str], linked: Links) -> None:
        order = paper_store.sort_by_patient(self.vault.db, serials & self.standing.keys())
        sets = [{one: self.standing[one] for one in some} for some in self._sets(order)]
        compared = len(self.done)
        for found in compare_in_parallel(
            self.vault, self.task, linked, self.sets, sets, self.cores
        ):
            self.people_gone |= found.people_gone
            self.doubled |= found.doubled
            compared += found.forms
            self.progress(min(compared, len(self.standing)), len(self.standing))
        self.done.update(order)

    def _sets(self, serials: Sequence[str]) -> Iterator[Sequence[str]]:
        size = self.task.settings.reconcile.forms_at_once
        return (serials[start : start + size] for start in range(0, len(serials), size))


def _compared(vault: Vault, now: ComparisonRun, looked_at: int) -> ComparisonSummary:
    states = store_items.count_items_by(vault.db, now.outage, "state")
    still = store_items.count_items(vault.db, now.outage, ItemFilter(open_only=True))
    return ComparisonSummary(
        now.outage, now.snapshot, now.forms, now.items, still, states, looked_at
    )
