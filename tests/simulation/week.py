"""A week in which the wards record on their screens, simulated, and its statement laid beside what truly happened.

Every evening each laptop seals what it holds. Some of these bundles are lost, some come days late, some twice,
and none in its order; one laptop is stolen in the middle, one is never found again. What the records station
must have is what was in the bundles that reached it, each event once and as it was said last.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from downtime import config
from downtime.demo.feeds import write_feeds
from downtime.demo.randomness import random_for
from downtime.demo.settings import settings_text
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.outage import outages
from downtime.outage.events.hospital_now import HospitalNow
from downtime.outage.events.kinds import EVENT_ROWS
from downtime.outage.events.list_events import list_events
from downtime.outage.events.model import EventKind
from downtime.returns.statement import completeness_statement
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.sync import excuse_laptop
from tests.integration.sync.fleet import SETTINGS, Machine
from tests.simulation import machines
from tests.simulation.model import MonthClock, Say
from tests.simulation.week_events import TrueEvent, Ward, WardTruth
from tests.site import enrol_all

DAYS = 7
STOLEN_ON = 4
"""The day after which one laptop is gone."""
SYSTEM = "PAS"
Pair = tuple[str, Any, Any]
"""A number's name, what is stated of it, and what it was."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a laptop sealed one evening, and what was true of its ward then."""

    code: str
    number: int
    data: bytes
    truth: WardTruth


@dataclass(frozen=True, slots=True)
class Result:
    """What was compared, and every difference."""

    numbers: int
    differences: tuple[str, ...]
    bundles: Counter[str]
    """How many were lost, late, doubled, and in time."""
    recorded: int
    """Events that were recorded on any laptop."""
    events: int
    """Those of them that reached the station."""
    facts: dict[str, Any]
    truth: list[WardTruth]


@dataclass(slots=True)
class Week:
    """A week while it passes."""

    seed: int
    clock: MonthClock
    begin: datetime
    station: Machine
    wards: list[Ward]
    say: Say
    arriving: dict[int, list[Bundle]] = field(default_factory=dict)
    """By the day on which they reach the station."""
    newest: dict[str, Bundle] = field(default_factory=dict)
    """By laptop, the latest of those that reached it."""
    bundles: Counter[str] = field(default_factory=Counter)

    def dice(self, *question: object) -> Random:
        """Chance that is the same for the same seed and question."""
        return random_for(self.seed, "week", *question)

    @property
    def stolen(self) -> Ward:
        """The laptop that is gone after some days."""
        return self.wards[-2]

    @property
    def never(self) -> Ward:
        """The laptop that hands nothing over."""
        return self.wards[-1]


def simulate(
    folder: Path, *, laptops: int, events: int, seed: int, clock: Callable[[], datetime], say: Say,
    with_hospital: bool = True,
) -> Result:  # fmt: skip
    """Live through a week in `folder` with three laptops or more; `with_hospital`: over a snapshot of it."""
    begin = clock().replace(second=0, microsecond=0) - timedelta(days=DAYS, hours=6)
    ticking = MonthClock(begin)
    with ExitStack() as stack:
        fleet = [
            Machine(folder / code, code, ticking)
            for code in ("RA", *(machines.code(number) for number in range(laptops)))
        ]
        for machine in fleet:
            stack.callback(machine.vault.close)
        site = enrol_all(*(machine.vault for machine in fleet))
        settings, snapshot = SETTINGS, None
        if with_hospital:
            publisher = Machine(folder / "PA", "PA", ticking)
            stack.callback(publisher.vault.close)
            site.enrol(publisher.vault)
            settings, snapshot = _build_hospital(folder, publisher, seed)
            stack.enter_context(closing(snapshot))
        station, *others = fleet
        wards = [
            Ward(machine, settings, random_for(seed, "ward", machine.code), snapshot)
            for machine in others
        ]
        return _live(Week(seed, ticking, begin, station, wards, say), events)


def _build_hospital(folder: Path, publisher: Machine, seed: int) -> tuple[Settings, Snapshot]:
    """The demonstration hospital as it was when its system failed."""
    file, feeds = folder / "config.toml", folder / "feeds"
    file.write_text(settings_text("small"))
    settings = config.load_settings(file)
    write_feeds(feeds, "small", seed, "before", publisher.clock.now)
    built = publish_snapshot(publisher.vault, settings, [feeds], folder / "out", publisher.clerk)
    receive_snapshot(publisher.vault, settings, built.require_bundle(), publisher.clerk)
    return settings, local_snapshots.open_current_snapshot(publisher.vault)


