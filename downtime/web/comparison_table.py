"""A compared item as a table: the system before the outage, the paper, the system now."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import NamedTuple

from downtime.clinical.model import TYPES, Record
from downtime.entry.facts import Fact
from downtime.reconcile.compare.load_records import find_earlier_copies
from downtime.reconcile.model import Item
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.web import field_titles

NOTHING = ""


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


def sides(item: Item, before: Snapshot | None, after: Snapshot | None) -> list[Side]:
    """One table for each live record that was matched; the paper alone when there is none."""
    live = _live(item, after)
    old = (
        find_earlier_copies(before, after, live)
        if before and after and live
        else [None] * len(live)
    )
    if not live:
        return [Side("", _lines(item, None, None))]
    many = len(live) > 1
    return [
        Side(f"Record {place} of {len(live)}" if many else "", _lines(item, then, now))
        for place, (now, then) in enumerate(zip(live, old, strict=True), 1)
    ]


def _live(item: Item, after: Snapshot | None) -> list[Record]:
    kind = TYPES.get(item.fact.type)
    if after is None or kind is None:
        return []
    found = {record.id: record for record in after.find_records(kind, "id", item.matched_ids)}
    return [found[key] for key in item.matched_ids if key in found]


def _lines(item: Item, then: Record | None, now: Record | None) -> list[Line]:
    old, new, paper = _said(then), _said(now), _paper(item.fact)
    found = []
    for name in field_titles.SHOWN.get(item.fact.type, tuple(paper)):
        said = (old.get(name, NOTHING), paper.get(name, NOTHING), new.get(name, NOTHING))
        if any(said):
            differs = bool(said[1] and said[2] and said[1].casefold() != said[2].casefold())
            before, on_paper, live = (field_titles.value(name, text) for text in said)
            found.append(Line(field_titles.name(name), before, on_paper, live, differs))
    return found


def _paper(fact: Fact) -> dict[str, str]:
    return {"display": fact.title, **fact.fields}


def _said(record: Record | None) -> dict[str, str]:
    values: Sequence[tuple[str, object]] = list(asdict(record).items()) if record else []
    return {
        name: str(value) for name, value in values if value or value == 0 and name != "none_known"
    }
