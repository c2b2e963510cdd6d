"""The open things of a statement as a page shows them: by kind, what somebody is late with first. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from downtime.returns.statement.model import WORDINGS, OpenKind

FIRST = 3
"""Lines of each kind that are seen without asking for more."""
LISTED = 30
"""Lines of each kind that stand on the page; all of them stand in the list of what is open."""

_ONE_EACH = (OpenKind.LAPTOP_AWAITED,)
"""Kinds whose names are not counted: a laptop's are its own code and its papers."""


class OpenGroup(NamedTuple):
    """The open things of one kind; what somebody is late with comes first."""

    kind: OpenKind
    title: str
    n: int
    """Forms, items, messages …, not lines: one line may name many."""
    lines: tuple[Mapping[str, Any], ...]
    overdue: int
    """Lines that somebody is late with."""

    @property
    def first_lines(self) -> tuple[Mapping[str, Any], ...]:
        """Those that are seen at once."""
        return self.lines[:FIRST]

    @property
    def other_lines(self) -> tuple[Mapping[str, Any], ...]:
        """Those behind them, as far as the page has them."""
        return self.lines[FIRST:LISTED]

    @property
    def unlisted(self) -> int:
        """How many lines the page does not have."""
        return max(0, len(self.lines) - LISTED)


def group_open_items(lines: Iterable[Mapping[str, Any]], now: str) -> list[OpenGroup]:
    """The open things of a statement by kind, in its own order; `now` is UTC text."""
    lines_by_kind: dict[OpenKind, list[Mapping[str, Any]]] = {}
    for line in lines:
        lines_by_kind.setdefault(OpenKind(line["kind"]), []).append(line)
    return [_make_group(kind, lines, now) for kind, lines in lines_by_kind.items()]


def count_things(lines: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many things of each kind are open, as people count: one line may name hundreds of forms."""
    return {group.kind.value: group.n for group in group_open_items(lines, "")}


def _make_group(kind: OpenKind, lines: list[Mapping[str, Any]], now: str) -> OpenGroup:
    def is_overdue(line: Mapping[str, Any]) -> bool:
        return any(owned["due"] < now for owned in line["owners"])

    ordered = sorted(lines, key=is_overdue, reverse=True)  # a stable order within each half
    counts = (1 if kind in _ONE_EACH else len(line["names"]) or 1 for line in lines)
    overdue = sum(map(is_overdue, lines))
    return OpenGroup(kind, WORDINGS[kind].title, sum(counts), tuple(ordered), overdue)


def count_overdue(facts: Mapping[str, Any], now: str) -> int:
    """How many open things of a statement somebody should have settled by now (UTC text)."""
    return sum(
        len(owned["names"])
        for item in facts["open"]
        for owned in item["owners"]
        if owned["due"] < now
    )
