"""Who sees to what is open, and by when: people and teams to whom it was given."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from downtime.paper.assignments import FORM, ITEM, LAPTOP, PERSON, Assignment, assignments
from downtime.paper.serials import shown
from downtime.reconcile.owners import holder
from downtime.reconcile.store import ItemRow


@dataclass(frozen=True, slots=True)
class Owned:
    """What one owner has to settle until `due` (UTC as stored), by the names shown."""

    owner: str
    due: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Owners:
    """All that was given to anybody, by what it is about."""

    given: Mapping[str, Mapping[str, Assignment]]

    @classmethod
    def of(cls, db: Database) -> "Owners":
        """As it stands in the vault."""
        return cls({kind: assignments(db, kind) for kind in (FORM, ITEM, PERSON, LAPTOP)})

    def forms(self, serials: Iterable[str]) -> tuple[Owned, ...]:
        """Of forms, by serial."""
        return _grouped((shown(serial), self.given[FORM].get(serial)) for serial in serials)

    def people(self, keys: Iterable[str]) -> tuple[Owned, ...]:
        """Of people who are not found, by the key under which they are linked."""
        return _grouped((key, self.given[PERSON].get(key)) for key in keys)

    def item(self, row: ItemRow) -> tuple[Owned, ...]:
        """Of an item: its own, else whoever has its person or its form."""
        return _grouped([(row.key, holder(row, self.given))])

    def laptop(self, names: Sequence[str]) -> tuple[Owned, ...]:
        """Of a laptop and of its papers that it has not reported."""
        every = {**self.given[FORM], **self.given[LAPTOP]}
        return _grouped((name, every.get(name)) for name in names)


def _grouped(held: Iterable[tuple[str, Assignment | None]]) -> tuple[Owned, ...]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, given in held:
        if given:
            found[given.due, given.owner].append(name)
    return tuple(Owned(owner, due, tuple(names)) for (due, owner), names in sorted(found.items()))


def overdue(facts: Mapping[str, Any], now: str) -> int:
    """How many open things of a statement somebody should have settled by now (UTC text)."""
    return sum(
        len(owned["names"])
        for one in facts["open"]
        for owned in one["owners"]
        if owned["due"] < now
    )
