"""Orders as their messages mean them together: which are one, which are closed, which only a number."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from downtime.clinical.display import FROM_RESULT_ONLY
from downtime.feeds.hl7.codes import PROGRESS
from downtime.feeds.model import FindingKind
from downtime.feeds.named_resources import ADDRESSES
from downtime.snapshot.data_quality import FindingTally
from downtime.snapshot.link_orders import OrderNumbers, link_orders
from downtime.snapshot.nameless_orders import find_targets, has_name
from downtime.snapshot.reused_numbers import sort_orders, spread_controls
from downtime.snapshot.settled_state import SettledState, group_by_person, lay_over

_NUMBERS = frozenset({"placer", "filler"})
"""What an answer without its order says: of nothing that was ordered, it is no order."""


def link_requests(
    settled: Iterable[SettledState], findings: FindingTally
) -> Iterator[SettledState]:
    """Requests with those laid over each other that are one order, and profiles closed."""
    for requests in group_by_person(settled):
        if len(requests) > 1 and next(iter(requests.values())).person:
            _note_reused_placers(requests, findings)
            links = link_orders(_read_numbers(item) for item in requests.values())
            lay_over(requests, links.same)
            for key, stage in links.closed.items():
                requests[key].state.set_derived({"stage": stage})
        _mark_unordered(requests, findings)
        yield from requests.values()


def _mark_unordered(requests: Mapping[str, SettledState], findings: FindingTally) -> None:
    """Say of a request that only a result tells of it: it stays, since its result may be awaited."""
    numbers = {key: _read_numbers(item) for key, item in requests.items()}
    ordered = {
        number
        for order in numbers.values()
        if order.is_ordered or order.resource
        for number in (order.placer, order.filler, order.group)
    }
    for key, order in numbers.items():
        named = {order.placer, order.filler, order.group, order.parent} - {""}
        item = requests[key]
        if item.person and named and not named & ordered and not order.resource:
            requester = item.state.fields.get("requester", "")
            marked = ", ".join(filter(None, (requester, FROM_RESULT_ONLY)))
            item.state.set_derived({"requester": marked})
            text = "A result names a request of which no order was sent."
            kind = FindingKind.RESULT_WITHOUT_REQUEST
            findings.add(kind, item.source, text, "ServiceRequest", person=item.person)


def _note_reused_placers(requests: Mapping[str, SettledState], findings: FindingTally) -> None:
    """Two orders of one number that were placed at two times are two; their sender should know."""
    placed: dict[str, dict[str, str]] = defaultdict(dict)
    for item in requests.values():
        fields = item.state.fields
        number, authored = fields.get("placer"), str(fields.get("authored", ""))
        if number and authored:
            placed[number][str(fields.get("code", "")).casefold()] = authored
            source, person = item.source, item.person
    for orders in placed.values():
        if len(orders) > 1 and len(set(orders.values())) > 1:
            text = "One number was used for several tests of a patient, ordered at several times."
            findings.add(FindingKind.NUMBER_REUSED, source, text, "ServiceRequest", person=person)


def link_medicines(
    settled: Iterable[SettledState], findings: FindingTally
) -> Iterator[SettledState]:
    """Prescriptions with those laid over each other that are one; a number alone is of the order
    that was placed last under it.
    """
    for orders in group_by_person(settled):
        if len(orders) > 1 and next(iter(orders.values())).person:
            _link_numbers(orders, findings)
        yield from _spread_over(orders)


def _link_numbers(orders: dict[str, SettledState], findings: FindingTally) -> None:
    states = {key: item.state for key, item in orders.items()}
    links = sort_orders(states)
    for reused in links.reused:
        item, number = orders[reused[0]], reused[0].partition("|")[0]
        text = "One number was used for two medicines of a patient: each is kept."
        kind = FindingKind.NUMBER_REUSED
        findings.add(kind, item.source, text, "MedicationRequest", person=item.person)
        if (control := states.get(number)) and not has_name(control):
            for key, layer in spread_controls(control, reused, states):
                states[key].apply(layer)
            del orders[number]
    lay_over(orders, links.same)


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
        progress=fields.get(PROGRESS, ""),
        resource=next(iter(fields.get(ADDRESSES, ())), ""),
    )


def spread_nameless(settled: Iterable[SettledState]) -> Iterator[SettledState]:
    """Orders of which those that are only a number are laid over all that was ordered under it."""
    for orders in group_by_person(settled):
        yield from _spread_over(orders)


def _spread_over(orders: dict[str, SettledState]) -> Iterable[SettledState]:
    if len(orders) > 1 and next(iter(orders.values())).person:
        states = {key: item.state for key, item in orders.items()}
        for key, targets in find_targets(states).items():
            control = orders.pop(key)
            for target in targets:
                orders[target].state.overlay(control.state)
    return [item for item in orders.values() if item.state.fields.keys() - _NUMBERS]
