"""The beds of a ward with the patients in them. Pure."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from downtime.clinical import display
from downtime.clinical.model import BedStatus, Encounter, Location, Patient
from downtime.snapshot import search_terms
from downtime.snapshot.data_quality import get_place

FREE = (BedStatus.AVAILABLE, "")
_OF_STAY = "stay-"
"""Ids of places begin so that no list of beds has: somebody was sent to lie there."""


class BedRow(NamedTuple):
    """A bed and who is in it. Two patients sent for one bed give two rows: both are shown."""

    location: Location
    patient: Patient | None
    encounter: Encounter | None
    elsewhere: tuple[Encounter, ...] = ()
    """Other stays in which the same patient is in hospital now: nobody lies in two beds."""


class WardRow(NamedTuple):
    """A ward: its patients, its beds, those that are free and not closed, those sent for several."""

    code: str
    name: str
    patients: int
    beds: int
    empty: int
    beds_with_two: int
    """Beds for which two or more patients were sent."""
    closed: int = 0
    """Beds in which nobody may lie now."""
    occupied: int = 0
    """Beds in which somebody lies: with those that are empty and closed they are all `beds`."""
    unlisted: int = 0
    """Patients who lie in none of `beds`: on a trolley, in a chair, or no bed is recorded."""


class BoardCounts(NamedTuple):
    """Who is in hospital: `admitted` is `shown` on the boards of wards and `ward_unknown` on none."""

    admitted: int
    shown: int
    ward_unknown: int
    beds_with_two: int
    """Beds for which two or more patients were sent."""
    unavailable: tuple[str, ...] = ()
    """Systems that know who is in hospital and did not say."""


Stay = tuple[Patient, Encounter]


def bed_sort_key(stay: Encounter | None) -> tuple[object, ...]:
    """Sorts stays by ward, bay and bed as people count; those without a bed come last."""
    if stay is None:
        return (1,)
    return (0, stay.ward, *_bay_and_bed_key(stay.bay, stay.bed), stay.id)


def row_sort_key(patient: Patient, stay: Encounter | None) -> tuple[object, ...]:
    """The same for patients: two in one bed stand by name, the same in every copy."""
    return (*bed_sort_key(stay)[:-1], *_name_key(patient))


def _name_key(patient: Patient) -> tuple[str, ...]:
    names = (patient.family.casefold(), patient.given.casefold())
    return (*names, patient.birth_date, patient.mrn, patient.id)


def _bay_and_bed_key(bay: str, bed: str) -> tuple[object, ...]:
    return (not bed, search_terms.bed_order(bay), search_terms.bed_order(bed))


def _normalise(text: str) -> str:
    return text.strip().casefold()


def list_elsewhere(stays: Iterable[Encounter], stay: Encounter | None) -> tuple[Encounter, ...]:
    """Those of one patient's open stays that are in another place than `stay`, each place once."""
    places = {} if stay is None else {get_place(stay): stay}
    for other in sorted(stays, key=bed_sort_key):
        places.setdefault(get_place(other), other)
    return tuple(place for place in places.values() if place is not stay)


def word_elsewhere(stays: Iterable[Encounter]) -> str:
    """`Also in B2, bay 1, bed 4: ask both wards`; empty when there is no other stay."""
    places = [
        display.format_place(stay.ward, stay.bay, stay.bed)
        or "another stay of which no ward is known"
        for stay in stays
    ]
    return f"Also in {' and in '.join(places)}: ask where the patient is" if places else ""


def arrange_beds(ward: str, listed: list[Location], stays: list[Stay]) -> list[BedRow]:
    """The beds of one ward in order.

    A stay belongs to the listed bed of the same bay and bed; when one side names no bay, to the
    only bed of that name. Any other stay gets a row of its own: nobody is left off the board.
    """
    rows: list[BedRow] = []
    taken: set[str] = set()
    for patient, stay in stays:
        location = _find_location(listed, stay)
        taken.add(location.id)
        rows.append(BedRow(location, patient, stay))
    free = (bed for bed in listed if bed.id not in taken and bed.bed)  # a ward as a whole is no bed
    rows += [BedRow(bed, None, None) for bed in free]
    return sorted(rows, key=_board_key)


def _board_key(row: BedRow) -> tuple[object, ...]:
    """By bay and bed; two patients in one bed by name, the same in every copy."""
    patient, place = row.patient or Patient(id=""), row.location
    return (*_bay_and_bed_key(place.bay, place.bed), *_name_key(patient), place.id)


