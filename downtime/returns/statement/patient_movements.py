"""Who came and who left during an outage, by ward, as the recovered system says. Pure.

A patient was admitted in the outage when their stay began within its window, and is counted on the
ward where it began as far as that is known: an admission form says so. The recovered system keeps
only where a patient is, so any other is counted there. A discharge is counted on the last ward.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from downtime.clinical.model import Encounter, EncounterClass, Record
from downtime.reconcile.model import Item

STAYS = (
    EncounterClass.INPATIENT,
    EncounterClass.EMERGENCY,
    EncounterClass.DAYCASE,
    "",
)
"""Kinds of encounter in which a patient lies on a ward."""


def count_movements(
    encounters: Iterable[Record], since: str, until: str, began_on: Mapping[str, str]
) -> dict[str, dict[str, int]]:
    """`admitted` and `discharged` by ward, from a stored time to before another.

    `began_on` is the ward where a stay began, by the stay's id. Cancelled stays are left out.
    """
    admitted: Counter[str] = Counter()
    discharged: Counter[str] = Counter()
    for stay in encounters:
        if not isinstance(stay, Encounter) or stay.kind not in STAYS:
            continue
        if stay.status not in ("in-progress", "finished"):
            continue
        if since <= stay.started < until:
            admitted[began_on.get(stay.id, stay.ward)] += 1
        if stay.status == "finished" and since <= stay.ended < until:
            discharged[stay.ward] += 1
    return {
        "admitted": dict(sorted(admitted.items())),
        "discharged": dict(sorted(discharged.items())),
    }


def find_first_wards(items: Iterable[Item]) -> dict[str, str]:
    """The ward on which a stay of the recovered system began, as an admission form says."""
    return {
        stay: ward
        for item in items
        if item.fact.type == "Encounter" and item.fact.fields.get("event", "admit") == "admit"
        if (ward := item.fact.fields.get("ward", ""))
        for stay in item.matched_ids
    }
