"""Measure a drill by what the ledger, the events and the ticked steps say: nobody holds a watch."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from downtime.clock import from_text, to_text
from downtime.errors import ConflictError
from downtime.outage import action_cards
from downtime.outage.downtime_numbers import list_issue_times
from downtime.outage.events.list_events import list_events
from downtime.outage.events.model import Event, EventKind
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.drills.model import DrillReport, Goal, Inject, InjectResult, TrainingRecord
from downtime.paper.drills.read_script import read_script
from downtime.paper.forms.load_form import load_forms
from downtime.paper.forms.medicine_charts import holds_medicines
from downtime.paper.model import OUT, FormState, Pack, PackKind, PackState
from downtime.vault.vault import Vault

_WARD_PACKS = (PackKind.WARD, PackKind.SITE)


def report_drill(vault: Vault, outage: Outage) -> DrillReport:
    """How a drill went, or goes so far; ConflictError for a real outage."""
    if not outage.drill:
        raise ConflictError(
            "drill.real", f"{outage.label} is no drill.", "See the post-incident report."
        )
    results = [_judge(vault, outage, inject) for inject in read_script(vault.home)]
    return DrillReport(
        tuple(results),
        _minutes_to(outage, _TIMES[Goal.PACK](vault, outage)),
        _minutes_to(outage, _TIMES[Goal.CHART](vault, outage)),
        tuple(_list_people(vault, outage)),
    )


def _judge(vault: Vault, outage: Outage, inject: Inject) -> InjectResult:
    due = to_text(from_text(outage.opened) + timedelta(minutes=inject.minute))
    times = _TIMES[inject.goal](vault, outage) if inject.goal else ()
    done = min((time for time in times if time >= due), default="")
    minutes = _count_minutes(due, done) if done else None
    return InjectResult(inject, due, done, minutes)


def _minutes_to(outage: Outage, times: Iterable[str]) -> int | None:
    first = min(times, default="")
    return _count_minutes(outage.opened, first) if first else None


def _count_minutes(start: str, end: str) -> int:
    return int((from_text(end) - from_text(start)).total_seconds() // 60)


def _list_packs(vault: Vault, outage: Outage) -> list[Pack]:
    return [p for p in ledger.list_packs(vault, outage.id) if p.state == PackState.PRINTED]


def _step_times(vault: Vault, outage: Outage) -> Iterable[str]:
    return [tick.at for tick in action_cards.fetch_ticks(vault, outage.id).values()]


def _pack_times(vault: Vault, outage: Outage) -> Iterable[str]:
    return [pack.issued_at for pack in _list_packs(vault, outage) if pack.kind in _WARD_PACKS]


def _chart_times(vault: Vault, outage: Outage) -> Iterable[str]:
    charts = {form.name for form in load_forms(vault.home).values() if holds_medicines(form)}
    forms = ledger.list_forms(vault, outage=outage.id)
    return [form.issued_at for form in forms if form.form in charts and form.patient]


def _number_times(vault: Vault, outage: Outage) -> Iterable[str]:
    times = list_issue_times(vault)
    return [time for time in times if outage.opened <= time <= (outage.last_end or "~")]


def _return_times(vault: Vault, outage: Outage) -> Iterable[str]:
    forms = ledger.list_forms(vault, outage=outage.id)
    not_back = (*OUT, FormState.VOID, FormState.LOST)
    return [form.changed_at for form in forms if form.state not in not_back]


def _list_standing(vault: Vault, outage: Outage) -> list[Event]:
    return [thread.latest for thread in list_events(vault, outage.id) if thread.stands]


def _event_times(kind: EventKind) -> Callable[[Vault, Outage], Iterable[str]]:
    return lambda vault, outage: [
        event.entered for event in _list_standing(vault, outage) if event.kind == kind
    ]


_TIMES: Mapping[Goal, Callable[[Vault, Outage], Iterable[str]]] = {
    Goal.STEP: _step_times,
    Goal.PACK: _pack_times,
    Goal.CHART: _chart_times,
    Goal.NUMBER: _number_times,
    Goal.ARRIVAL: _event_times(EventKind.ARRIVAL),
    Goal.RESULT: _event_times(EventKind.RESULT),
    Goal.READ_BACK: _event_times(EventKind.READ_BACK),
    Goal.RETURNED: _return_times,
}
"""When each goal was reached in a drill (UTC)."""


def _list_people(vault: Vault, outage: Outage) -> Iterable[TrainingRecord]:
    """Everybody who did something in the drill, by name."""
    ticks = [tick.person_name for tick in action_cards.fetch_ticks(vault, outage.id).values()]
    packs, events = _list_packs(vault, outage), _list_standing(vault, outage)
    names = {*ticks, *(p.issued_name for p in packs), *(e.author_name for e in events)}
    for name in sorted(names):
        own_packs = [pack for pack in packs if pack.issued_name == name]
        own_events = [event for event in events if event.author_name == name]
        wards = {ward for pack in own_packs for ward in pack.wards}
        wards |= {event.ward for event in own_events}
        yield TrainingRecord(
            name, tuple(sorted(wards - {""})), ticks.count(name), len(own_packs), len(own_events)
        )
