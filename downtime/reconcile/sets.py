"""Compare a set of forms and keep what is found of them, in one transaction of its own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from sqlite_utils import Database

from downtime.entry.facts import Fact
from downtime.outage.model import Outage
from downtime.reconcile import doubled, gather, store, store_compared, store_twice, work
from downtime.reconcile.compare import compare_each
from downtime.reconcile.identity.match import Links
from downtime.reconcile.item import Item
from downtime.reconcile.keep import is_same, keep, orphan
from downtime.reconcile.reading import reader
from downtime.reconcile.states import RETURNED
from downtime.reconcile.store import UNDECIDED, ItemRow
from downtime.reconcile.store_compared import Form
from downtime.reconcile.view import View
from downtime.settings import Settings
from downtime.snapshot import load
from downtime.snapshot.bulk import seldom_collecting
from downtime.snapshot.store import Snapshot
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Task:
    """A comparison as it is asked for; `recovered` is the id of the snapshot compared with."""

    settings: Settings
    outage: Outage
    recovered: str
    who: Actor
    why: str


class Found(NamedTuple):
    """What else there is to do after a set of forms was compared and kept."""

    forms: int
    people_gone: set[str]
    """Ids of people who are no longer on some form that they were on before."""
    doubled: set[str]
    """Serials of forms of which another one says the same now, or no longer."""


@contextmanager
def comparing(vault: Vault, task: Task) -> Iterator["Sets"]:
    """Compare sets of forms with the snapshots of T0 and of now, which are open meanwhile."""
    with seldom_collecting(), ExitStack() as stack:
        after = stack.enter_context(closing(load.get(vault, task.recovered)))
        before = None
        if task.outage.snapshot:  # else the outage began without any
            before = stack.enter_context(closing(load.get(vault, task.outage.snapshot)))
        yield Sets(vault, task, before, after)


class Sets:
    """One comparison, set by set."""

    def __init__(self, vault: Vault, task: Task, before: Snapshot | None, after: Snapshot) -> None:
        self._vault, self._task = vault, task
        self._before, self._after = before, after
        self._read = reader(vault, task.settings)

    def compare(self, stamps: Mapping[str, str], linked: Links) -> Found:
        """Compare these forms; each serial comes with the stamp of its entry."""
        said = list(self._read(list(stamps)))
        given = [fact for _, of_form in said for fact in of_form]
        after = gather.recovered(self._after, given, linked)
        before = gather.earlier(self._before, after, given) if self._before else View()
        items = compare_each(before, given, after, self._task.settings, linked)
        return self._keep(stamps, dict(said), items)

    def _keep(
        self, stamps: Mapping[str, str], said: Mapping[str, list[Fact]], items: list[Item]
    ) -> Found:
        task, serials = self._task, list(stamps)
        outage = task.outage.id
        with self._vault.change(
            task.who, "reconcile.compare", target=f"{len(serials)} forms", why=task.why
        ) as db:
            held = {row.key: row for row in store.with_serials(db, serials)}
            marked = doubled.marked(db, outage, task.settings, items, held, serials)
            items, now = marked.items, self._vault.now()
            new = (ItemRow(item, outage, "", task.recovered, now, UNDECIDED) for item in items)
            rows = [keep(held.get(row.key), row, row.key in marked.told) for row in new]
            store.save(db, [row for row in rows if not is_same(held.get(row.key), row)])
            present = {item.key for item in items}
            store.set_compared(db, held.keys() & present, task.recovered, now)
            _drop(db, [row for key, row in held.items() if key not in present])
            people = _people(items)
            gone = store_compared.people_of(db, serials).difference(key for key, _, _ in people)
            store_compared.keep_people(db, outage, people)
            store_compared.keep_forms(db, outage, _forms(stamps, said))
        return Found(len(serials), gone, marked.late)


def forget(vault: Vault, task: Task, serials: Sequence[str]) -> set[str]:
    """Take back what forms said that are drafts again; ids of the people who were on them."""
    with vault.change(
        task.who, "reconcile.forget", target=f"{len(serials)} forms", why=task.why
    ) as db:
        _drop(db, store.with_serials(db, serials))
        gone = store_compared.people_of(db, serials)
        store_compared.forget_forms(db, serials)
        store_twice.keep(db, task.outage.id, serials, ())
    return gone


def _drop(db: Database, gone: list[ItemRow]) -> None:
    store.save(db, [orphan(row) for row in gone if row.decided.decision == RETURNED])
    store.remove(db, [row.key for row in gone if row.decided.decision != RETURNED])


def _people(items: Iterable[Item]) -> list[tuple[str, str, str]]:
    found = {item.fact.person: item.patient for item in items}
    return [(work.person_id(p), store.person_json(p), patient) for p, patient in found.items()]


def _forms(stamps: Mapping[str, str], said: Mapping[str, list[Fact]]) -> Iterator[Form]:
    for serial, stamp in stamps.items():
        people = {work.person_id(fact.person) for fact in said.get(serial, ())}
        yield Form(serial, stamp, " ".join(sorted(people)))
