"""What was asked of the laboratory and of radiology, and how far each request has come."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random

from downtime.demo.hospital import Hospital, Stay, build_hospital
from downtime.demo.laboratory_values import Subject
from downtime.demo.people import Person
from downtime.demo.randomness import random_for
from downtime.demo.special_cases import LABORATORY_ONLY
from downtime.demo.story_patients import choose_story_patients
from downtime.demo.tables import PANELS, REASONS, SCANS

TOTAL = {"small": 420, "large": 20_000}
_DAYS_BACK = 5
_CULTURES = ("BC", "UMCS")


@dataclass(frozen=True, slots=True)
class Request:
    """One test of one sample, or one examination; times are when it happens, past or to come."""

    number: int
    group: int
    """Requests made together, on one sample."""
    person: Person
    stay: Stay | None
    code: str
    ordered: datetime
    priority: str
    """`S`, `A` or `R` (HL7 table 0027)."""
    collected: datetime | None = None
    """Sample taken, or examination done."""
    received: datetime | None = None
    resulted: datetime | None = None
    cancelled: datetime | None = None
    registered: bool = False
    """Made in the laboratory from paper: it has no number of the ordering system."""
    case: str = ""

    @property
    def is_scan(self) -> bool:
        return self.code in SCANS

    @property
    def section(self) -> str:
        """Diagnostic service, HL7 table 0074."""
        return SCANS[self.code].section if self.is_scan else PANELS[self.code].section

    @property
    def name(self) -> str:
        return SCANS[self.code].name if self.is_scan else PANELS[self.code].name

    @property
    def placer(self) -> str:
        """Number of the ordering system."""
        return "" if self.registered else f"{4_000_000 + self.number}"

    @property
    def filler(self) -> str:
        """Laboratory or examination number; tests of one section on one sample share it."""
        if self.is_scan:
            return f"RIS{1_000_000 + self.number}"
        return f"26{self.section[0]}{100_000 + self.group}"

    def subject(self, today: datetime) -> Subject:
        """Whose values the result holds."""
        reason = self.stay.reason if self.stay else ""
        return Subject(self.person.mrn, self.person.gender, self.person.age(today.date()), reason)


def list_requests(hospital: Hospital) -> tuple[Request, ...]:
    """All requests of the last five days, in the order in which they were made."""
    return _requests(hospital.size, hospital.seed, hospital.now)


@lru_cache(maxsize=2)
def _requests(size: str, seed: int, now: datetime) -> tuple[Request, ...]:
    hospital = build_hospital(size, seed, now)
    stays = [stay for stay in (*hospital.stays, *hospital.ended_stays) if stay.case not in _WITHOUT]
    history: list[Request] = []
    players = {stay.visit for stay in choose_story_patients(hospital).inpatients.values()}
    players.add(hospital.case("duplicate-record").visit)
    for stay, quota in zip(stays, _quotas(stays, TOTAL[size], now), strict=True):
        end = stay.ended or now
        end = stay.admitted + (end - stay.admitted) / 2 if stay.visit in players else end
        history.extend(_of_stay(stay, quota, seed, end))
    history.extend(_special(hospital))
    history.sort(key=lambda r: (r.ordered, r.person.mrn, r.group))
    groups = {group: n for n, group in enumerate(dict.fromkeys(r.group for r in history), 1)}
    return tuple(replace(r, number=n, group=groups[r.group]) for n, r in enumerate(history, 1))


_WITHOUT = frozenset({"cancelled-admission", "latin-1"})
"""Cases whose requests are none, or written by hand."""


def _quotas(stays: list[Stay], total: int, now: datetime) -> list[int]:
    """How many requests each stay gets: more the longer it lasts, `total` together."""
    weights = [min(_hours(stay, now), 24 * _DAYS_BACK) + 12 for stay in stays]
    whole, done, allotted = sum(weights), 0.0, 0
    quotas = []
    for weight in weights:
        done += weight
        quotas.append(round(total * done / whole) - allotted)
        allotted += quotas[-1]
    return quotas


def _hours(stay: Stay, now: datetime) -> float:
    return ((stay.ended or now) - stay.admitted).total_seconds() / 3600


def _of_stay(stay: Stay, quota: int, seed: int, end: datetime) -> Iterator[Request]:
    """The requests of a stay up to `end`: players of the story have nothing open but its own."""
    dice = random_for(seed, "requests", stay.visit)
    reason = REASONS[stay.reason]
    scans = list(reason.scans)
    cultured = 0
    group = int(stay.visit[1:]) * 1000
    while quota > 0:
        group += 1
        when = _when(dice, stay, end)
        bloods = [code for code in reason.panels if code not in _CULTURES]
        codes = dice.sample(bloods, min(len(bloods), dice.randint(2, 4)))
        cultures = [code for code in reason.panels if code in _CULTURES]
        if cultures and cultured < 2 and dice.random() < 0.3:
            codes.append(dice.choice(cultures))
            cultured += 1
        yield from _sample(dice, stay, codes[:quota], when, group)
        quota -= len(codes[:quota])
        if scans and quota > 0 and dice.random() < 0.4:
            group += 1
            quota -= 1
            yield _scan(dice, stay, scans.pop(0), when, group)


def _when(dice: Random, stay: Stay, end: datetime) -> datetime:
    """Some in the last hours; most at any time of the stay, early morning above all."""
    start = max(stay.admitted, end - timedelta(days=_DAYS_BACK)) + timedelta(minutes=12)
    span = max((end - start).total_seconds() / 60 - 6, 1)
    if dice.random() < 0.2:
        return end - timedelta(minutes=6 + int(dice.uniform(0, min(span, 300))))
    when = start + timedelta(minutes=int(dice.uniform(0, span)))
    morning = when.replace(hour=6, minute=dice.randint(10, 59))
    return morning if dice.random() < 0.5 and start < morning < end else when


def _sample(
    dice: Random, stay: Stay, codes: list[str], ordered: datetime, group: int
) -> Iterator[Request]:
    """The tests of one visit to the patient; a few are never taken, a few are cancelled."""
    fate = dice.random()
    collected = ordered + timedelta(minutes=dice.randint(4, 50))
    received = collected + timedelta(minutes=dice.randint(12, 55))
    priority = dice.choices("RAS", (60, 25, 15))[0]
    for code in codes:
        quickest, slowest = PANELS[code].hours
        hours = dice.uniform(quickest, slowest)
        yield Request(
            number=0,
            group=group,
            person=stay.person,
            stay=stay,
            code=code,
            ordered=ordered,
            priority=priority,
            collected=None if fate < 0.04 else collected,
            received=None if fate < 0.055 else received,
            resulted=None if fate < 0.07 else received + timedelta(minutes=int(hours * 60)),
            cancelled=ordered + timedelta(minutes=55) if fate < 0.02 else None,
        )


def _scan(dice: Random, stay: Stay, code: str, ordered: datetime, group: int) -> Request:
    quickest, slowest = SCANS[code].hours
    done = ordered + timedelta(minutes=int(60 * dice.uniform(quickest, slowest)))
    reported = done + timedelta(minutes=dice.randint(25, 400))
    return Request(
        number=0,
        group=group,
        person=stay.person,
        stay=stay,
        code=code,
        ordered=ordered,
        priority=dice.choice("RRAS"),
        collected=done,
        received=done,
        resulted=reported,
    )


def _special(hospital: Hospital) -> Iterator[Request]:
    """Requests that the unhappy cases and the outage's story need."""
    now = hospital.now
    amended = hospital.case("amended-result")
    yield _make_request(
        amended.person, amended, "UE", now - timedelta(hours=6), 1, case="amended-result"
    )
    latin = hospital.case("latin-1")
    yield _make_request(latin.person, latin, "FBC", now - timedelta(hours=4), 2, case="latin-1")
    outside = LABORATORY_ONLY.person(hospital.seed, now.date())
    for code in ("FBC", "TFT"):
        request = _make_request(
            outside, None, code, now - timedelta(hours=3), 3, case="laboratory-only"
        )
        yield replace(request, registered=True)
    boarded = hospital.case("boarded")
    filmed = _make_request(boarded.person, boarded, "XCHES", now - timedelta(hours=3), 4, case="")
    yield replace(filmed, resulted=now - timedelta(minutes=14))
    players = choose_story_patients(hospital).inpatients
    for number, (role, code) in enumerate(AWAITED.items(), 5):
        stay, ordered = players[role], now - timedelta(minutes=55)
        request = _make_request(stay.person, stay, code, ordered, number, case=role)
        yield replace(request, resulted=now + timedelta(minutes=40 + 10 * number))


AWAITED = {"phoned-same": "UE", "phoned-different": "FBC", "phoned-only": "TROP"}
"""Tests that the laboratory holds when the systems fail, and whose results it telephones."""


def _make_request(
    person: Person, stay: Stay | None, code: str, ordered: datetime, number: int, case: str
) -> Request:
    quickest, _ = SCANS[code].hours if code in SCANS else PANELS[code].hours
    received = ordered + timedelta(minutes=35)
    return Request(
        number=0,
        group=number,
        person=person,
        stay=stay,
        code=code,
        ordered=ordered,
        priority="A",
        collected=ordered + timedelta(minutes=8),
        received=received,
        resulted=received + timedelta(minutes=int(quickest * 60)),
        case=case,
    )
