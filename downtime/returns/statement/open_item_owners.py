"""Who sees to what is open, and by when: people and teams to whom it was given."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from downtime.paper.assignments import list_assignments
from downtime.paper.model import Assignment, AssignmentKind
from downtime.paper.serials import format_serial
from downtime.reconcile.assign_owner import find_owner
from downtime.reconcile.model import StoredItem
from downtime.returns.statement.model import OwnedItems


@dataclass(frozen=True, slots=True)
class Owners:
    """All that was given to anybody, by what it is about."""

    assignments: Mapping[AssignmentKind, Mapping[str, Assignment]]

    @classmethod
    def read(cls, db: Database) -> "Owners":
        """As it stands in the vault."""
        return cls({kind: list_assignments(db, kind) for kind in AssignmentKind})

    def of_forms(self, serials: Iterable[str]) -> tuple[OwnedItems, ...]:
        """Of forms, by serial."""
        forms = self.assignments[AssignmentKind.FORM]
        return _group_by_owner((format_serial(serial), forms.get(serial)) for serial in serials)

    def of_people(self, keys: Iterable[str]) -> tuple[OwnedItems, ...]:
        """Of people who are not found, by the key under which they are linked."""
        people = self.assignments[AssignmentKind.PERSON]
        return _group_by_owner((key, people.get(key)) for key in keys)

    def of_item(self, row: StoredItem) -> tuple[OwnedItems, ...]:
        """Of an item: its own, else whoever has its person or its form."""
        return _group_by_owner([(row.key, find_owner(row, self.assignments))])

    def of_laptop(self, names: Sequence[str]) -> tuple[OwnedItems, ...]:
        """Of a laptop and of its papers that it has not reported."""
        assignments = {
            **self.assignments[AssignmentKind.FORM],
            **self.assignments[AssignmentKind.LAPTOP],
        }
        return _group_by_owner((name, assignments.get(name)) for name in names)


def _group_by_owner(pairs: Iterable[tuple[str, Assignment | None]]) -> tuple[OwnedItems, ...]:
    names_by_owner: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, assignment in pairs:
        if assignment:
            names_by_owner[assignment.due, assignment.owner].append(name)
    return tuple(
        OwnedItems(owner, due, tuple(names))
        for (due, owner), names in sorted(names_by_owner.items())
    )


def count_overdue(facts: Mapping[str, Any], now: str) -> int:
    """How many open things of a statement somebody should have settled by now (UTC text)."""
    return sum(
        len(owned["names"])
        for item in facts["open"]
        for owned in item["owners"]
        if owned["due"] < now
    )
