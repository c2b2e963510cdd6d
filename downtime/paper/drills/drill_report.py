"""Measure a drill by what the ledger, the events and the ticked steps say: nobody holds a watch."""

from collections.abc import Iterable
from datetime import timedelta

from downtime.clock import from_text, to_text
from downtime.errors import ConflictError
from downtime.outage import action_cards
from downtime.outage.events.list_events import list_events
from downtime.outage.events.model import Event
from downtime.outage.model import Outage
from downtime.paper.drills.deeds import list_deeds, list_printed_packs
from downtime.paper.drills.model import DrillReport, Goal, Inject, InjectResult, TrainingRecord
from downtime.paper.drills.read_script import read_script
from downtime.vault.vault import Vault


def report_drill(vault: Vault, outage: Outage) -> DrillReport:
    """How a drill went, or goes so far; ConflictError for a real outage."""
    if not outage.drill:
        raise ConflictError(
            "drill.real", f"{outage.label} is no drill.", "See the post-incident report."
        )
    results = [_judge(vault, outage, inject) for inject in read_script(vault.home)]
    return DrillReport(
        tuple(results),
        _minutes_to(outage, _list_times(vault, outage, Goal.PACK)),
        _minutes_to(outage, _list_times(vault, outage, Goal.CHART)),
        tuple(_list_people(vault, outage)),
    )


def _judge(vault: Vault, outage: Outage, inject: Inject) -> InjectResult:
    due = to_text(from_text(outage.opened) + timedelta(minutes=inject.minute))
    times = _list_times(vault, outage, inject.goal) if inject.goal else ()
    done = min((time for time in times if time >= due), default="")
    minutes = _count_minutes(due, done) if done else None
    return InjectResult(inject, due, done, minutes)


def _minutes_to(outage: Outage, times: Iterable[str]) -> int | None:
    first = min(times, default="")
    return _count_minutes(outage.opened, first) if first else None


def _count_minutes(start: str, end: str) -> int:
    return int((from_text(end) - from_text(start)).total_seconds() // 60)


def _list_times(vault: Vault, outage: Outage, goal: Goal) -> list[str]:
    return [deed.at for deed in list_deeds(vault, outage, goal)]


def _list_standing(vault: Vault, outage: Outage) -> list[Event]:
    return [thread.latest for thread in list_events(vault, outage.id) if thread.stands]


def _list_people(vault: Vault, outage: Outage) -> Iterable[TrainingRecord]:
    """Everybody who did something in the drill, by name."""
    ticks = [tick.person_name for tick in action_cards.fetch_ticks(vault, outage.id).values()]
    packs, events = list_printed_packs(vault, outage), _list_standing(vault, outage)
    names = {*ticks, *(p.issued_name for p in packs), *(e.author_name for e in events)}
    for name in sorted(names):
        own_packs = [pack for pack in packs if pack.issued_name == name]
        own_events = [event for event in events if event.author_name == name]
        wards = {ward for pack in own_packs for ward in pack.wards}
        wards |= {event.ward for event in own_events}
        yield TrainingRecord(
            name, tuple(sorted(wards - {""})), ticks.count(name), len(own_packs), len(own_events)
        )
