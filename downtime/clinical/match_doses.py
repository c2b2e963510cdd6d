"""Which prescription a recorded dose belongs to, and of which it may be under another name. Pure.

A dose belongs to the prescription with which it shares a code, unless both names contradict each other
in ingredient, strength or way of giving, else to the one of the same words; never to one that is given by
another route, nor to a single dose that was ordered after it. Where these name several
prescriptions it is certain of none. What belongs to none that is active may have been one of them: a
brand, another strength, another salt. Such a dose settles nothing, so that no medicine is hidden by a
guess; it is said beside the prescription, so that nobody gives it again unasked. So is, for a day, a dose
that is certain of another prescription of the same ingredient: as required beside regular, by vein beside
by mouth.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, StrEnum
from functools import lru_cache
from typing import NamedTuple

from downtime.clinical.medicine_codes import MedicineCode, read_codes
from downtime.clinical.medicine_names import (
    are_alike,
    are_given_apart,
    are_known_apart,
    is_blood,
    is_of_one_strength,
    read_medicine,
)
from downtime.clinical.model import (
    AdministrationStatus,
    MedicationAdministration,
    MedicationRequest,
    MedicationRequestCategory,
    MedicationRequestStatus,
)
from downtime.clock import from_text, to_text

OwnNames = Iterable[tuple[str, str]]
OVER = frozenset(MedicationRequestStatus) - {MedicationRequestStatus.ACTIVE}
"""Statuses of what is not to be given now; one that no standard names is none of them."""
NOT_ON_WARD = (MedicationRequestCategory.DISCHARGE, MedicationRequestCategory.COMMUNITY)
"""Medicines that a ward does not give: given there they would be given twice."""
_OF_ONE_ROUND = timedelta(hours=1)
"""A dose of an unknown name beside a known one was another medicine of the same drug round."""


class Uncertainty(StrEnum):
    """Why a dose is certain of no prescription that a ward gives, in words."""

    UNPRESCRIBED = "belongs to no prescription here"
    NOT_ACTIVE = "belongs to a prescription that is not active"
    SEVERAL = "belongs to one of several prescriptions here"
    ANOTHER = "belongs to another prescription of the same medicine"


class PossibleDose(NamedTuple):
    """A dose that may have been given of a prescription."""

    dose: MedicationAdministration
    reason: Uncertainty


@dataclass(slots=True)
class PrescribedDoses:
    """A prescription with the doses that belong to it, earliest first, and those that may."""

    medicine: MedicationRequest
    certain: list[MedicationAdministration] = field(default_factory=list)
    possible: list[PossibleDose] = field(default_factory=list)

    @property
    def is_given_here(self) -> bool:
        """Whether a ward gives it now."""
        return self.medicine.status not in OVER and self.medicine.category not in NOT_ON_WARD

    @property
    def last_taken(self) -> MedicationAdministration | None:
        """The last dose that was given."""
        taken = [d for d in self.certain if d.status != AdministrationStatus.NOT_GIVEN]
        return max(taken, key=lambda dose: dose.given, default=None)

    @property
    def last_given(self) -> str:
        """When that was; empty where none was."""
        return self.last_taken.given if self.last_taken else ""

    def is_later_order(self, dose: MedicationAdministration) -> bool:
        """Whether it is one dose that was ordered after this one: a second stat dose is still to be given."""
        medicine = self.medicine
        is_once = medicine.category == MedicationRequestCategory.ONCE_ONLY
        is_timed = "T" in medicine.authored and "T" in dose.given
        return is_once and is_timed and from_text(dose.given) < from_text(medicine.authored)

    def add_possible(self, possible: PossibleDose) -> None:
        """In the place of an older one of that name."""
        name = _fold(possible.dose.medicine)
        others = [other for other in self.possible if _fold(other.dose.medicine) != name]
        self.possible = [*others, possible]


class MatchedDoses(NamedTuple):
    """The doses of a patient by prescription, in the order of these, and those of none of them."""

    rows: Sequence[PrescribedDoses]
    unprescribed: Sequence[MedicationAdministration]
    """The last of each name, the earliest first."""


def match_doses(
    medicines: Iterable[MedicationRequest],
    doses: Iterable[MedicationAdministration],
    until: str,
    own_names: OwnNames = (),
) -> MatchedDoses:
    """Every dose with its prescription; of those in doubt the newest of each name, after the last certain one.

    `until` is when the doses were read (UTC): one of a name that resembles nothing is believed to be of
    any prescription for a day. `own_names` are the site's names of medicines, each with its ingredients.
    """
    names = tuple(own_names)
    rows = [PrescribedDoses(medicine) for medicine in medicines]
    index = _Index(rows, names)
    active = [row for row in rows if row.is_given_here]
    uncertain: list[tuple[PossibleDose, list[PrescribedDoses]]] = []
    unprescribed: dict[str, MedicationAdministration] = {}
    for dose in sorted(doses, key=lambda dose: dose.given):
        matches = [row for row in index.find_rows(dose) if not row.is_later_order(dose)]
        live = [row for row in matches if row.is_given_here]
        is_given = dose.status != AdministrationStatus.NOT_GIVEN
        if not matches:
            name = _fold(dose.medicine)
            unprescribed.pop(name, None)
            unprescribed[name] = dose
        if is_given and len(live) > 1:
            uncertain.append((PossibleDose(dose, Uncertainty.SEVERAL), live))
            continue
        for row in matches:
            row.certain.append(dose)
        if is_given and live:
            others = [row for row in active if row is not live[0]]
            uncertain.append((PossibleDose(dose, Uncertainty.ANOTHER), others))
        if is_given and not live:
            reason = Uncertainty.NOT_ACTIVE if matches else Uncertainty.UNPRESCRIBED
            uncertain.append((PossibleDose(dose, reason), active))
    day_ago = to_text(from_text(until) - timedelta(days=1))
    for possible, candidates in uncertain:
        for row in _list_possible(possible, candidates, day_ago, names):
            row.add_possible(possible)
    return MatchedDoses(rows, list(unprescribed.values()))


class _Index:
    """Prescriptions by code and by name."""

    def __init__(self, rows: Iterable[PrescribedDoses], names: tuple[tuple[str, str], ...]) -> None:
        self._names = names
        self._by_code: dict[MedicineCode, list[PrescribedDoses]] = {}
        self._by_name: dict[str, list[PrescribedDoses]] = {}
        for row in rows:
            medicine = row.medicine
            for code in read_codes(medicine.codes, medicine.source):
                self._by_code.setdefault(code, []).append(row)
            self._by_name.setdefault(_fold(medicine.medicine), []).append(row)

    def find_rows(self, dose: MedicationAdministration) -> list[PrescribedDoses]:
        """Those that it may belong to by code and by name; by both, where some are of both."""
        codes = read_codes(dose.codes, dose.source)
        coded = [row for code in codes for row in self._by_code.get(code, ())]
        by_code = _unique(
            row
            for row in coded
            if not _are_apart(dose.medicine, row.medicine.medicine, self._names)
        )
        by_name = self._by_name.get(_fold(dose.medicine), [])
        by_code, by_name = (
            [row for row in rows if not _is_given_apart(dose, row.medicine)]
            for rows in (by_code, by_name)
        )
        return [row for row in by_code if row in by_name] or _unique([*by_code, *by_name])


@lru_cache(maxsize=8192)
def _are_apart(name: str, other: str, names: tuple[tuple[str, str], ...]) -> bool:
    """Whether two names contradict each other, so that a code which both have is one of several medicines."""
    return name != other and (
        are_known_apart(name, other, names)
        or not is_of_one_strength(name, other)
        or are_given_apart(name, other)
    )


def _unique(rows: Iterable[PrescribedDoses]) -> list[PrescribedDoses]:
    return list({id(row): row for row in rows}.values())


def _list_possible(
    possible: PossibleDose,
    candidates: Sequence[PrescribedDoses],
    day_ago: str,
    names: tuple[tuple[str, str], ...],
) -> list[PrescribedDoses]:
    """Of which a dose may have been given that is certain of none: those alike, else any of that day."""
    dose = possible.dose
    is_recent = not dose.given or dose.given >= day_ago
    if possible.reason == Uncertainty.ANOTHER and not is_recent:
        return []
    likeness = {id(row): _compare(dose, row.medicine, names) for row in candidates}
    is_another = possible.reason == Uncertainty.ANOTHER
    enough = (_Likeness.SAME,) if is_another else (_Likeness.SAME, _Likeness.SHARED)
    similar = [
        row
        for row in candidates
        if possible.reason == Uncertainty.SEVERAL or likeness[id(row)] in enough
    ]
    later = [row for row in similar if _is_after(dose.given, row.last_given)]
    is_known = _Likeness.SAME in likeness.values()
    is_unprescribed = possible.reason == Uncertainty.UNPRESCRIBED
    if not is_unprescribed or is_known or is_blood(dose.medicine) or not is_recent:
        return later
    others = (row for row in candidates if row not in similar)
    return [*later, *(row for row in others if _may_be(dose, row, names))]


def _may_be(
    dose: MedicationAdministration, row: PrescribedDoses, names: tuple[tuple[str, str], ...]
) -> bool:
    """Whether nothing says that a dose of a name that resembles no other was not of this prescription."""
    return (
        not are_known_apart(dose.medicine, row.medicine.medicine, names)
        and not _is_given_apart(dose, row.medicine)
        and _is_after(dose.given, row.last_given, _OF_ONE_ROUND)
    )


class _Likeness(Enum):
    """How two names resemble each other."""

    NONE = 0
    SHARED = 1
    """One word is in both: an ingredient, or a maker."""
    SAME = 2
    """One code, or all ingredients of the one are in the other."""


def _compare(
    dose: MedicationAdministration, medicine: MedicationRequest, names: tuple[tuple[str, str], ...]
) -> _Likeness:
    """Whatever strength or salt they name and however they are given."""
    codes = read_codes(dose.codes, dose.source)
    if not codes.isdisjoint(read_codes(medicine.codes, medicine.source)):
        return _Likeness.SAME
    first, second = (read_medicine(record.medicine, names) for record in (dose, medicine))
    shared = first.ingredients & second.ingredients
    if are_alike(first, second) or (shared and shared in (first.ingredients, second.ingredients)):
        return _Likeness.SAME
    return _Likeness.SHARED if shared else _Likeness.NONE


def _is_given_apart(dose: MedicationAdministration, medicine: MedicationRequest) -> bool:
    """Whether names and routes say that they are given in different ways."""
    return are_given_apart(_with_route(dose), _with_route(medicine))


def _with_route(record: MedicationAdministration | MedicationRequest) -> str:
    return f"{record.medicine} {record.route}"


def _is_after(moment: str, last: str, by: timedelta = timedelta()) -> bool:
    """Whether a dose came more than so much after the last one; what cannot be told is yes."""
    if not moment or not last:
        return True
    if "T" not in moment or "T" not in last:
        return moment[:10] >= last[:10]
    return from_text(moment) > from_text(last) + by


def _fold(medicine: str) -> str:
    return " ".join(medicine.casefold().split())