def _find_location(listed: list[Location], stay: Encounter) -> Location:
    same_bed = [bed for bed in listed if stay.bed and _normalise(bed.bed) == _normalise(stay.bed)]
    exact = [bed for bed in same_bed if _normalise(bed.bay) == _normalise(stay.bay)]
    if exact:
        return exact[0]
    if len(same_bed) == 1 and not (same_bed[0].bay and stay.bay):
        return same_bed[0]
    return Location(
        id=f"{_OF_STAY}{stay.id}",
        source=stay.source,
        updated=stay.updated,
        ward=stay.ward,
        bay=stay.bay,
        bed=stay.bed,
        status=BedStatus.OCCUPIED,
    )


def count_wards(
    listed: list[Location], stays: list[Stay], second_stays: Iterable[Stay] = ()
) -> list[WardRow]:
    """Every ward with a bed or a patient, by name.

    Nobody counts twice: who has `second_stays` counts in `stays`, though no bed of theirs is empty.
    """
    seconds = list(second_stays)
    codes = {bed.ward for bed in listed} | {stay.ward for _, stay in (*stays, *seconds)}
    locations: dict[str, list[Location]] = {code: [] for code in codes}
    present: dict[str, list[Stay]] = {code: [] for code in codes}
    also_present: dict[str, list[Stay]] = {code: [] for code in codes}
    for bed in listed:
        locations[bed.ward].append(bed)
    for by_ward, pairs in ((present, stays), (also_present, seconds)):
        for patient, stay in pairs:
            by_ward[stay.ward].append((patient, stay))
    rows = [
        _count_ward(code, locations[code], present[code], also_present[code])
        for code in codes
        if code
    ]
    return sorted(rows, key=lambda row: (row.name.casefold(), row.code))


def _count_ward(
    code: str, listed: list[Location], stays: list[Stay], second_stays: list[Stay]
) -> WardRow:
    rows = arrange_beds(code, listed, [*stays, *second_stays])
    name = max((bed.ward_name for bed in listed), default="") or code
    ward = WardRow(code, name, len(stays), 0, 0, 0)
    return count_rows(ward, rows, {row.location.id for row in rows if row.location.bed})


def count_rows(ward: WardRow, rows: Sequence[BedRow], beds: Container[str]) -> WardRow:
    """The ward with the beds of its board counted; `beds` are the ids of its places that are beds."""
    of_beds = [row for row in rows if row.location.id in beds]
    places = {place_key(row.location) for row in of_beds}
    occupied = {place_key(row.location) for row in of_beds if row.patient}
    empty = {place_key(row.location) for row in of_beds if row.location.status in FREE} - occupied
    return ward._replace(
        beds=len(places),
        empty=len(empty),
        beds_with_two=len(find_beds_with_two(rows)),
        closed=len(places - occupied - empty),
        occupied=len(occupied),
        unlisted=sum(row.patient is not None and row.location.id not in beds for row in rows),
    )


def list_beds(rows: Iterable[BedRow], departed: Container[str]) -> list[Location]:
    """The beds of a board, also those of which a system says only who lies in them.

    That of one of the `departed` is free; one that a system calls closed stays closed.
    """
    listed: dict[str, Location] = {}
    unlisted: dict[tuple[str, str], Location] = {}
    for patient, place in ((row.patient, row.location) for row in rows if row.location.bed):
        if patient and patient.id in departed and place.status == BedStatus.OCCUPIED:
            place = replace(place, status=BedStatus.AVAILABLE)
        if place.id.startswith(_OF_STAY):
            unlisted.setdefault(place_key(place), replace(place, id=f"bed-of-{place.id}"))
        else:
            listed[place.id] = place
    return [*listed.values(), *unlisted.values()]


def place_key(place: Location) -> tuple[str, str]:
    """What two places have in common that are the same bed of a ward."""
    return _normalise(place.bay), _normalise(place.bed)


def count_board(wards: Iterable[WardRow], stays: Sequence[Stay]) -> BoardCounts:
    """What the boards of all wards show of everybody who is in hospital."""
    rows = list(wards)
    return BoardCounts(
        admitted=len(stays),
        shown=sum(ward.patients for ward in rows),
        ward_unknown=sum(not stay.ward for _, stay in stays),
        beds_with_two=sum(ward.beds_with_two for ward in rows),
    )


def word_counts(counts: BoardCounts) -> str:
    """`Admitted 24 = shown on wards 22 + ward not known 2`; never 0 of a system that did not say."""
    if counts.unavailable and not counts.admitted:
        return f"Admitted: not known, {', '.join(counts.unavailable)} unavailable"
    return (
        f"Admitted {counts.admitted:,} = shown on wards {counts.shown:,}"
        f" + ward not known {counts.ward_unknown:,}"
    )


def find_beds_with_two(rows: Iterable[BedRow]) -> list[Location]:
    """The beds of a board in which two or more patients lie."""
    counts: dict[tuple[str, str], list[Location]] = {}
    for row in rows:
        if row.patient is not None and row.location.bed:
            counts.setdefault(place_key(row.location), []).append(row.location)
    return [beds[0] for beds in counts.values() if len(beds) > 1]
