"""Who came and who left during an outage, by ward, as the recovered system says. Pure."""

from collections import Counter
from collections.abc import Iterable

from downtime.clinical.records import Encounter, Record

STAYS = ("inpatient", "emergency", "daycase", "")
"""Kinds of encounter in which a patient lies on a ward."""


def movements(encounters: Iterable[Record], since: str) -> dict[str, dict[str, int]]:
    """`admitted` and `discharged` since a stored time, each by ward; cancelled stays are left out."""
    admitted: Counter[str] = Counter()
    discharged: Counter[str] = Counter()
    for stay in encounters:
        if not isinstance(stay, Encounter) or stay.kind not in STAYS:
            continue
        if stay.status not in ("in-progress", "finished"):
            continue
        if stay.started >= since:
            admitted[stay.ward] += 1
        if stay.status == "finished" and stay.ended >= since:
            discharged[stay.ward] += 1
    return {
        "admitted": dict(sorted(admitted.items())),
        "discharged": dict(sorted(discharged.items())),
    }
