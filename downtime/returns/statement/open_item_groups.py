"""What is open, by kind: how many of each, and which are said first, for a page or a list. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from downtime.reconcile.harm.model import KINDS as HARM
from downtime.returns.model import STATE_TITLES, WAITING

FIRST = 3
"""Lines of each kind that are seen without asking for more."""
TITLES = {
    "system-down": "Systems still down",
    "laptop-awaited": "Laptops awaited",
    "given-twice": "Numbers given out twice, the second not seen to",
    "form-out": "Forms still out",
    "form-unkeyed": "Forms returned and not keyed",
    "form-unfiled": "Forms returned and not filed",
    "form-unverified": "Forms keyed and not verified",
    "link-unconfirmed": "Links between paper and a patient, not confirmed",
    "number-unlinked": "Downtime numbers of known patients, not linked",
    "not-compared": "Not compared yet",
    "unmatched": "Items whose patient was not found",
    "undecided": "Items to be decided",
    "not-sent": "Items decided to be returned and not sent",
    **{f"message-{state}": f"Messages: {STATE_TITLES[state]}" for state in WAITING},
    "harm-not-reviewed": "Harm review to be made",
    **{
        f"harm-{kind}": f"Harm review: {title[0].lower()}{title[1:]}"
        for kind, title in HARM.items()
    },
}
_ONE_EACH = ("laptop-awaited",)
"""Kinds whose names are not counted: a laptop's are its own code and its papers."""


class OpenGroup(NamedTuple):
    """The open things of one kind; what somebody is late with comes first."""

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
        """Those behind them."""
        return self.lines[FIRST:]


def group_open_items(found: Iterable[Mapping[str, Any]], now: str) -> list[OpenGroup]:
    """The open things of a statement by kind, in its own order; `now` is UTC text."""
    kinds: dict[str, list[Mapping[str, Any]]] = {}
    for one in found:
        kinds.setdefault(one["kind"], []).append(one)
    return [_group(kind, lines, now) for kind, lines in kinds.items()]


def _group(kind: str, lines: list[Mapping[str, Any]], now: str) -> OpenGroup:
    late = [any(owned["due"] < now for owned in one["owners"]) for one in lines]
    order = sorted(range(len(lines)), key=lambda place: not late[place])
    counted = (1 if kind in _ONE_EACH else len(one["names"]) or 1 for one in lines)
    return OpenGroup(TITLES[kind], sum(counted), tuple(lines[place] for place in order), sum(late))
