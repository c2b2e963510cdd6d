"""Holds the bed board against a census: a list of who lies where that a ward counted by hand. Pure.

A person is met by number (hospital number, NHS number or any other that a system sent), else by
name. Only wards that the census names are compared.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from downtime.clinical import display
from downtime.clinical.model import Encounter, Patient
from downtime.errors import InputError
from downtime.feeds.model import UnusableMessageError
from downtime.feeds.tables.csv_rows import decode_csv, split_rows
from downtime.snapshot.model import PatientRow
from downtime.snapshot.search_terms import compact_text, fold_text, split_words

_TITLES: Mapping[str, frozenset[str]] = {
    "ward": frozenset({"ward"}),
    "bed": frozenset({"bed", "bednumber", "bedno", "bayandbed"}),
    "number": frozenset(
        {"number", "mrn", "hospitalnumber", "hospitalno", "nhs", "nhsnumber", "nhsno", "unitnumber"}
    ),
    "name": frozenset({"name", "patient", "patientname", "surname"}),
}
"""What a column may be called, without spaces, points or case."""


NO_WARD = "in hospital, ward not known"


class CensusRow(NamedTuple):
    """One bed or person as it was counted; an empty bed has neither number nor name."""

    line: int
    ward: str
    bed: str
    number: str
    name: str


class DifferenceKind(StrEnum):
    """How board and census differ."""

    NOT_ON_BOARD = "not-on-board"
    NOT_IN_CENSUS = "not-in-census"
    OTHER_WARD = "other-ward"
    OTHER_BED = "other-bed"
    OTHER_NAME = "other-name"
    """The number is that of somebody called otherwise."""
    COUNTED_TWICE = "counted-twice"


class CensusDifference(NamedTuple):
    """One difference: the places in census and on board, empty where there is none."""

    kind: DifferenceKind
    ward: str
    """The ward that was counted."""
    census_place: str
    board_place: str
    number: str
    name: str
    board_name: str = ""
    line: int = 0
    """Of the census; 0 for who is not in it."""


class CensusComparison(NamedTuple):
    """What differs, and how many people of the census lie on the board just as they were counted."""

    wards: tuple[str, ...]
    agreed: int
    differences: tuple[CensusDifference, ...]


def read_census(data: bytes) -> list[CensusRow]:
    """The rows of a CSV file with a ward, a bed, a number and a name; bed and one of the others may lack.

    InputError when it has no header, no such columns, or a quote that is not closed.
    """
    columns: dict[str, int] = {}
    rows = []
    try:
        for row in split_rows(decode_csv(data, "").text, lambda cells: len(_find_columns(cells))):
            if not columns:
                columns = _find_columns(row.cells)
                if "ward" not in columns or not columns.keys() & {"number", "name"}:
                    columns = {}
            elif any(cell.strip() for cell in row.cells):
                rows.append(_read_row(row.line, row.cells, columns))
    except (UnusableMessageError, csv.Error) as error:
        raise InputError(
            "census.damaged", f"The census cannot be read: {error}.", "Save it as CSV again."
        ) from None
    if not rows:
        raise InputError(
            "census.columns",
            "The census has no rows under a header with 'ward' and 'number' or 'name'.",
            "Give it the columns ward, bed, number, name.",
        )
    return rows


def _find_columns(cells: Sequence[str]) -> dict[str, int]:
    """Which column holds what; the first of several counts."""
    columns: dict[str, int] = {}
    for place, cell in enumerate(cells):
        for name, titles in _TITLES.items():
            if compact_text(cell) in titles:
                columns.setdefault(name, place)
    return columns


def _read_row(line: int, cells: Sequence[str], columns: Mapping[str, int]) -> CensusRow:
    texts = {
        name: cells[place].strip() if place < len(cells) else "" for name, place in columns.items()
    }
    return CensusRow(line, *(texts.get(name, "") for name in ("ward", "bed", "number", "name")))


def compare_census(
    census: Sequence[CensusRow], inpatients: Iterable[PatientRow]
) -> CensusComparison:
    """Who is in the census and not on the board, the other way round, or in another place."""
    board = [row for row in inpatients if row.encounter is not None]
    by_number = _index_numbers(board)
    wards = {fold_text(row.ward): row.ward for row in census}
    differences: list[CensusDifference] = []
    met: set[str] = set()
    agreed = 0
    for counted in census:
        if not counted.number and not counted.name:
            continue
        row = _find_person(counted, board, by_number)
        if row is None:
            differences.append(_differ(DifferenceKind.NOT_ON_BOARD, counted))
            continue
        personal = _compare_person(counted, row, is_met=row.patient.id in met)
        met.add(row.patient.id)
        agreed += not personal
        differences += personal
    for row in board:
        if row.encounter and fold_text(row.encounter.ward) in wards and row.patient.id not in met:
            differences.append(_not_counted(row.patient, row.encounter))
    return CensusComparison(tuple(sorted(wards.values())), agreed, tuple(differences))


def _index_numbers(board: Iterable[PatientRow]) -> dict[str, list[PatientRow]]:
    by_number: dict[str, list[PatientRow]] = {}
    for row in board:
        others = (text.split("|", 2)[-1] for text in row.patient.identifiers)
        numbers = {row.patient.mrn, row.patient.nhs_number, *others}
        for number in {compact_text(number) for number in numbers} - {""}:
            by_number.setdefault(number, []).append(row)
    return by_number


def _find_person(
    counted: CensusRow, board: Iterable[PatientRow], by_number: Mapping[str, list[PatientRow]]
) -> PatientRow | None:
    """The one who has the number; without a number, the one on the ward, else anywhere, of that name."""
    if counted.number:
        rows = by_number.get(compact_text(counted.number), [])
    else:
        named = [row for row in board if _has_name(row.patient, counted.name)]
        on_ward = [row for row in named if row.encounter and _is_ward(row.encounter, counted)]
        in_bed = [row for row in on_ward if row.encounter and _is_bed(row.encounter, counted)]
        rows = next((rows for rows in (in_bed, on_ward, named) if len(rows) == 1), [])
    return rows[0] if len(rows) == 1 else None


def _has_name(patient: Patient, name: str) -> bool:
    """Whether a counted name, in any order, is that of a patient: the surname must be in it."""
    counted, family = set(split_words(name)), set(split_words(patient.family))
    forenames = split_words(patient.given)
    return (
        bool(family)
        and family <= counted
        and (counted == family or not forenames or forenames[0] in counted)
    )


def _is_ward(stay: Encounter, counted: CensusRow) -> bool:
    return fold_text(stay.ward) == fold_text(counted.ward)


def _is_bed(stay: Encounter, counted: CensusRow) -> bool:
    """Whether the beds are one: `B1-4`, `b1 4` and, when the census names no bay, `4`."""
    beds = {compact_text(stay.bed), compact_text(stay.bay + stay.bed)}
    return not counted.bed or compact_text(counted.bed) in beds


def _compare_person(counted: CensusRow, row: PatientRow, *, is_met: bool) -> list[CensusDifference]:
    patient, stay = row.patient, row.encounter
    kinds = [DifferenceKind.COUNTED_TWICE] if is_met else []
    if stay is not None and not _is_ward(stay, counted):
        kinds.append(DifferenceKind.OTHER_WARD)
    elif stay is not None and not _is_bed(stay, counted):
        kinds.append(DifferenceKind.OTHER_BED)
    if counted.number and counted.name and not _shares_name(patient, counted.name):
        kinds.append(DifferenceKind.OTHER_NAME)
    return [_differ(kind, counted, row) for kind in kinds]


def _shares_name(patient: Patient, name: str) -> bool:
    """Whether surname or given name agree: a number of somebody else has neither."""
    counted = set(split_words(name))
    return bool(counted & {*split_words(patient.family), *split_words(patient.given)})


def _differ(
    kind: DifferenceKind, counted: CensusRow, row: PatientRow | None = None
) -> CensusDifference:
    return CensusDifference(
        kind,
        counted.ward,
        _name_place(counted.ward, counted.bed),
        _name_stay(row.encounter) if row and row.encounter else "",
        counted.number,
        counted.name,
        display.format_name(row.patient) if row else "",
        counted.line,
    )


def _not_counted(patient: Patient, stay: Encounter) -> CensusDifference:
    others = [text.split("|", 2)[-1] for text in patient.identifiers]
    number = next(filter(None, (patient.mrn, patient.nhs_number, *others)), "")
    name = display.format_name(patient)
    kind = DifferenceKind.NOT_IN_CENSUS
    return CensusDifference(kind, stay.ward, "", _name_stay(stay), number, name, name)


def _name_stay(stay: Encounter) -> str:
    return _name_place(stay.ward, " ".join(filter(None, (stay.bay, stay.bed)))) or NO_WARD


def _name_place(ward: str, bed: str) -> str:
    return " ".join(filter(None, (ward, bed and f"bed {bed}")))


def word_difference(item: CensusDifference) -> str:
    """One sentence for people on the ward."""
    who = " ".join(filter(None, (item.number, item.name)))
    board = item.board_place
    match item.kind:
        case DifferenceKind.NOT_ON_BOARD:
            return f"{item.census_place}: {who} was counted and is not on the board"
        case DifferenceKind.NOT_IN_CENSUS:
            return f"{board}: {who} is on the board and was not counted"
        case DifferenceKind.COUNTED_TWICE:
            return f"{item.census_place}: {who} was counted twice"
        case DifferenceKind.OTHER_NAME:
            return f"{item.census_place}: {who}; the board has {item.board_name} under this number"
        case _:
            where = board if board == NO_WARD else f"on the board in {board}"
            return f"{item.census_place}: {who} is {where}"
