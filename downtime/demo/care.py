"""What the EPR holds of an inpatient: allergies, alerts and medicines that fit each other."""

from collections.abc import Iterator

from downtime.demo.hospital import Stay
from downtime.demo.randomness import random_for
from downtime.demo.tables import ALERTS, ALLERGIES, MEDICINE_SETS, REASONS, Allergy, Medicine

NONE_KNOWN = Allergy("No known allergies", "", "716186003", ())
"""SNOMED CT 716186003 |No known allergy (situation)|: a statement, not a missing one."""


def list_allergies(stay: Stay, seed: int) -> tuple[tuple[Allergy, str], ...]:
    """Allergies with their reaction; none at all where nobody has recorded anything."""
    dice = random_for(seed, "allergies", stay.person.mrn)
    if stay.case == "many-allergies":
        return tuple((allergy, allergy.reactions[0]) for allergy in ALLERGIES)
    if stay.case in ("allergies-not-recorded", "unknown"):
        return ()
    fate = dice.random()
    if stay.case == "allergies-none-known" or fate < 0.55:
        return ((NONE_KNOWN, ""),)
    if fate < 0.68:
        return ()
    chosen = dice.sample(ALLERGIES, dice.choices((1, 2, 3), (70, 22, 8))[0])
    return tuple((allergy, dice.choice(allergy.reactions)) for allergy in chosen)


def list_medicines(stay: Stay, seed: int) -> list[Medicine]:
    """What is prescribed, nothing of a family to which an allergy is recorded."""
    dice = random_for(seed, "medicines", stay.person.mrn)
    barred = {allergy.family for allergy, _ in list_allergies(stay, seed) if allergy.family}
    sets = [] if stay.kind in ("children", "neonatal") else ["common"]
    prescribed: dict[str, Medicine] = {}
    for name in (*sets, *REASONS[stay.reason].medicines):
        for medicine in MEDICINE_SETS[name]:
            if medicine.family not in barred and dice.random() < 0.8:
                prescribed[medicine.name] = medicine
    return list(prescribed.values())


def list_alerts(stay: Stay, seed: int) -> Iterator[tuple[str, str]]:
    """Category and words of each alert."""
    for category, text, share, kinds in ALERTS:
        dice = random_for(seed, "alert", stay.person.mrn, category)
        if (not kinds or stay.kind in kinds) and dice.random() < share:
            yield category, text
