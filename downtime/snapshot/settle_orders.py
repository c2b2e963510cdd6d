"""Orders as their messages mean them together: which are one, which are closed, which only a number."""

from collections.abc import Iterable, Iterator

from downtime.feeds.named_resources import ADDRESSES
from downtime.snapshot.link_orders import OrderNumbers, link_orders
from downtime.snapshot.nameless_orders import find_targets
from downtime.snapshot.settled_state import SettledState, group_by_person, lay_over


def link_requests(settled: Iterable[SettledState]) -> Iterator[SettledState]:
    """Requests with those laid over each other that are one order, and profiles closed."""
    for requests in group_by_person(settled):
        if len(requests) > 1 and next(iter(requests.values())).person:
            links = link_orders(_read_numbers(item) for item in requests.values())
            lay_over(requests, links.same)
            for key, stage in links.closed.items():
                requests[key].state.set_derived({"stage": stage})
        yield from requests.values()


def _read_numbers(item: SettledState) -> OrderNumbers:
    fields = item.state.fields
    return OrderNumbers(
        key=item.key,
        placer=fields.get("placer", ""),
        filler=fields.get("filler", ""),
        code=fields.get("code", ""),
        group=fields.get("group_number", ""),
        parent=fields.get("parent_number", ""),
        stage=fields.get("stage", ""),
        is_ordered=bool(fields.get("authored")),
        resource=next(iter(fields.get(ADDRESSES, ())), ""),
    )


def spread_nameless(settled: Iterable[SettledState]) -> Iterator[SettledState]:
    """Orders of which those that are only a number are laid over all that was ordered under it."""
    for orders in group_by_person(settled):
        if len(orders) > 1 and next(iter(orders.values())).person:
            states = {key: item.state for key, item in orders.items()}
            for key, targets in find_targets(states).items():
                control = orders.pop(key)
                for target in targets:
                    orders[target].state.overlay(control.state)
        yield from orders.values()
