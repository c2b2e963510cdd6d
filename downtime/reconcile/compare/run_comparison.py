"""Run the comparison over the forms of an outage that were entered, and store what it finds.

Forms are read in sets, compared in memory and written in short transactions, so that people go on
keying meanwhile; what has not changed since the last comparison is not looked at again.
"""

import hashlib
from collections.abc import Iterator, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field, fields
from importlib.metadata import version
from typing import NamedTuple

import orjson

from downtime.clinical.record_types import list_compared_types, list_owners
from downtime.entry.facts import PaperPerson
from downtime.entry.store import entries
from downtime.errors import ConflictError, NotFoundError
from downtime.paper.store import issued_forms
from downtime.reconcile.compare.compare_forms import FormComparer, forget_forms, open_comparison
from downtime.reconcile.compare.compare_in_parallel import compare_in_parallel
from downtime.reconcile.compare.model import ComparisonSummary, ComparisonTask, Progress, Stamps
from downtime.reconcile.duplicates.store.stored_findings import fetch_dangling_serials
from downtime.reconcile.identity.links import confirmed_links
from downtime.reconcile.identity.match_patient import SERIAL, Links, links_between_people
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import AuditAction, ComparisonRun, ItemFilter
from downtime.reconcile.store import compared_forms
from downtime.reconcile.store import items as items_store
from downtime.settings import ReconcileSettings, Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.store.changed_patients import find_changed_patients
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


class FormsToCompare(NamedTuple):
    """The forms of an outage that count, and those of them that a run has to look at."""

    stamps: Stamps
    """Of every entry that counts."""
    changed: set[str]
    """What was keyed since, or whose people have other records since."""
    withdrawn: list[str]
    """What was compared and is a draft again."""
    basis: str


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
    if task.recovered == outage.snapshot:
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
            self.people_gone |= forget_forms(vault, task, withdrawn)
        self._compare(self.forms.changed, find_links_in_force(vault, task.outage.id))
        # What was corrected on paper links nobody any more, so links are looked up anew.
        links = forget_people(vault, task, self.people_gone)
        self._compare(find_relinked_forms(vault, task.outage.id, links), links)
        self._compare(self.stale | fetch_dangling_serials(vault.db, task.outage.id), links)
        save_links(vault, task, links)

    def _compare(self, serials: Set[str], links: Links) -> None:
        stamps, total = self.forms.stamps, len(self.forms.stamps)
        ordered = issued_forms.sort_by_patient(self.vault.db, serials & stamps.keys())
        sets = [
            {serial: stamps[serial] for serial in part} for part in self._split_serials(ordered)
        ]
        compared = len(self.compared)
        for result in compare_in_parallel(
            self.vault, self.task, links, self.comparer, sets, self.cores
        ):
            self.people_gone |= result.removed_people
            self.stale |= result.stale_serials
            compared += result.forms
            self.progress(min(compared, total), total)
        self.compared.update(ordered)

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
        compared_forms.save_run(db, run)
    states = items_store.count_items_by(vault.db, outage, "state")
    open_items = items_store.count_items(vault.db, outage, ItemFilter(open_only=True))
    return ComparisonSummary(
        outage, task.recovered, run.forms, items, open_items, states, looked_at
    )


def find_forms_to_compare(vault: Vault, task: ComparisonTask) -> FormsToCompare:
    """What has changed since the last run; all of it when what every finding rests on has."""
    outage = task.outage
    stamps = entries.stamps_of_outage(vault.db, outage.id, "" if outage.drill else outage.opened)
    basis = _comparison_basis(task)
    before = compared_forms.fetch_stamps(vault.db, outage.id)
    last = compared_forms.fetch_last_run(vault.db, outage.id)
    if last is None or last.basis != basis:
        changed = set(stamps)
    else:
        changed = {serial for serial, stamp in stamps.items() if before.get(serial) != stamp}
        with_changed_records = _find_forms_with_changed_records(vault, task, last)
        changed = set(stamps) if with_changed_records is None else changed | with_changed_records
    return FormsToCompare(stamps, changed, sorted(before.keys() - stamps.keys()), basis)


def _comparison_basis(task: ComparisonTask) -> str:
    """Digest of what every finding of an outage rests on beside forms and recovered records."""
    settings = task.settings
    content = (
        version("downtime"),
        task.outage.snapshot,
        {
            field.name: getattr(settings.reconcile, field.name)
            for field in fields(ReconcileSettings)
        },
        list_owners(settings.systems.records),
        settings.site.time_zone,
    )
    return hashlib.sha256(orjson.dumps(content, default=dict)).hexdigest()[:16]


def find_links_in_force(vault: Vault, outage: str) -> Links:
    """Every link that holds: by forms that name one person by two numbers, and by decision."""
    people = compared_forms.fetch_people_with_downtime_number(vault.db, outage)
    by_forms = links_between_people(PaperPerson(**orjson.loads(person)) for person in people)
    return {**by_forms, **confirmed_links(vault.db)}


def find_relinked_forms(vault: Vault, outage: str, links: Links) -> set[str]:
    """Forms whose people were linked, or are no longer, since they were last compared."""
    now = _link_digests(links)
    before = compared_forms.fetch_link_digests(vault.db, outage)
    changed = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
    if not changed:
        return set()
    serials = {key.removeprefix(SERIAL)[:9] for key in changed if key.startswith(SERIAL)}
    return serials | compared_forms.fetch_forms_of_downtime_numbers(vault.db, outage, changed)


def save_links(vault: Vault, task: ComparisonTask, links: Links) -> None:
    """Record with which links the forms were compared."""
    outage, digests = task.outage.id, _link_digests(links)
    with vault.change(
        task.actor, AuditAction.RECONCILE_LINKS, target=outage, reason=task.reason
    ) as db:
        compared_forms.save_link_digests(db, outage, digests)


def _link_digests(links: Links) -> dict[str, str]:
    """Each link with a digest of whom it means."""
    return {
        key: hashlib.blake2b(repr(linked).encode(), digest_size=9).hexdigest()
        for key, linked in links.items()
    }


def forget_people(vault: Vault, task: ComparisonTask, ids: set[str]) -> Links:
    """Forget those of these people who are on no form any more; the links that are then in force."""
    outage = task.outage.id
    with vault.change(
        task.actor, AuditAction.RECONCILE_PEOPLE, target=outage, reason=task.reason
    ) as db:
        compared_forms.delete_people(db, outage, ids)
    return find_links_in_force(vault, outage)


def _find_forms_with_changed_records(
    vault: Vault, task: ComparisonTask, last: ComparisonRun
) -> set[str] | None:
    """Forms whose people have other records in the recovered snapshot than in the last one.

    None when the last one is no longer on this machine, or holds other types of record.
    """
    if last.snapshot == task.recovered:
        return set()
    try:
        before = local_snapshots.open_snapshot(vault, last.snapshot)
        after = local_snapshots.open_snapshot(vault, task.recovered)
    except NotFoundError:
        return None
    with closing(before), closing(after):
        if set(before.header.holds) != set(after.header.holds):
            return None
        changed = find_changed_patients(before, after, list_compared_types())
    outage = task.outage.id
    return compared_forms.fetch_forms_of_patients(vault.db, outage, changed.ids, changed.patients)
