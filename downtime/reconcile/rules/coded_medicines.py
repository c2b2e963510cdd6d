"""When a medicine on paper and a dose in a system are one by their codes, whatever each is called. Pure.

Paper has no codes: a name on paper has those which all of the patient's coded records of that name
share, and by them two names on two papers are one medicine too. A code may stand for an ingredient only, or for several, so names that say another strength or way
of giving it, or of which the tables know another ingredient, are never one by it. Another code parts nobody: a brand and what it is made of have two.
"""

from collections.abc import Callable, Collection, Iterable
from functools import reduce

from downtime.clinical.medicine_codes import MedicineCode, read_codes
from downtime.clinical.medicine_names import (
    are_given_apart,
    are_known_apart,
    is_of_one_strength,
)
from downtime.clinical.model import MedicationAdministration, MedicationRequest
from downtime.reconcile.rules.verdict import ComparisonContext, fold_text

_CACHE = "codes of medicines"

FindCodes = Callable[[str, str], frozenset[MedicineCode]]
"""The codes that a name on paper has for the patient of an id."""


def find_no_codes(name: str, patient: str) -> frozenset[MedicineCode]:
    """Where no system's records are at hand, no name has a code."""
    return frozenset()


def is_same_name(name: str, other: str) -> bool:
    """Whether two texts are one name, but for case, accents and signs."""
    return fold_text(name) == fold_text(other)


def find_codes(name: str, patient: str, context: ComparisonContext) -> frozenset[MedicineCode]:
    """The codes that a name on paper has for the patient of an id; none where their records disagree."""
    key = (_CACHE, patient)
    if key not in context.cache:
        context.cache[key] = _read_codes_by_name(patient, context)
    codes: dict[str, frozenset[MedicineCode]] = context.cache[key]
    return codes.get(fold_text(name), frozenset())


def _read_codes_by_name(
    patient: str, context: ComparisonContext
) -> dict[str, frozenset[MedicineCode]]:
    by_name: dict[str, list[frozenset[MedicineCode]]] = {}
    records: Iterable[MedicationRequest | MedicationAdministration] = (
        *context.after.records_of(MedicationRequest, patient),
        *context.after.records_of(MedicationAdministration, patient),
    )
    for record in records:
        if codes := read_codes(record.codes, record.source):
            by_name.setdefault(fold_text(record.medicine), []).append(codes)
    return {name: reduce(frozenset.intersection, sets) for name, sets in by_name.items()}


def shares_code(codes: Collection[MedicineCode], live: MedicationAdministration) -> bool:
    """Whether a dose has one of these codes."""
    return not read_codes(live.codes, live.source).isdisjoint(codes)


def is_same_by_code(
    name: str,
    codes: Collection[MedicineCode],
    live: MedicationAdministration,
    own_names: Iterable[tuple[str, str]] = (),
) -> bool:
    """Whether a dose has one of these codes, and its name contradicts in no ingredient, strength or way."""
    return shares_code(codes, live) and not contradicts(name, live.medicine, own_names)


def contradicts(name: str, other: str, own_names: Iterable[tuple[str, str]] = ()) -> bool:
    """Whether two names say another ingredient, strength or way of giving it, whatever their codes say."""
    return (
        are_known_apart(name, other, own_names)
        or not is_of_one_strength(name, other)
        or are_given_apart(name, other)
    )
