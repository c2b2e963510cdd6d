"""Run the comparison over the forms of an outage that were entered, and keep what it finds.

Forms are read in sets, compared in memory and written in short transactions, so that people go on
keying meanwhile; what has not changed since the last comparison is not looked at again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from sqlite_utils import Database

from downtime.entry import store as entry_store
from downtime.entry.facts import Fact
from downtime.errors import ConflictError, NotFoundError
from downtime.outage import carried, outages
from downtime.outage.model import Outage
from downtime.paper import store as paper_store
from downtime.reconcile import (
    doubled,
    gather,
    store,
    store_compared,
    store_links,
    store_twice,
    work,
)
from downtime.reconcile.compare import compare_each
from downtime.reconcile.identity import linking
from downtime.reconcile.identity.match import Links
from downtime.reconcile.item import Item
from downtime.reconcile.keep import is_same, keep, orphan
from downtime.reconcile.reading import reader
from downtime.reconcile.states import RETURNED
from downtime.reconcile.store import UNDECIDED, Filter, ItemRow, Run
from downtime.reconcile.store_compared import Form
from downtime.reconcile.view import View
from downtime.settings import Settings
from downtime.snapshot import load
from downtime.snapshot.bulk import seldom_collecting
from downtime.snapshot.store import Snapshot
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
) -> Compared:
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
    with seldom_collecting(), closing(load.current(vault)) as after:
        run = _Run(vault, settings, outage, after, who, why, progress)
        with closing(_earlier(vault, outage)) as before:
            run.over(before)
    with vault.change(who, "reconcile.run", target=outage.id, why=why) as db:
        every = store.number(db, outage.id, Filter())
        now = Run(outage.id, vault.now(), recovered, len(run.standing), every, run.basis)
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


class _Nothing:
    """In place of T0 when the outage began without any snapshot."""

    def close(self) -> None: ...


def _earlier(vault: Vault, outage: Outage) -> Snapshot | _Nothing:
    return load.get(vault, outage.snapshot) if outage.snapshot else _Nothing()


@dataclass
class _Run:
    """One run over the forms of an outage."""

    vault: Vault
    settings: Settings
    outage: Outage
    after: Snapshot
    who: Actor
    why: str
    progress: Progress
    standing: dict[str, str] = field(default_factory=dict)
    """Serial of every entry that counts to its stamp."""
    done: set[str] = field(default_factory=set)
    basis: str = ""
    people_gone: set[str] = field(default_factory=set)
    """Ids of people who are no longer on some form that they were on before."""
    doubled: set[str] = field(default_factory=set)
    """Serials of forms of which another one says the same now, or no longer."""

    def over(self, before: Snapshot | _Nothing) -> None:
        """First what was keyed since; then what is linked or recovered otherwise since."""
        vault, outage = self.vault, self.outage
        opened = "" if outage.drill else outage.opened
        self.standing = entry_store.standing(vault.db, outage.id, opened)
        self.basis = work.basis(self.settings, outage)
        held = self._held()
        decided = linking.confirmed(vault.db)
        new = {serial for serial, stamp in self.standing.items() if held.get(serial) != stamp}
        self._forget(sorted(held.keys() - self.standing.keys()))
        self._compare(new | self._stale(), work.linked(vault, outage.id, decided), before)
        with vault.change(self.who, "reconcile.people", target=outage.id, why=self.why) as db:
            store_compared.forget_people(db, outage.id, self.people_gone)
        linked = work.linked(vault, outage.id, decided)
        late = work.stale_by_links(vault, outage.id, linked) & self.standing.keys()
        self._compare(late, linked, before)
        late = self.doubled | store_twice.dangling(vault.db, outage.id)
        self._compare(late & self.standing.keys(), linked, before)
        with vault.change(self.who, "reconcile.links", target=outage.id, why=self.why) as db:
            store_links.keep_links(db, outage.id, work.link_digests(linked))

    def _held(self) -> dict[str, str]:
        """The stamps of what was compared before; none of them when its basis has changed."""
        last = store.last_run(self.vault.db, self.outage.id)
        if last is None or last.basis != self.basis:
            return dict.fromkeys(store_compared.stamps(self.vault.db, self.outage.id), "")
        return store_compared.stamps(self.vault.db, self.outage.id)

    def _stale(self) -> set[str]:
        last = store.last_run(self.vault.db, self.outage.id)
        if last is None:
            return set()
        found = work.stale_by_records(self.vault, self.outage, last, self.after.id)
        return self.standing.keys() & (self.standing.keys() if found is None else found)

    def _compare(self, serials: Iterable[str], linked: Links, before: Snapshot | _Nothing) -> None:
        order = paper_store.by_patient(self.vault.db, serials)
        read = reader(self.vault, self.settings)
        for some in _chunks(order, self.settings.reconcile.forms_at_once):
            found = list(read(some))
            given = [fact for _, of_form in found for fact in of_form]
            after = gather.recovered(self.after, given, linked)
            earlier = _at_t0(before, after, given)
            items = compare_each(earlier, given, after, self.settings, linked)
            self._keep(some, dict(found), items)
            self.done.update(some)
            self.progress(len(self.done), len(self.standing))

    def _keep(
        self, serials: Sequence[str], found: Mapping[str, list[Fact]], items: list[Item]
    ) -> None:
        with self.vault.change(
            self.who, "reconcile.compare", target=f"{len(serials)} forms", why=self.why
        ) as db:
            held = {row.key: row for row in store.with_serials(db, serials)}
            marked = doubled.marked(db, self.outage.id, self.settings, items, held, serials)
            items = marked.items
            self.doubled |= marked.late
            now, outage = self.vault.now(), self.outage.id
            new = (ItemRow(item, outage, "", self.after.id, now, UNDECIDED) for item in items)
            rows = [keep(held.get(row.key), row, row.key in marked.told) for row in new]
            store.save(db, [row for row in rows if not is_same(held.get(row.key), row)])
            present = {item.key for item in items}
            store.set_compared(db, held.keys() & present, self.after.id, now)
            self._drop(db, [row for key, row in held.items() if key not in present])
            people = _people(items)
            before = store_compared.people_of(db, serials)
            self.people_gone |= before.difference(key for key, _, _ in people)
            store_compared.keep_people(db, outage, people)
            store_compared.keep_forms(db, outage, self._forms(serials, found))

    def _forms(self, serials: Sequence[str], found: Mapping[str, list[Fact]]) -> Iterator[Form]:
        for serial in serials:
            people = {work.person_id(fact.person) for fact in found.get(serial, ())}
            yield Form(serial, self.standing[serial], " ".join(sorted(people)))

    def _forget(self, serials: Sequence[str]) -> None:
        """Take back what forms said that are drafts again."""
        for some in _chunks(serials, self.settings.reconcile.forms_at_once):
            with self.vault.change(
                self.who, "reconcile.forget", target=f"{len(some)} forms", why=self.why
            ) as db:
                self._drop(db, store.with_serials(db, some))
                self.people_gone |= store_compared.people_of(db, some)
                store_compared.forget_forms(db, some)
                store_twice.keep(db, self.outage.id, some, ())

    def _drop(self, db: Database, gone: list[ItemRow]) -> None:
        store.save(db, [orphan(row) for row in gone if row.decided.decision == RETURNED])
        store.remove(db, [row.key for row in gone if row.decided.decision != RETURNED])


def _at_t0(before: Snapshot | _Nothing, after: View, given: Sequence[Fact]) -> View:
    return gather.earlier(before, after, given) if isinstance(before, Snapshot) else View()


def _chunks(serials: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (serials[start : start + size] for start in range(0, len(serials), size))


def _people(items: Iterable[Item]) -> list[tuple[str, str, str]]:
    found = {item.fact.person: item.patient for item in items}
    return [(work.person_id(p), store.person_json(p), patient) for p, patient in found.items()]


def _compared(vault: Vault, now: Run, looked_at: int) -> Compared:
    states = store.grouped(vault.db, now.outage, "state")
    still = store.number(vault.db, now.outage, Filter(open_only=True))
    return Compared(now.outage, now.snapshot, now.forms, now.items, still, states, looked_at)
