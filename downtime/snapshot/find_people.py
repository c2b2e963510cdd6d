"""Find: who is meant by what was typed, and in which words it is said what was searched.

A bed, names, numbers and dates of birth are tried at once. When nobody is met by them, names that are
one slip away (a letter missing, too many, wrong or in the wrong place) are; a number never is: one slip
away from a number is another patient.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from string import ascii_lowercase

from downtime.clinical import display
from downtime.clock import from_text
from downtime.snapshot import search_terms
from downtime.snapshot.model import PatientRow
from downtime.snapshot.store.opened_snapshot import FIND_LIMIT, Snapshot

SHORTEST = 2
"""Letters or digits from which a search begins."""
SHORTEST_SLIP = 4
"""Letters of a name from which a slip in it is looked for."""
_BED_WORDS = {"bay", "bed", "ward"}


@dataclass(frozen=True, slots=True)
class FoundPeople:
    """Who was found, and how what was typed was understood."""

    rows: list[PatientRow]
    reading: str
    """`names or numbers that begin with “smi”; born 02-Jan-1960`; empty when nothing was searched."""
    by_slip: bool = False
    """Nobody was met exactly: these are spelled alike."""

    @property
    def more(self) -> bool:
        """Whether there may be others."""
        return len(self.rows) >= FIND_LIMIT


def find_people(snapshot: Snapshot, text: str) -> FoundPeople:
    """Patients of a snapshot who are in that bed, or have those names, numbers or dates of birth."""
    if len(search_terms.compact_text(text)) < SHORTEST:
        return FoundPeople([], "")
    groups = search_terms.parse_query(text, from_text(snapshot.header.created).date())
    bed, in_bed = _find_in_bed(snapshot, text)
    known = {row.patient.id for row in in_bed}
    others = [row for row in snapshot.find_groups(groups) if row.patient.id not in known]
    reading = "; ".join(filter(None, (bed, *map(_describe_group, groups))))
    if in_bed or others:
        return FoundPeople([*in_bed, *others][:FIND_LIMIT], reading)
    slips = [_list_slips(group) for group in groups]
    rows = snapshot.find_groups(slips) if slips != groups else []
    return FoundPeople(rows, reading, by_slip=bool(rows))


def find_among(rows: Sequence[PatientRow], text: str, today: date) -> FoundPeople:
    """The same among these patients alone, who may be others than the snapshot has there."""
    if len(search_terms.compact_text(text)) < SHORTEST:
        return FoundPeople([], "")
    groups = search_terms.parse_query(text, today)
    reading = "; ".join(map(_describe_group, groups))
    exact = [row for row in rows if _lies_in(row, text) or _meets(row, groups)]
    if exact:
        return FoundPeople(exact, reading)
    slips = [_list_slips(group) for group in groups]
    near_misses = [row for row in rows if _meets(row, slips)]
    return FoundPeople(near_misses, reading, by_slip=bool(near_misses))


def _meets(row: PatientRow, groups: Sequence[Sequence[str]]) -> bool:
    return bool(groups) and search_terms.meets_query(row.patient, groups)


def _lies_in(row: PatientRow, text: str) -> bool:
    """Whether a patient lies in the bed that was typed, with or without its ward."""
    terms = [word for word in search_terms.split_words(text) if word not in _BED_WORDS]
    bed, stay = "".join(terms), row.encounter
    if stay is None or not re.search(r"\d", bed):
        return False
    return _is_in(row, bed) or _is_in(row, bed.removeprefix(search_terms.compact_text(stay.ward)))


def _find_in_bed(snapshot: Snapshot, text: str) -> tuple[str, list[PatientRow]]:
    """Who is in the bed that was typed (`AMU B3`, `amu bay 2 bed 4`, `B3`), and the bed's name."""
    terms = [word for word in search_terms.split_words(text) if word not in _BED_WORDS]
    for length in range(len(terms), 0, -1):
        for ward in snapshot.list_ward_codes():
            if search_terms.compact_text(ward) == "".join(terms[:length]):
                rows = snapshot.list_inpatients(ward)
                bed = "".join(terms[length:])
                return _describe_bed(ward, bed), [row for row in rows if _is_in(row, bed)]
    bed = "".join(terms)
    if not re.search(r"\d", bed):
        return "", []
    rows = snapshot.list_patients_in_bed(bed)
    return (_describe_bed("", bed), rows) if rows else ("", [])


def _is_in(row: PatientRow, bed: str) -> bool:
    if not bed or row.encounter is None:
        return not bed
    name = search_terms.compact_text(row.encounter.bed)
    return bed in (name, search_terms.compact_text(row.encounter.bay) + name)


def _describe_bed(ward: str, bed: str) -> str:
    parts = ("patients", f"in bed {bed.upper()}" if bed else "", f"on {ward}" if ward else "")
    return " ".join(filter(None, parts))


def _describe_group(group: list[str]) -> str:
    """What one group of a query means (`search_terms.parse_query`)."""
    readings = []
    for term in group:
        if term.startswith("dob") and term[3:].isdigit():
            born = f"{term[3:7]}-{term[7:9]}-{term[9:]}"
            readings.append(f"born {display.format_day(born)}")
        else:
            what = "numbers that begin" if term.isdigit() else "names or numbers that begin"
            readings.append(f"{what} with “{term}”")
    return " or ".join(readings)


def _list_slips(group: list[str]) -> list[str]:
    """A word with everything that is one slip away from it; a number or date alone."""
    word = group[0]
    if not word.isalpha() or len(word) < SHORTEST_SLIP:
        return group
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    missing = {head + tail[1:] for head, tail in cuts if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    wrong = {head + c + tail[1:] for head, tail in cuts if tail for c in ascii_lowercase}
    added = {head + c + tail for head, tail in cuts for c in ascii_lowercase}
    return [*group, *sorted((missing | swapped | wrong | added) - {word})]
