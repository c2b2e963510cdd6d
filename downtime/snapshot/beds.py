"""Lay the patients of a ward over its list of beds: pure."""

from typing import NamedTuple

from downtime.clinical.records import Encounter, Location, Patient
from downtime.snapshot import words

FREE = ("available", "")


class BedRow(NamedTuple):
    """A bed and who is in it. Two patients sent for one bed give two rows: both are shown."""

    location: Location
    patient: Patient | None
    encounter: Encounter | None


class WardRow(NamedTuple):
    """A ward: its patients, its beds, and the beds that are free and not closed."""

    code: str
    name: str
    patients: int
    beds: int
    empty: int


Stay = tuple[Patient, Encounter]


def place(stay: Encounter | None) -> tuple[object, ...]:
    """Sorts stays by ward, bay and bed as people count; those without a bed come last."""
    if stay is None:
        return (1,)
    return (0, stay.ward, *_spot(stay.bay, stay.bed), stay.id)


def _spot(bay: str, bed: str) -> tuple[object, ...]:
    return (not bed, words.bed_order(bay), words.bed_order(bed))


def _same(text: str) -> str:
    return text.strip().casefold()


def board(ward: str, listed: list[Location], stays: list[Stay]) -> list[BedRow]:
    """The beds of one ward in order.

    A stay belongs to the listed bed of the same bay and bed; when one side names no bay, to the
    only bed of that name. Any other stay gets a row of its own: nobody is left off the board.
    """
    rows: list[BedRow] = []
    taken: set[str] = set()
    for patient, stay in stays:
        location = _listed(listed, stay)
        taken.add(location.id)
        rows.append(BedRow(location, patient, stay))
    rows += [BedRow(location, None, None) for location in listed if location.id not in taken]
    return sorted(rows, key=lambda row: (*_spot(row.location.bay, row.location.bed), row[0].id))


def _listed(listed: list[Location], stay: Encounter) -> Location:
    same_bed = [bed for bed in listed if stay.bed and _same(bed.bed) == _same(stay.bed)]
    exact = [bed for bed in same_bed if _same(bed.bay) == _same(stay.bay)]
    if exact:
        return exact[0]
    if len(same_bed) == 1 and not (same_bed[0].bay and stay.bay):
        return same_bed[0]
    return Location(
        id=f"stay-{stay.id}",
        source=stay.source,
        updated=stay.updated,
        ward=stay.ward,
        bay=stay.bay,
        bed=stay.bed,
        status="occupied",
    )


def wards(listed: list[Location], stays: list[Stay]) -> list[WardRow]:
    """Every ward with a bed or a patient, by name."""
    codes = {bed.ward for bed in listed} | {stay.ward for _, stay in stays}
    locations: dict[str, list[Location]] = {code: [] for code in codes}
    present: dict[str, list[Stay]] = {code: [] for code in codes}
    for bed in listed:
        locations[bed.ward].append(bed)
    for patient, stay in stays:
        present[stay.ward].append((patient, stay))
    rows = [_ward(code, locations[code], present[code]) for code in codes if code]
    return sorted(rows, key=lambda row: (row.name.casefold(), row.code))


def _ward(code: str, listed: list[Location], stays: list[Stay]) -> WardRow:
    rows = board(code, listed, stays)
    name = max((bed.ward_name for bed in listed), default="") or code
    beds = {row.location.id for row in rows if row.location.bed}
    empty = sum(row.patient is None and row.location.status in FREE for row in rows)
    return WardRow(code, name, len(stays), len(beds), empty)
