"""Which requests of one person and one system are one order, and which close with others. Pure.

The EPR gives an order its placer number and its own code; the laboratory gives a filler number, and
may use another code. They meet by the numbers that both carry:

- Requests that share a placer or filler number and have one code are one order, unless their other
  numbers differ.
- A single order of a number, and the single answer under it with another code, are one order too.
  Of two orders or more under one number none is guessed.
- An order of which an answer says that more is to come (ORC-5 `A`) is a profile too.
- A single order with several answers of other codes is a profile. It closes when they do, and so
  does an order which others name as their parent or as the number of their group.

What was asked for has a time at which it was (`authored`); what only a result tells of has none.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from downtime.clinical.model import OPEN_STAGES, RequestStage
from downtime.feeds.hl7.codes import OrderProgress


class OrderNumbers(NamedTuple):
    """What tells a request apart from others of the same person and system."""

    key: str
    placer: str = ""
    filler: str = ""
    code: str = ""
    group: str = ""
    parent: str = ""
    stage: str = ""
    is_ordered: bool = False
    """Whether a message asked for it; else only a result tells of it."""
    progress: str = ""
    """`OrderProgress` as its answer says it of the whole order; empty when it does not."""
    resource: str = ""
    """Address of the FHIR resource that it is; empty when no such resource was sent."""

    @property
    def is_open(self) -> bool:
        """Whether it is still awaited."""
        return self.stage in (*OPEN_STAGES, "")

    @property
    def is_unanswered(self) -> bool:
        """Whether the department has said nothing of its own result yet."""
        return self.is_open and self.stage != RequestStage.IN_PROGRESS


@dataclass(frozen=True, slots=True)
class OrderLinks:
    """How the requests of one person and system belong together."""

    same: dict[str, str] = field(default_factory=dict)
    """Key of a request to the key of the request that it is the same as."""
    closed: dict[str, RequestStage] = field(default_factory=dict)
    """Key of a profile or group to the stage that its parts give it."""


def link_orders(orders: Iterable[OrderNumbers]) -> OrderLinks:
    """Find the links between the requests of one person and system."""
    listed = sorted(orders)
    links = OrderLinks()
    if len(listed) > 1:
        for number in (_get_placer, _get_filler):
            for sharers in _group_by_number(listed, number):
                _link_same_code(sharers, links)
        for number in (_get_placer, _get_filler):
            for sharers in _group_by_number(listed, number):
                _link_answers(sharers, links)
        _close_parents(listed, links)
    return links


def _get_placer(order: OrderNumbers) -> str:
    return order.placer


def _get_filler(order: OrderNumbers) -> str:
    return order.filler


def _group_by_number(
    orders: list[OrderNumbers], get_number: Callable[[OrderNumbers], str]
) -> list[list[OrderNumbers]]:
    """The requests that share a number with another one."""
    groups: dict[str, list[OrderNumbers]] = defaultdict(list)
    for order in orders:
        if number := get_number(order):
            groups[number].append(order)
    return [group for group in groups.values() if len(group) > 1]


def _find_same(key: str, links: OrderLinks) -> str:
    while key in links.same:
        key = links.same[key]
    return key


def _join(order: OrderNumbers, answer: OrderNumbers, links: OrderLinks) -> None:
    root, joined = _find_same(order.key, links), _find_same(answer.key, links)
    if root != joined:
        links.same[joined] = root


def _link_same_code(sharers: list[OrderNumbers], links: OrderLinks) -> None:
    by_code: dict[str, list[OrderNumbers]] = defaultdict(list)
    for order in sorted(sharers, key=lambda order: (not order.placer, order)):
        by_code[order.code.casefold()].append(order)
    for same_code in by_code.values():
        placers = {order.placer for order in same_code} - {""}
        fillers = {order.filler for order in same_code} - {""}
        if len(placers) <= 1 and len(fillers) <= 1 and not _are_several(same_code):
            for other in same_code[1:]:
                _join(same_code[0], other, links)


def _are_several(orders: list[OrderNumbers]) -> bool:
    """Whether they are resources of different ids, which are never one."""
    return len({order.resource for order in orders} - {""}) > 1


def _link_answers(sharers: list[OrderNumbers], links: OrderLinks) -> None:
    ordered = {_find_same(o.key, links) for o in sharers if o.is_ordered}
    answered = {_find_same(o.key, links) for o in sharers} - ordered
    if len(ordered) != 1 or not answered:
        return
    order = next(iter(ordered))
    if not all(
        o.is_ordered and o.is_unanswered for o in sharers if _find_same(o.key, links) == order
    ):
        return  # it has its own answer: the others are further tests
    answers = [o for o in sharers if _find_same(o.key, links) in answered]
    progress = {o.progress for o in answers}
    is_partial = OrderProgress.PARTIAL in progress and OrderProgress.COMPLETE not in progress
    if len(answered) == 1 and not is_partial:
        links.same[next(iter(answered))] = order
    else:
        more = [RequestStage.IN_PROGRESS.value] if is_partial else []
        _close(order, [*(o.stage for o in answers), *more], links)


def _close(key: str, stages: list[str], links: OrderLinks) -> None:
    """A profile is as far as its slowest part; cancelled when nothing of it was done."""
    if any(stage in (*OPEN_STAGES, "") for stage in stages):
        links.closed[key] = RequestStage.IN_PROGRESS
    elif RequestStage.RESULTED in stages:
        links.closed[key] = RequestStage.RESULTED
    elif stages:
        links.closed[key] = RequestStage.CANCELLED


def _close_parents(orders: list[OrderNumbers], links: OrderLinks) -> None:
    children: dict[str, list[OrderNumbers]] = defaultdict(list)
    for order in orders:
        for number in {order.parent, order.group} - {"", order.placer, order.filler}:
            children[number].append(order)
    for order in (order for order in orders if order.is_open):
        stages = [
            child.stage
            for number in {order.placer, order.filler} - {""}
            for child in children.get(number, ())
        ]
        if stages:
            _close(_find_same(order.key, links), stages, links)
