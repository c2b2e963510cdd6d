"""Compare a set of forms and store what is found of them, in one transaction of its own.

An earlier decision stays only while it still holds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager

from sqlite_utils import Database

from downtime.entry.facts import Fact
from downtime.entry.keyed_answers import make_fact_reader
from downtime.reconcile.compare.carry_decision import carry_decision, is_unchanged, reopen_orphan
from downtime.reconcile.compare.comparison import Comparison
from downtime.reconcile.compare.load_records import load_earlier_by_system, load_recovered
from downtime.reconcile.compare.model import ComparisonTask, FormsCompared, Stamps
from downtime.reconcile.compare.rivals import find_freed, rivals_among
from downtime.reconcile.duplicates.find_duplicates import fetch_others, find_duplicates
from downtime.reconcile.duplicates.store import stored_findings
from downtime.reconcile.identity.match_patient import Links
from downtime.reconcile.model import UNDECIDED, AuditAction, Decision, Item, StoredItem
from downtime.reconcile.recovered_systems import find_unrecovered
from downtime.reconcile.store import compared_forms
from downtime.reconcile.store import items as items_store
from downtime.reconcile.store.compared_forms import ComparedForm, ComparedPerson, person_digest
from downtime.reconcile.t0_snapshots import T0Snapshots, open_t0_snapshots
from downtime.snapshot import local_snapshots
from downtime.snapshot.garbage_collection import collect_garbage_seldom
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.long_work import LongWork
from downtime.vault.vault import Vault


@contextmanager
def open_comparison(vault: Vault, task: ComparisonTask) -> Iterator["FormComparer"]:
    """Compare sets of forms with the snapshots of T0 and of now, which are open meanwhile."""
    with collect_garbage_seldom(), ExitStack() as stack:
        after = stack.enter_context(closing(local_snapshots.open_snapshot(vault, task.recovered)))
        before = stack.enter_context(open_t0_snapshots(vault, task.outage))
        work = stack.enter_context(closing(LongWork(vault)))
        yield FormComparer(vault, task, before, after, work)


class FormComparer:
    """One comparison, set by set."""

    def __init__(
        self,
        vault: Vault,
        task: ComparisonTask,
        before: T0Snapshots,
        after: Snapshot,
        work: LongWork,
    ) -> None:
        self._vault, self._task, self._work = vault, task, work
        self._before, self._after = before, after
        self._unrecovered = find_unrecovered(task.outage, after.list_systems())
        self._read_facts = make_fact_reader(vault, task.settings)

    def compare(self, stamps: Stamps, links: Links) -> FormsCompared:
        """Compare these forms; each serial comes with the stamp of its entry."""
        facts_by_serial = dict(self._read_facts(list(stamps)))
        facts = [fact for of_form in facts_by_serial.values() for fact in of_form]
        after = load_recovered(self._after, facts, links)
        after.unrecovered = self._unrecovered
        before = load_earlier_by_system(self._before, after, facts)
        comparison = Comparison(before, facts, after, self._task.settings, links)
        comparison.compare()
        return self._save(stamps, facts_by_serial, comparison)

    def _save(
        self, stamps: Stamps, facts_by_serial: Mapping[str, list[Fact]], comparison: Comparison
    ) -> FormsCompared:
        task, serials = self._task, list(stamps)
        outage, target = task.outage.id, f"{len(serials)} forms"
        with self._work.change(
            task.actor, AuditAction.RECONCILE_COMPARE, target=target, reason=task.reason
        ) as db:
            stored = {row.key: row for row in items_store.fetch_by_serials(db, serials)}
            others = fetch_others(db, outage, comparison.items, stored, serials)
            items, displaced = comparison.compare_beside(rivals_among(others))
            displaced |= find_freed(items, stored, others)
            result = find_duplicates(
                db, outage, task.settings, items, stored, others, serials,
                comparison.find_codes,
            )  # fmt: skip
            self._save_items(db, stored, result.items, result.repeated_keys)
            people = _people(result.items)
            before = compared_forms.fetch_people_of_forms(db, serials)
            gone = before.difference(person.id for person in people)
            compared_forms.save_people(db, outage, people)
            compared_forms.save_forms(db, outage, _compared_forms(stamps, facts_by_serial))
        return FormsCompared(len(serials), gone, result.stale_serials | displaced)

    def _save_items(
        self,
        db: Database,
        stored: Mapping[str, StoredItem],
        items: list[Item],
        repeated_keys: frozenset[str],
    ) -> None:
        outage, recovered, now = self._task.outage.id, self._task.recovered, self._vault.now()
        new = (StoredItem(item, outage, "", recovered, now, UNDECIDED) for item in items)
        rows = [
            carry_decision(stored.get(row.key), row, is_repeated=row.key in repeated_keys)
            for row in new
        ]
        items_store.save_items(
            db, [row for row in rows if not is_unchanged(stored.get(row.key), row)]
        )
        present = {item.key for item in items}
        items_store.mark_compared(db, stored.keys() & present, recovered, now)
        _drop(db, [row for key, row in stored.items() if key not in present])


def forget_forms(vault: Vault, task: ComparisonTask, serials: Sequence[str]) -> FormsCompared:
    """Take back what forms said that are drafts again."""
    target = f"{len(serials)} forms"
    with vault.change(
        task.actor, AuditAction.RECONCILE_FORGET, target=target, reason=task.reason
    ) as db:
        stored = {row.key: row for row in items_store.fetch_by_serials(db, serials)}
        others = fetch_others(db, task.outage.id, (), stored, serials)
        _drop(db, list(stored.values()))
        gone = compared_forms.fetch_people_of_forms(db, serials)
        compared_forms.delete_forms(db, serials)
        stored_findings.save_findings(db, task.outage.id, serials, ())
    return FormsCompared(0, gone, find_freed((), stored, others))


def _drop(db: Database, rows: list[StoredItem]) -> None:
    """Items whose form no longer says so; what was returned stays, open again."""
    returned = [row for row in rows if row.decided.decision == Decision.RETURNED]
    items_store.save_items(db, map(reopen_orphan, returned))
    items_store.delete_items(
        db, [row.key for row in rows if row.decided.decision != Decision.RETURNED]
    )


def _people(items: Iterable[Item]) -> list[ComparedPerson]:
    patients = {item.fact.person: item.patient for item in items}
    return [
        ComparedPerson(person_digest(person), items_store.encode_person(person), patient)
        for person, patient in patients.items()
    ]


def _compared_forms(
    stamps: Stamps, facts_by_serial: Mapping[str, list[Fact]]
) -> Iterator[ComparedForm]:
    for serial, stamp in stamps.items():
        people = {person_digest(fact.person) for fact in facts_by_serial.get(serial, ())}
        yield ComparedForm(serial, stamp, " ".join(sorted(people)))
