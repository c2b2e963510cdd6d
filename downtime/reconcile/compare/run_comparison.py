"""Run the comparison over the forms of an outage that were entered, and store what it finds.

Forms are read in sets, compared in memory and written in short transactions, so that people go on
keying meanwhile; what has not changed since the last comparison is not looked at again.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from downtime.errors import ConflictError
from downtime.outage.events.model import is_event_id
from downtime.paper.store import issued_forms
from downtime.reconcile.compare.compare_forms import FormComparer, forget_forms, open_comparison
from downtime.reconcile.compare.compare_in_parallel import compare_in_parallel
from downtime.reconcile.compare.forms_to_compare import FormsToCompare, find_forms_to_compare
from downtime.reconcile.compare.links_in_force import (
    find_links_in_force,
    find_relinked_forms,
    forget_people,
    save_links,
)
from downtime.reconcile.compare.model import (
    ComparisonSummary,
    ComparisonTask,
    FormsCompared,
    Progress,
)
from downtime.reconcile.duplicates.store.stored_findings import fetch_dangling_serials
from downtime.reconcile.identity.match_patient import Links
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import AuditAction, ComparisonRun, ItemFilter
from downtime.reconcile.store import comparison_runs
from downtime.reconcile.store import items as items_store
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

MOST_ROUNDS = 5
"""Mostly one is enough; each lays forms beside all others as they then stand."""


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
    recovered = local_snapshots.require_current_id(vault)
    task = ComparisonTask(settings, outage, recovered, actor, reason)
    if task.recovered in outage.t0_snapshots:
        raise ConflictError(
            "reconcile.snapshot",
            "The newest snapshot is the one of the outage's beginning.",
            "Load a snapshot of the recovered hospital, then compare again.",
        )
    with open_comparison(vault, task) as comparer:
        forms = find_forms_to_compare(vault, task)
        pass_ = _ComparisonPass(vault, task, comparer, cores, progress, forms)
        pass_.compare_all()
    return _record_run(vault, task, forms, len(pass_.compared))


@dataclass
class _ComparisonPass:
    """One run over the forms of an outage: what was keyed since, then what follows from it."""

    vault: Vault
    task: ComparisonTask
    comparer: FormComparer
    cores: int
    progress: Progress
    forms: FormsToCompare
    compared: set[str] = field(default_factory=set)
    people_gone: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)

    def compare_all(self) -> None:
        """First what was keyed since; then what is linked or recovered otherwise since."""
        vault, task = self.vault, self.task
        for withdrawn in self._split_serials(self.forms.withdrawn):
            self._note(forget_forms(vault, task, withdrawn))
        self._compare(self.forms.changed, find_links_in_force(vault, task.outage.id))
        # What was corrected on paper links nobody any more, so links are looked up anew.
        links = forget_people(vault, task, self.people_gone)
        self._compare(find_relinked_forms(vault, task.outage.id, links), links)
        self._compare_stale(links)
        save_links(vault, task, links)

    def _compare(self, serials: Set[str], links: Links) -> None:
        stamps, total = self.forms.stamps, len(self.forms.stamps)
        wanted = serials & stamps.keys()
        ordered = issued_forms.sort_by_patient(self.vault.db, wanted)
        ordered += sorted(serial for serial in wanted if is_event_id(serial))
        sets = [
            {serial: stamps[serial] for serial in part} for part in self._split_serials(ordered)
        ]
        compared = len(self.compared)
        for result in compare_in_parallel(
            self.vault, self.task, links, self.comparer, sets, self.cores
        ):
            self._note(result)
            compared += result.forms
            self.progress(min(compared, total), total)
        self.compared.update(ordered)

    def _compare_stale(self, links: Links) -> None:
        """What other forms changed: a record that one gets may be another's no longer, and so on."""
        for _ in range(MOST_ROUNDS):
            stale = self.stale | fetch_dangling_serials(self.vault.db, self.task.outage.id)
            if not stale:
                return
            self.stale = set()
            self._compare(stale, links)

    def _note(self, result: FormsCompared) -> None:
        self.people_gone |= result.removed_people
        self.stale |= result.stale_serials

    def _split_serials(self, serials: Sequence[str]) -> Iterator[Sequence[str]]:
        size = self.task.settings.reconcile.forms_at_once
        return (serials[start : start + size] for start in range(0, len(serials), size))


def _record_run(
    vault: Vault, task: ComparisonTask, forms: FormsToCompare, looked_at: int
) -> ComparisonSummary:
    outage = task.outage.id
    with vault.change(
        task.actor, AuditAction.RECONCILE_RUN, target=outage, reason=task.reason
    ) as db:
        items = items_store.count_items(db, outage)
        run = ComparisonRun(
            outage, vault.now(), task.recovered, len(forms.stamps), items, forms.basis
        )
        comparison_runs.save_run(db, run)
    states = items_store.count_items_by(vault.db, outage, "state")
    open_items = items_store.count_items(vault.db, outage, ItemFilter(open_only=True))
    return ComparisonSummary(
        outage, task.recovered, run.forms, items, open_items, states, looked_at
    )
