"""Who did what is practised, on which ward and when, as the ledger, the events and the ticked steps say."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from downtime.outage import action_cards
from downtime.outage.downtime_numbers import list_issue_times
from downtime.outage.events.list_events import list_events
from downtime.outage.events.model import EventKind
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.drills.model import Goal
from downtime.paper.forms.load_form import load_forms
from downtime.paper.forms.medicine_charts import holds_medicines
from downtime.paper.model import OUT, FormState, Pack, PackKind, PackState
from downtime.vault.vault import Vault

_WARD_PACKS = (PackKind.WARD, PackKind.SITE)


class Deed(NamedTuple):
    """Something that somebody did. `person` is a name, empty where it is not known here; `at` is UTC."""

    at: str
    person: str = ""
    ward: str = ""
    """Empty where it is of no ward, or of several."""


def list_deeds(vault: Vault, outage: Outage, goal: Goal) -> list[Deed]:
    """What was done towards a goal in an outage or drill."""
    return list(_FINDERS[goal](vault, outage))


def list_printed_packs(vault: Vault, outage: Outage) -> list[Pack]:
    """Those that somebody got."""
    return [p for p in ledger.list_packs(vault, outage.id) if p.state == PackState.PRINTED]


def _find_steps(vault: Vault, outage: Outage) -> Iterator[Deed]:
    for tick in action_cards.fetch_ticks(vault, outage.id).values():
        yield Deed(tick.at, tick.person_name)


def _find_packs(vault: Vault, outage: Outage) -> Iterator[Deed]:
    for pack in list_printed_packs(vault, outage):
        if pack.kind in _WARD_PACKS:
            ward = pack.wards[0] if len(pack.wards) == 1 else ""
            yield Deed(pack.issued_at, pack.issued_name, ward)


def _find_charts(vault: Vault, outage: Outage) -> Iterator[Deed]:
    charts = {form.name for form in load_forms(vault.home).values() if holds_medicines(form)}
    for form in ledger.list_forms(vault, outage=outage.id):
        if form.form in charts and form.patient:
            yield Deed(form.issued_at, form.issued_name, form.ward)


def _find_numbers(vault: Vault, outage: Outage) -> Iterator[Deed]:
    for time in list_issue_times(vault):
        if outage.opened <= time <= (outage.last_end or "~"):
            yield Deed(time)


def _find_returns(vault: Vault, outage: Outage) -> Iterator[Deed]:
    not_back = (*OUT, FormState.VOID, FormState.LOST)
    for form in ledger.list_forms(vault, outage=outage.id):
        if form.state not in not_back:
            yield Deed(form.changed_at, ward=form.ward)


def _find_events(kind: EventKind) -> Callable[[Vault, Outage], Iterable[Deed]]:
    return lambda vault, outage: (
        Deed(event.entered, event.author_name, event.ward)
        for event in (thread.latest for thread in list_events(vault, outage.id) if thread.stands)
        if event.kind == kind
    )


_FINDERS: Mapping[Goal, Callable[[Vault, Outage], Iterable[Deed]]] = {
    Goal.STEP: _find_steps,
    Goal.PACK: _find_packs,
    Goal.CHART: _find_charts,
    Goal.NUMBER: _find_numbers,
    Goal.ARRIVAL: _find_events(EventKind.ARRIVAL),
    Goal.RESULT: _find_events(EventKind.RESULT),
    Goal.READ_BACK: _find_events(EventKind.READ_BACK),
    Goal.RETURNED: _find_returns,
}
