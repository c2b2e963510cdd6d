"""Who sees to what is open, and by when: people and teams to whom it was given."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from downtime.paper.assignments import Assignment, list_assignments
from downtime.paper.model import AssignmentKind
from downtime.paper.serials import format_serial
from downtime.reconcile.assign_owner import find_owner
from downtime.reconcile.model import StoredItem


@dataclass(frozen=True, slots=True)
class OwnedItems:
    """What one owner has to settle until `due` (UTC as stored), by the names shown."""

    owner: str
    due: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Owners:
    """All that was given to anybody, by what it is about."""

    assignments: Mapping[str, Mapping[str, Assignment]]

    @classmethod
    def read(cls, db: Database) -> "Owners":
        """As it stands in the vault."""
        return cls(
            {
                kind: list_assignments(db, kind)
                for kind in (
                    AssignmentKind.FORM,
                    AssignmentKind.ITEM,
                    AssignmentKind.PERSON,
                    AssignmentKind.LAPTOP,
                )
            }
        )

    def forms(self, serials: Iterable[str]) -> tuple[OwnedItems, ...]:
        """Of forms, by serial."""
        return _grouped(
            (format_serial(serial), self.assignments[AssignmentKind.FORM].get(serial))
            for serial in serials
        )

    def people(self, keys: Iterable[str]) -> tuple[OwnedItems, ...]:
        """Of people who are not found, by the key under which they are linked."""
        return _grouped((key, self.assignments[AssignmentKind.PERSON].get(key)) for key in keys)

    def item(self, row: StoredItem) -> tuple[OwnedItems, ...]:
        """Of an item: its own, else whoever has its person or its form."""
        return _grouped([(row.key, find_owner(row, self.assignments))])

    def laptop(self, names: Sequence[str]) -> tuple[OwnedItems, ...]:
        """Of a laptop and of its papers that it has not reported."""
        every = {**self.assignments[AssignmentKind.FORM], **self.assignments[AssignmentKind.LAPTOP]}
        return _grouped((name, every.get(name)) for name in names)


def _grouped(held: Iterable[tuple[str, Assignment | None]]) -> tuple[OwnedItems, ...]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, given in held:
        if given:
            found[given.due, given.owner].append(name)
    return tuple(
        OwnedItems(owner, due, tuple(names)) for (due, owner), names in sorted(found.items())
    )


def count_overdue(facts: Mapping[str, Any], now: str) -> int:
    """How many open things of a statement somebody should have settled by now (UTC text)."""
    return sum(
        len(owned["names"])
        for one in facts["open"]
        for owned in one["owners"]
        if owned["due"] < now
    )
