"""Settle anew whom a change concerns, cut what a snapshot carries of them, and pack it.

A *cell* is a group of mentions between which there is a link: a number, a merge, a record. What a
cell gives depends on itself, on what everybody shares and on the settings; so only cells change of
whom something arrived, or whose time has come (an appointment comes near, a result grows old).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import sqlite_utils

from downtime.clinical.model import Encounter, EncounterStatus, Location, Patient, Record
from downtime.clock import to_text
from downtime.settings import Settings
from downtime.snapshot.change_times import ChangeTimes
from downtime.snapshot.common_knowledge import CommonKnowledge, read_common_knowledge
from downtime.snapshot.data_quality import FindingTally, is_in_hospital
from downtime.snapshot.group_cells import NOBODY, group_mentions, split_groups
from downtime.snapshot.link_numbers import link_number
from downtime.snapshot.nobodys_records import find_nobodys_people
from downtime.snapshot.payload import PackedRows
from downtime.snapshot.row_layout import COLUMNS, list_rows, to_row
from downtime.snapshot.search_rows import SEARCH, list_search_rows
from downtime.snapshot.select_records import select_records
from downtime.snapshot.settle_records import Settlement, begin_settlement
from downtime.snapshot.store import affected_cells, cell_tables, state_part
from downtime.snapshot.store.cell_tables import PackedCell
from downtime.vault.database import transaction

EVERY_SCOPE = "*"
"""Instead of wards: what concerns nobody, and is carried everywhere."""
WARD_SEPARATOR = "+"
_VERSION = 1
"""Another one as soon as the same state gives other rows."""
MENTIONS_AT_ONCE = 1_000
_EXPECTED = (EncounterStatus.IN_PROGRESS, EncounterStatus.PLANNED, "")


def update_cells(db: sqlite_utils.Database, settings: Settings, now: datetime, build: int) -> int:
    """Bring all cells up to the state and to `now`; returns how many were settled.

    `build` is the number of the build (`cell_tables.begin_build`). A cut at any moment leaves cells that are right each, and
    the next time goes on.
    """
    common = read_common_knowledge(db)
    fingerprint = _find_fingerprint(settings, common)
    everybody = fingerprint != cell_tables.get_fingerprint(db)
    groups = _find_groups(db, now, everybody=everybody)
    with state_part.parts_of_state(db):
        for batch in split_groups(groups, MENTIONS_AT_ONCE):
            with transaction(db):
                _cut_groups(db, settings, common, now, batch, build)
    with transaction(db):
        cell_tables.save_fingerprint(db, fingerprint)
    return len(groups)


def _find_fingerprint(settings: Settings, common: CommonKnowledge) -> str:
    """Of what concerns every cell."""
    parts = (
        settings.site,
        settings.systems,
        settings.snapshot,
        COLUMNS,
        SEARCH,
        common.digest,
        _VERSION,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _find_groups(db: sqlite_utils.Database, now: datetime, *, everybody: bool) -> list[list[int]]:
    nobodys = find_nobodys_people(db)
    extra = {NOBODY, *nobodys} if nobodys else set()
    try:
        affected_cells.collect_affected(db, to_text(now), extra, everybody=everybody)
        return group_mentions(
            affected_cells.iterate_affected(db),
            affected_cells.iterate_links(db, everybody=everybody),
            nobodys,
        )
    finally:
        affected_cells.drop_affected(db)


def _cut_groups(
    db: sqlite_utils.Database,
    settings: Settings,
    common: CommonKnowledge,
    now: datetime,
    groups: list[list[int]],
    build: int,
) -> None:
    mentions = [mention for group in groups for mention in group]
    state_part.choose_part(db, mentions)
    tally, has_nobody = FindingTally(), NOBODY in mentions
    settlement = begin_settlement(db, settings, common, tally, has_places=has_nobody)
    sorter = _CellSorter(groups, settlement, state_part.select_numbers(db))
    settled = list(settlement.list_records())
    sorter.add_times(settled, ChangeTimes(settings, now))
    sorter.add_stays(settled)
    sorter.add_records(list(select_records(settled, settings, now)))
    sorter.add_findings(tally)
    cell_tables.replace_cells(db, sorter.cells.values(), build)
    affected_cells.clear_changed(db, mentions)


class _CellSorter:
    """Puts what a part of the state gave into the cells whose it is."""

    def __init__(
        self, groups: list[list[int]], settlement: Settlement, numbers: Mapping[str, int]
    ) -> None:
        self.cells = {group[0]: PackedCell(group[0], tuple(group)) for group in groups}
        self._by_mention = {mention: group[0] for group in groups for mention in group}
        self._numbers = numbers
        people = settlement.people
        self._by_person = {
            key: self._find_by_number(link_number(anchor)) for anchor, key in people.ids.items()
        }
        for mention, (_, person) in settlement.owners.items():
            self._by_person[person] = self._by_mention[mention]

    def _find_by_number(self, number: str) -> int:
        return self._by_mention[self._numbers[number]]

    def _find_cell(self, record: Record) -> PackedCell:
        person = record.id if isinstance(record, Patient) else getattr(record, "patient", "")
        return self.cells[self._by_person[person] if person else self._by_mention[NOBODY]]

    def _group(self, records: Iterable[Record]) -> Iterator[tuple[PackedCell, list[Record]]]:
        by_cell: dict[int, list[Record]] = {}
        for record in records:
            by_cell.setdefault(self._find_cell(record).id, []).append(record)
        for cell, listed in by_cell.items():
            yield self.cells[cell], listed

    def add_times(self, settled: Iterable[Record], times: ChangeTimes) -> None:
        """When each cell must be cut anew."""
        for cell, records in self._group(settled):
            cell.valid_until = times.find_next(records)

    def add_stays(self, settled: Iterable[Record]) -> None:
        """Who is in hospital: beds with two patients are looked for among all of them."""
        stays = [record for record in settled if isinstance(record, Encounter) and record.patient]
        known = {stay.patient for stay in stays if stay.status}
        for stay in stays:
            if is_in_hospital(stay) and (stay.status or stay.patient not in known):
                self._find_cell(stay).stays.append(list(to_row(stay)))

    def add_records(self, selected: list[Record]) -> None:
        """Pack the rows of each cell, apart by the wards on which their patients lie."""
        for cell, records in self._group(selected):
            by_wards: dict[str, list[Record]] = {}
            wards = _find_wards(records)
            for record in records:
                by_wards.setdefault(_choose_wards(record, wards), []).append(record)
            cell.parts = {name: _pack_records(rows) for name, rows in by_wards.items()}

    def add_findings(self, tally: FindingTally) -> None:
        """What is wrong, with the cell that it concerns."""
        for person, counts in tally.list_by_person():
            cell = self.cells[self._find_concerned(person)]
            cell.findings += [(list(map(str, finding)), n) for finding, n in counts.items()]

    def _find_concerned(self, person: str) -> int:
        """The cell of a person as `FindingTally.add` names them."""
        if person.startswith("#"):
            return self._by_mention[int(person[1:])]
        if person.startswith("="):
            return self._find_by_number(person[1:])
        return self._by_person[person] if person else self._by_mention[NOBODY]


def _pack_records(records: list[Record]) -> PackedRows:
    patients = (record for record in records if isinstance(record, Patient))
    return PackedRows.pack((*list_rows(records), *list_search_rows(patients)))


def _find_wards(records: Iterable[Record]) -> dict[str, str]:
    """Patient to the wards on which they lie or are expected; also of those merged into them."""
    wards: dict[str, set[str]] = {}
    for record in records:
        if isinstance(record, Encounter) and record.ward and record.status in _EXPECTED:
            wards.setdefault(record.patient, set()).add(record.ward)
    return {patient: WARD_SEPARATOR.join(sorted(names)) for patient, names in wards.items()}


def _choose_wards(record: Record, wards: Mapping[str, str]) -> str:
    if isinstance(record, Location):
        return EVERY_SCOPE
    if isinstance(record, Patient):
        return wards.get(record.replaced_by or record.id, "")
    return wards.get(getattr(record, "patient", ""), "")
