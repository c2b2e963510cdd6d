"""What a person sees who decides about compared items: paper, system before and system now, by field.

The version of an item is a digest of all that is seen of it. Who decides sends it back: so what has
changed since somebody looked is never decided unseen.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from typing import NamedTuple

import orjson

from downtime.clinical.model import Record
from downtime.clinical.record_types import RECORD_TYPES
from downtime.entry.facts import Fact
from downtime.errors import NotFoundError
from downtime.outage import outages
from downtime.reconcile.compare.load_records import find_earlier_copies
from downtime.reconcile.model import StoredItem
from downtime.reconcile.reasons import encode_reasons
from downtime.snapshot import local_snapshots
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.vault import Vault


class FieldValues(NamedTuple):
    """One field as the paper and the system say it, as stored; empty where they say nothing."""

    name: str
    before: str
    paper: str
    now: str

    @property
    def differs(self) -> bool:
        """Whether paper and system both say something, and something else."""
        return bool(self.paper and self.now and self.paper.casefold() != self.now.casefold())


class ShownItem(NamedTuple):
    """An item as it is shown: a table for each live record that was matched, or the paper alone."""

    row: StoredItem
    sides: tuple[tuple[FieldValues, ...], ...]

    @property
    def version(self) -> str:
        """Names exactly what is shown: finding, decisions so far, and every value."""
        row = self.row
        content = (
            row.item.state, row.digest, encode_reasons(row.item.reasons), row.item.patient,
            row.item.person, row.decided.decision, row.decided.proposal, row.decided.proposed_by,
            row.item.needs_second_person, self.sides,
        )  # fmt: skip
        return hashlib.sha256(orjson.dumps(content, default=tuple)).hexdigest()[:16]


def read_shown_items(vault: Vault, rows: Sequence[StoredItem]) -> list[ShownItem]:
    """These items with their values, each in its place; a snapshot that is not here says nothing."""
    with ExitStack() as stack:
        snapshots = _SnapshotHolder(vault, stack)
        sides: dict[str, tuple[tuple[FieldValues, ...], ...]] = {}
        for (earlier, recovered, _), of_kind in _group_by_snapshots(vault, rows).items():
            sides.update(_read_sides(of_kind, snapshots.open(earlier), snapshots.open(recovered)))
    return [ShownItem(row, sides[row.key]) for row in rows]


class _SnapshotHolder:
    """Opens each snapshot once, until the stack ends."""

    def __init__(self, vault: Vault, stack: ExitStack) -> None:
        self._vault, self._stack = vault, stack
        self._opened: dict[str, Snapshot | None] = {"": None}

    def open(self, snapshot_id: str) -> Snapshot | None:
        if snapshot_id not in self._opened:
            try:
                snapshot = local_snapshots.open_snapshot(self._vault, snapshot_id)
            except NotFoundError:
                self._opened[snapshot_id] = None
            else:
                self._opened[snapshot_id] = self._stack.enter_context(closing(snapshot))
        return self._opened[snapshot_id]


def _group_by_snapshots(
    vault: Vault, rows: Iterable[StoredItem]
) -> Mapping[tuple[str, str, str], list[StoredItem]]:
    """Items by the snapshots in which their records lie, and by their type."""
    groups: dict[tuple[str, str, str], list[StoredItem]] = defaultdict(list)
    outages_by_id = {key: outages.get_outage(vault, key) for key in {row.outage for row in rows}}
    for row in rows:
        fact = row.item.fact
        earlier = outages_by_id[row.outage].get_snapshot(fact.system)
        groups[earlier, row.snapshot, fact.type].append(row)
    return groups


def _read_sides(
    rows: Sequence[StoredItem], before: Snapshot | None, after: Snapshot | None
) -> Iterator[tuple[str, tuple[tuple[FieldValues, ...], ...]]]:
    now = _find_matched(rows, after)
    live = list(now.values())
    then = (
        find_earlier_copies(before, after, live)
        if before is not None and after is not None and live
        else [None] * len(live)
    )
    earlier = {record.id: copy for record, copy in zip(live, then, strict=True)}
    for row in rows:
        matched = [key for key in row.item.matched_ids if key in now]
        sides = [compare_fields(row.item.fact, earlier[key], now[key]) for key in matched]
        yield row.key, tuple(sides or [compare_fields(row.item.fact, None, None)])


def _find_matched(rows: Sequence[StoredItem], after: Snapshot | None) -> dict[str, Record]:
    kind = RECORD_TYPES.get(rows[0].item.fact.type)
    if after is None or kind is None:
        return {}
    ids = {key for row in rows for key in row.item.matched_ids}
    return {record.id: record for record in after.find_records(kind.record, "id", sorted(ids))}


def compare_fields(fact: Fact, then: Record | None, now: Record | None) -> tuple[FieldValues, ...]:
    """Every field that matters of a fact and of one live record; those that nobody fills are left out."""
    old, new = _list_values(then), _list_values(now)
    paper = {"display": fact.title, **fact.fields}
    row = RECORD_TYPES.get(fact.type)
    names = (row.compared_fields if row else ()) or tuple(paper)
    lines = (
        FieldValues(name, old.get(name, ""), paper.get(name, ""), new.get(name, ""))
        for name in names
    )
    return tuple(line for line in lines if line.before or line.paper or line.now)


def _list_values(record: Record | None) -> dict[str, str]:
    values = asdict(record).items() if record else ()
    return {
        name: str(value) for name, value in values if value or value == 0 and name != "none_known"
    }
