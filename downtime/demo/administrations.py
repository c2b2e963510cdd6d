"""What the EPR's drug charts say was given to an inpatient, and what was not, with the reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from downtime.demo.care import list_medicines
from downtime.demo.hospital import Stay
from downtime.demo.moments import ZONE, whole_minute
from downtime.demo.randomness import random_for
from downtime.demo.tables import Medicine

Span = tuple[datetime, datetime]
"""From and until: a time in which the EPR was there to be charted in (UTC)."""

_ROUNDS = {
    "Once a day": (8,),
    "Once a day at night": (22,),
    "Once a day at 18:00": (18,),
    "Twice a day": (8, 18),
    "Three times a day": (8, 14, 22),
    "Four times a day": (8, 12, 18, 22),
}
"""Hours of the drug rounds, by the clock on the wall; a frequency without any is not charted here."""
_LATEST = timedelta(minutes=20)
"""A round takes this long."""
_NOT_GIVEN = ("Declined by patient", "Nil by mouth", "Not on the ward")
_NURSES = ("Blessing Eze", "Jun Santos", "Priya Nair")


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose as charted; `reason` says why it was not given, and is empty when it was."""

    medicine: Medicine
    when: datetime
    by: str
    reason: str = ""


def list_doses(stay: Stay, seed: int, charted: Sequence[Span]) -> Iterator[Dose]:
    """The doses of the drug rounds within these spans, from the admission on."""
    for medicine in list_medicines(stay, seed):
        hours = _ROUNDS.get(medicine.frequency, ()) if medicine.category == "regular" else ()
        for when in _rounds(hours, charted):
            if when > stay.admitted + timedelta(hours=2):
                yield _charted(stay, seed, medicine, when)


def _rounds(hours: Sequence[int], charted: Sequence[Span]) -> Iterator[datetime]:
    for since, until in charted:
        first, last = since.astimezone(ZONE).date(), until.astimezone(ZONE).date()
        for days in range((last - first).days + 1):
            for hour in hours:
                when = datetime.combine(first + timedelta(days=days), time(hour), ZONE)
                if since <= when <= until - _LATEST:
                    yield when


def _charted(stay: Stay, seed: int, medicine: Medicine, when: datetime) -> Dose:
    dice = random_for(seed, "dose", stay.visit, medicine.name, when.isoformat())
    nurse, refused = dice.choice(_NURSES), dice.random() < 0.06
    delay = _LATEST * dice.random()
    return Dose(
        medicine,
        whole_minute(when + delay),
        nurse,
        dice.choice(_NOT_GIVEN) if refused else "",
    )
