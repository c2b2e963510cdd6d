"""Compare a set of forms and keep what is found of them, in one transaction of its own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from sqlite_utils import Database

from downtime.entry.facts import Fact
from downtime.outage.model import Outage
from downtime.reconcile.compare import load_records, stale_forms
from downtime.reconcile.compare.carry_decision import carry_decision, is_unchanged, reopen_orphan
from downtime.reconcile.compare.comparison import compare_facts_separately
from downtime.reconcile.compare.read_facts import make_fact_reader
from downtime.reconcile.duplicates import find_duplicates as doubled
from downtime.reconcile.duplicates import store
from downtime.reconcile.identity.match_patient import Links
from downtime.reconcile.model import UNDECIDED, AuditAction, Decision, Item, StoredItem
from downtime.reconcile.record_index import RecordIndex
from downtime.reconcile.store import compared_forms
from downtime.reconcile.store import items as store_items
from downtime.reconcile.store.compared_forms import ComparedForm
from downtime.settings import Settings
from downtime.snapshot import load_bundle
from downtime.snapshot.garbage_collection import collect_garbage_seldom
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class ComparisonTask:
    """A comparison as it is asked for; `recovered` is the id of the snapshot compared with."""

    settings: Settings
    outage: Outage
    recovered: str
    actor: Actor
    reason: str


class FormsCompared(NamedTuple):
    """What else there is to do after a set of forms was compared and kept."""

    forms: int
    people_gone: set[str]
    """Ids of people who are no longer on some form that they were on before."""
    doubled: set[str]
    """Serials of forms of which another one says the same now, or no longer."""


@contextmanager
def open_comparison(vault: Vault, task: ComparisonTask) -> Iterator["FormComparer"]:
    """Compare sets of forms with the snapshots of T0 and of now, which are open meanwhile."""
    with collect_garbage_seldom(), ExitStack() as stack:
        after = stack.enter_context(closing(load_bundle.open_snapshot(vault, task.recovered)))
        before = None
        if task.outage.snapshot:  # else the outage began without any
            before = stack.enter_context(
                closing(load_bundle.open_snapshot(vault, task.outage.snapshot))
            )
        yield FormComparer(vault, task, before, after)


class FormComparer:
    """One comparison, set by set."""

    def __init__(
        self, vault: Vault, task: ComparisonTask, before: Snapshot | None, after: Snapshot
    ) -> None:
        self._vault, self._task = vault, task
        self._before, self._after = before, after
        self._read = make_fact_reader(vault, task.settings)

    def compare(self, stamps: Mapping[str, str], linked: Links) -> FormsCompared:
        """Compare these forms; each serial comes with the stamp of its entry."""
        said = list(self._read(list(stamps)))
        given = [fact for _, of_form in said for fact in of_form]
        after = load_records.load_recovered(self._after, given, linked)
        before = (
            load_records.load_earlier(self._before, after, given) if self._before else RecordIndex()
        )
        items = compare_facts_separately(before, given, after, self._task.settings, linked)
        return self._keep(stamps, dict(said), items)

    def _keep(
        self, stamps: Mapping[str, str], said: Mapping[str, list[Fact]], items: list[Item]
    ) -> FormsCompared:
        task, serials = self._task, list(stamps)
        outage = task.outage.id
        with self._vault.change(
            task.actor,
            AuditAction.RECONCILE_COMPARE,
            target=f"{len(serials)} forms",
            reason=task.reason,
        ) as db:
            held = {row.key: row for row in store_items.fetch_by_serials(db, serials)}
            marked = doubled.find_duplicates(db, outage, task.settings, items, held, serials)
            items, now = marked.items, self._vault.now()
            new = (StoredItem(item, outage, "", task.recovered, now, UNDECIDED) for item in items)
            rows = [
                carry_decision(held.get(row.key), row, row.key in marked.repeated_keys)
                for row in new
            ]
            store_items.save_items(
                db, [row for row in rows if not is_unchanged(held.get(row.key), row)]
            )
            present = {item.key for item in items}
            store_items.mark_compared(db, held.keys() & present, task.recovered, now)
            _drop(db, [row for key, row in held.items() if key not in present])
            people = _people(items)
            gone = compared_forms.fetch_people_of_forms(db, serials).difference(
                key for key, _, _ in people
            )
            compared_forms.save_people(db, outage, people)
            compared_forms.save_forms(db, outage, _forms(stamps, said))
        return FormsCompared(len(serials), gone, marked.stale_serials)


def forget_forms(vault: Vault, task: ComparisonTask, serials: Sequence[str]) -> set[str]:
    """Take back what forms said that are drafts again; ids of the people who were on them."""
    with vault.change(
        task.actor, AuditAction.RECONCILE_FORGET, target=f"{len(serials)} forms", reason=task.reason
    ) as db:
        _drop(db, store_items.fetch_by_serials(db, serials))
        gone = compared_forms.fetch_people_of_forms(db, serials)
        compared_forms.delete_forms(db, serials)
        store.save_findings(db, task.outage.id, serials, ())
    return gone


def _drop(db: Database, gone: list[StoredItem]) -> None:
    store_items.save_items(
        db, [reopen_orphan(row) for row in gone if row.decided.decision == Decision.RETURNED]
    )
    store_items.delete_items(
        db, [row.key for row in gone if row.decided.decision != Decision.RETURNED]
    )


def _people(items: Iterable[Item]) -> list[tuple[str, str, str]]:
    found = {item.fact.person: item.patient for item in items}
    return [
        (stale_forms.person_digest(p), store_items.encode_person(p), patient)
        for p, patient in found.items()
    ]


def _forms(stamps: Mapping[str, str], said: Mapping[str, list[Fact]]) -> Iterator[ComparedForm]:
    for serial, stamp in stamps.items():
        people = {stale_forms.person_digest(fact.person) for fact in said.get(serial, ())}
        yield ComparedForm(serial, stamp, " ".join(sorted(people)))
