"""A compared item as a table: the system before the outage, the paper, the system now."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import NamedTuple

from downtime.clinical import display
from downtime.clinical.model import Record
from downtime.clinical.record_types import FIELD_TITLES, RECORD_TYPES
from downtime.entry.facts import Fact
from downtime.reconcile.compare.load_records import find_earlier_copies
from downtime.reconcile.model import Item
from downtime.snapshot.store.opened_snapshot import Snapshot

_FORMATS: Mapping[str, Callable[[str], str]] = {
    "birth_date": display.format_day,
    "nhs_number": display.format_nhs_number,
    "units": display.format_units,
    "none_known": lambda text: "yes" if text == "1" else "no",
}


class Line(NamedTuple):
    """One field in the three columns; `differs` when paper and system both say something else."""

    name: str
    before: str
    paper: str
    now: str
    differs: bool


class Side(NamedTuple):
    """The paper beside one live record, and what that was at T0."""

    title: str
    lines: list[Line]


def build_sides(item: Item, before: Snapshot | None, after: Snapshot | None) -> list[Side]:
    """One table for each live record that was matched; the paper alone when there is none."""
    records = _find_matched(item, after)
    if before is None or after is None or not records:
        earlier: list[Record | None] = [None] * len(records)
    else:
        earlier = find_earlier_copies(before, after, records)
    if not records:
        return [Side("", _build_lines(item.fact, None, None))]
    total = len(records)
    return [
        Side(f"Record {place} of {total}" if total > 1 else "", _build_lines(item.fact, then, now))
        for place, (now, then) in enumerate(zip(records, earlier, strict=True), 1)
    ]


def _find_matched(item: Item, after: Snapshot | None) -> list[Record]:
    row = RECORD_TYPES.get(item.fact.type)
    if after is None or row is None:
        return []
    records = {
        record.id: record for record in after.find_records(row.record, "id", item.matched_ids)
    }
    return [records[key] for key in item.matched_ids if key in records]


def _build_lines(fact: Fact, then: Record | None, now: Record | None) -> list[Line]:
    old, new = _list_values(then), _list_values(now)
    paper = {"display": fact.title, **fact.fields}
    row = RECORD_TYPES.get(fact.type)
    names = (row.compared_fields if row else ()) or tuple(paper)
    return [
        _build_line(name, old.get(name, ""), paper.get(name, ""), new.get(name, ""))
        for name in names
        if old.get(name) or paper.get(name) or new.get(name)
    ]


def _build_line(name: str, before: str, paper: str, now: str) -> Line:
    differs = bool(paper and now and paper.casefold() != now.casefold())
    show = _FORMATS.get(name, str)
    before, paper, now = (show(text) if text else "" for text in (before, paper, now))
    return Line(FIELD_TITLES.get(name, name), before, paper, now, differs)


def _list_values(record: Record | None) -> dict[str, str]:
    values = asdict(record).items() if record else ()
    return {
        name: str(value) for name, value in values if value or value == 0 and name != "none_known"
    }