def _live(week: Week, events: int) -> Result:
    for machine in (week.station, *(ward.machine for ward in week.wards)):
        machine.declare(SYSTEM)
    for day in range(1, DAYS + 1):
        _pass_day(week, day, events // DAYS)
        _deliver(week, day)
        week.say(f"day {day}: {sum(len(w.truth.events) for w in week.wards)} events recorded")
    _end(week)
    outage = outages.find_current(week.station.vault)
    statement = completeness_statement.gather_statement(week.station.vault, SETTINGS, outage.id)
    truth = [bundle.truth for bundle in week.newest.values()]
    pairs = list(_list_pairs(week, statement.facts, truth))
    return Result(
        len(pairs),
        tuple(f"{name}: stated {stated}, it was {was}" for name, stated, was in pairs if stated != was),
        week.bundles,
        sum(len(ward.truth.events) for ward in week.wards),
        sum(len(one.events) for one in truth),
        statement.facts,
        truth,
    )  # fmt: skip


def _pass_day(week: Week, day: int, events: int) -> None:
    """Things happen on all wards, then each laptop seals what it holds."""
    dice = week.dice("day", day)
    working = [ward for ward in week.wards if ward is not week.stolen or day <= STOLEN_ON]
    step = timedelta(days=1) / (events + 1)
    for _ in range(events):
        week.clock.now += step
        dice.choice(working).record_something()
    week.clock.now = week.begin + timedelta(days=day)
    for ward in working:
        if ward is not week.never:
            _seal(week, ward, day)


def _seal(week: Week, ward: Ward, day: int) -> None:
    """One evening's bundle: one in six is lost, one in four comes late, one in six twice."""
    data = ward.machine.export(week.station).data
    bundle = Bundle(ward.machine.code, day, data, ward.truth.copy())
    fate = week.dice("bundle", ward.machine.code, day).randrange(12)
    late = day + 1 + fate % 3
    arrivals = {0: (), 1: (), 2: (late,), 3: (late,), 4: (late,), 5: (day, late), 6: (day, day)}
    names = ("lost", "lost", "late", "late", "late", "twice", "twice")
    week.bundles[names[fate] if fate < len(names) else "in time"] += 1
    for at in arrivals.get(fate, (day,)):
        week.arriving.setdefault(at, []).append(bundle)


def _deliver(week: Week, day: int) -> None:
    """What reaches the station on a day, in any order."""
    arrived = week.arriving.pop(day, [])
    week.dice("order", day).shuffle(arrived)
    for bundle in arrived:
        week.station.merge(bundle.data)
        known = week.newest.get(bundle.code)
        if known is None or known.number < bundle.number:
            week.newest[bundle.code] = bundle


def _end(week: Week) -> None:
    """The system is back; who is still there hands over, late ones come, and two are excused."""
    week.clock.now += timedelta(hours=1)
    reporting = [ward for ward in week.wards if ward not in (week.stolen, week.never)]
    for machine in (week.station, *(ward.machine for ward in reporting)):
        outages.mark_restored(machine.vault, [SYSTEM], machine.clerk, "Restored")
    week.clock.now += timedelta(hours=1)
    for ward in reporting:
        data = ward.machine.export(week.station).data
        last = Bundle(ward.machine.code, DAYS + 1, data, ward.truth.copy())
        week.arriving.setdefault(DAYS + 1, []).append(last)
    for day in sorted(week.arriving):
        _deliver(week, day)
    for gone in (week.stolen, week.never):
        excuse_laptop.excuse_laptop(
            week.station.vault, gone.machine.code, week.station.clerk, "It is gone"
        )


def _list_pairs(week: Week, facts: dict[str, Any], truth: list[WardTruth]) -> Iterator[Pair]:
    events = {root: event for one in truth for root, event in one.events.items()}
    yield from _count_pairs(facts, events)
    yield from _event_pairs(week, events)
    yield from _place_pairs(week, truth)
    stated = {row["device"]: row["state"] for row in facts["laptops"]}
    for ward in week.wards:
        code = ward.machine.code
        yield f"laptop {code}", stated.get(code), "reported" if code in week.newest else "never"


def _count_pairs(facts: dict[str, Any], events: dict[str, TrueEvent]) -> Iterator[Pair]:
    """Every number that the statement says of events."""
    stated, all_events = facts["events"], list(events.values())
    kinds = Counter(EVENT_ROWS[event.kind].title for event in all_events)
    corrected = sum(event.versions > 1 and not event.is_withdrawn for event in all_events)
    yield "recorded", stated["recorded"], len(events)
    yield "corrected", stated["corrected"], corrected
    yield "withdrawn", stated["withdrawn"], sum(event.is_withdrawn for event in all_events)
    for title in sorted(kinds.keys() | stated["kinds"].keys()):
        yield title, stated["kinds"].get(title, 0), kinds[title]
    results = [e for e in all_events if e.kind == EventKind.RESULT and e.is_fact]
    units = [e for e in all_events if e.kind == EventKind.BLOOD_ISSUE and e.is_fact]
    was_open = {
        "result-not-read-back": sum(not event.is_read_back for event in results),
        "unit-without-fate": sum(not event.follow_ups for event in units),
        "event-not-compared": sum(event.is_fact for event in all_events),
    }
    stated_open = Counter({line["kind"]: len(line["names"]) for line in facts["open"]})
    for kind, number in was_open.items():
        yield kind, stated_open[kind], number


def _event_pairs(week: Week, events: dict[str, TrueEvent]) -> Iterator[Pair]:
    """Each event once, as it was said last and by whom; none beside them."""
    threads = {thread.root: thread for thread in list_events(week.station.vault)}
    yield "ids of events", sorted(threads), sorted(events)
    for root in threads.keys() & events.keys():
        latest, event = threads[root].latest, events[root]
        typed = {name: latest.answers.get(name) for name in event.answers}
        stated = (
            len(threads[root].versions),
            latest.is_withdrawn,
            latest.author_name,
            latest.happened,
        )
        was = (event.versions, event.is_withdrawn, event.author, event.happened)
        yield f"event {root}", (*stated, typed), (*was, event.answers)


def _place_pairs(week: Week, truth: list[WardTruth]) -> Iterator[Pair]:
    """Where everybody is whom staff registered or moved."""
    snapshot = week.wards[0].snapshot
    hospital = HospitalNow(week.station.vault, snapshot)
    for one in truth:
        for patient, place in one.places.items():
            stay = hospital.find_stay(patient)
            yield f"place of {patient}", (stay.ward, stay.bed) if stay else None, place
