"""The hospital as staff say it is now: the snapshot in use, and the events since over it.

What staff said stands over what the snapshot says of a person until their system says something
newer. What the snapshot said is kept beside it, and who said otherwise, when.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import starmap
from typing import NamedTuple

from downtime.clinical.model import Encounter, Patient
from downtime.errors import NotFoundError
from downtime.outage import outages
from downtime.outage.events import store
from downtime.outage.events.kinds import LEAVING, PLACING
from downtime.outage.events.model import Event, EventKind, EventSubject, EventThread
from downtime.outage.events.registered_people import (
    RegisteredPerson,
    find_by_number,
    is_named_alike,
    list_registered,
    make_stay,
    make_subject,
    search_people,
)
from downtime.outage.events.threads import fold_threads
from downtime.snapshot import bed_board
from downtime.snapshot.bed_board import BedRow, BoardCounts, WardRow
from downtime.snapshot.model import PatientRow
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.vault import Vault

_SHOWN = (*PLACING, EventKind.ABSENCE, EventKind.RETURN)


class WardChange(NamedTuple):
    """What staff said last of where somebody is, and what the snapshot said."""

    event: Event
    patient: Patient
    before: Encounter | None
    """The stay as the snapshot has it; None for who is in none."""
    stay: Encounter | None
    """The stay as staff say it is; None for who has left."""


@dataclass(frozen=True, slots=True)
class WardNow:
    """A ward as staff say it is."""

    rows: list[BedRow]
    changes: dict[str, WardChange]
    """By patient: those who are here and of whom staff said where they are."""
    absent: dict[str, Event]
    """By patient: those who are off the ward for a while."""
    departed: list[WardChange]
    """Whom the snapshot has here, and of whom staff say that they are not here any more."""
    freed: Mapping[tuple[str, str], WardChange]
    """By bay and bed: what staff said of whom the snapshot has there."""
    beds: frozenset[str]
    """Ids of the places that are beds in the snapshot; staff may have named others, as a trolley."""

    def find_departure(self, row: BedRow) -> WardChange | None:
        """Why nobody lies in a bed in which the snapshot has somebody."""
        return None if row.patient else self.freed.get(bed_board.place_key(row.location))


class EventState(NamedTuple):
    """What events stand over the snapshot: another one as soon as anything was recorded or merged."""

    outages: tuple[str, ...]
    """Those whose books are open."""
    counts: tuple[tuple[object, ...], ...]
    """Of the events of each (`store.count_versions`)."""


def read_event_state(vault: Vault) -> EventState:
    """The present one."""
    outage_ids = list_unclosed_ids(vault)
    return EventState(outage_ids, store.count_versions(vault.db, outage_ids))


class HospitalNow:
    """Answers of one moment, for reading, by several threads at once.

    They hold as long as the snapshot is in use and `read_event_state` gives the same.
    """

    def __init__(self, vault: Vault, snapshot: Snapshot | None) -> None:
        self.snapshot = snapshot
        self._vault = vault
        self._wards: dict[str, WardNow] = {}
        self._ward_rows: dict[str, WardRow] = {}

    @cached_property
    def outages(self) -> tuple[str, ...]:
        """Outages whose events still stand over the snapshot: those whose books are open."""
        return list_unclosed_ids(self._vault)

    @cached_property
    def movements(self) -> list[EventThread]:
        """What says where people are, in the order in which it happened."""
        events = store.fetch_of_outages(self._vault.db, self.outages, _SHOWN)
        return [thread for thread in fold_threads(events) if thread.stands]

    @cached_property
    def registered(self) -> dict[str, RegisteredPerson]:
        """Everybody who was registered on the screen, by id."""
        return list_registered(self.movements)

    @cached_property
    def changes(self) -> dict[str, WardChange]:
        """What staff said last of where each person is; not where a system has said more since."""
        latest: dict[str, Event] = {}
        for thread in self.movements:
            event = thread.latest
            if event.kind in PLACING:
                latest[event.subject.patient] = event
        changes = (self._make_change(key, event) for key, event in latest.items())
        return {change.patient.id: change for change in changes if change}

    @cached_property
    def absent(self) -> dict[str, Event]:
        """Who is off the ward for a while, by patient."""
        away = [
            thread.latest
            for thread in self.movements
            if thread.latest.kind == EventKind.ABSENCE and not thread.follow_ups
        ]
        return {event.subject.patient: event for event in away if self._is_still_away(event)}

    def _is_still_away(self, event: Event) -> bool:
        change = self.changes.get(event.subject.patient)
        return change is None or change.event.happened < event.happened

    def _make_change(self, patient_id: str, event: Event) -> WardChange | None:
        patient = self.find_person(patient_id)
        if patient is None:
            return None
        before = self._find_snapshot_stay(patient.id)
        if before and before.updated > event.happened:
            return None
        stay = None if event.kind in LEAVING else make_stay(event, before)
        return WardChange(event, patient, before, stay)

    def _find_snapshot_stay(self, patient_id: str) -> Encounter | None:
        """The stay in which the snapshot has somebody now."""
        if self.snapshot is None or patient_id in self.registered:
            return None
        stay = self.snapshot.find_encounter(patient_id)
        return stay if stay and stay.status == "in-progress" else None

    def find_person(self, patient_id: str) -> Patient | None:
        """A patient of the snapshot, or somebody registered on the screen."""
        if person := self.registered.get(patient_id):
            return person.patient
        if self.snapshot is None or not patient_id:
            return None
        try:
            return self.snapshot.get_patient(patient_id)
        except NotFoundError:
            return None

    def get_person(self, patient_id: str) -> Patient:
        """The same; NotFoundError."""
        if person := self.find_person(patient_id):
            return person
        raise NotFoundError(
            "patient.missing",
            "This patient is not in the snapshot, and nobody has registered them.",
            "Find them by name or number; somebody new is registered as an arrival.",
        )

    def find_subject(self, patient_id: str) -> EventSubject:
        """Whom an event about this person names; NotFoundError."""
        person = self.registered.get(patient_id)
        return make_subject(self.get_person(patient_id), person.downtime_number if person else "")

    def find_stay(self, patient_id: str) -> Encounter | None:
        """Where somebody is, as staff say or else as the snapshot does; None for who is in no ward."""
        if change := self.changes.get(patient_id):
            return change.stay
        return self._find_snapshot_stay(patient_id)

    def find_row(self, patient_id: str) -> PatientRow:
        """A person with their stay, or with the last one that the snapshot has; NotFoundError."""
        person = self.get_person(patient_id)
        if person.id in self.changes or self.snapshot is None:
            return PatientRow(person, self.find_stay(person.id))
        return PatientRow(person, self.snapshot.find_encounter(person.id))

    def search(self, text: str, today: date) -> list[RegisteredPerson]:
        """People registered on the screen whom what was typed meets."""
        return search_people(self.registered.values(), text, today)

    def find_by_number(self, text: str) -> RegisteredPerson | None:
        """Who was registered here and has exactly this number."""
        return find_by_number(self.registered.values(), text)

    def find_namesakes(self, patient: Patient) -> list[PatientRow]:
        """Others of the same name: inpatients of the snapshot, and people registered here."""
        rows = self.snapshot.find_namesakes(patient) if self.snapshot else []
        new = [p.patient for p in self.registered.values() if is_named_alike(p.patient, patient)]
        return [*rows, *(PatientRow(p, self.find_stay(p.id)) for p in new)]

    def list_newborns(self, mother: str) -> list[RegisteredPerson]:
        """The newborns of somebody."""
        return [person for person in self.registered.values() if person.mother == mother]

    def list_stays(self, ward: str) -> list[PatientRow]:
        """Who is on a ward now, in the order of beds."""
        rows = self.snapshot.list_inpatients(ward) if self.snapshot else []
        staying = [row for row in rows if row.patient.id not in self.changes]
        rows = [*staying, *starmap(PatientRow, self._list_placed(ward))]
        return sorted(rows, key=lambda row: bed_board.row_sort_key(row.patient, row.encounter))

    def _list_placed(self, ward: str) -> list[tuple[Patient, Encounter]]:
        """Whom staff placed on a ward."""
        changes = self.changes.values()
        return [(c.patient, c.stay) for c in changes if c.stay and c.stay.ward == ward]

    def list_wards(self) -> list[str]:
        """The wards of the snapshot, and those that staff named."""
        known = [row.code for row in self.snapshot.list_wards()] if self.snapshot else []
        named = (change.stay.ward for change in self.changes.values() if change.stay)
        return sorted({*known, *named} - {""})

    def count_wards(self) -> list[WardRow]:
        """The wards of the snapshot with their patients and empty beds as staff say."""
        return [self._recount(row) for row in (self.snapshot.list_wards() if self.snapshot else [])]

    @cached_property
    def _touched_wards(self) -> frozenset[str]:
        """The wards of which staff said that somebody came or left."""
        changes = self.changes.values()
        stays = [stay for change in changes for stay in (change.before, change.stay) if stay]
        if self.snapshot:
            moved = [change for change in changes if change.before]
            stays += [
                s for c in moved for s in self.snapshot.find_elsewhere(c.patient.id, c.before)
            ]
        return frozenset(stay.ward for stay in stays)

    def find_ward(self, ward: str) -> WardRow | None:
        """One ward of the snapshot, counted so."""
        rows = self.snapshot.list_wards() if self.snapshot else []
        row = next((row for row in rows if row.code == ward), None)
        return self._recount(row) if row else None

    def _recount(self, row: WardRow) -> WardRow:
        if row.code not in self._touched_wards:
            return row
        if row.code not in self._ward_rows:
            self._ward_rows[row.code] = self._count_again(row)
        return self._ward_rows[row.code]

    def _count_again(self, row: WardRow) -> WardRow:
        changes = self.changes.values()
        departures = sum(c.before is not None and c.before.ward == row.code for c in changes)
        arrivals = sum(c.stay is not None and c.stay.ward == row.code for c in changes)
        now = self.read_ward(row.code)
        row = row._replace(patients=row.patients - departures + arrivals)
        return bed_board.count_rows(row, now.rows, now.beds)

    def count_leaving(self, until: str) -> dict[str, int]:
        """How many on each ward are expected to leave before a UTC instant, those who are late with them."""
        stays = [row.encounter for row in self._inpatients if row.patient.id not in self.changes]
        stays += [change.stay for change in self.changes.values()]
        return Counter(
            stay.ward for stay in stays if stay and stay.expected_end and stay.expected_end < until
        )

    @cached_property
    def _inpatients(self) -> list[PatientRow]:
        return self.snapshot.list_inpatients() if self.snapshot else []

    def count_board(self) -> BoardCounts:
        """Who is in hospital as staff say: who was admitted or registered, less who left."""
        return self._board_counts

    @cached_property
    def _board_counts(self) -> BoardCounts:
        counts = self.snapshot.count_board() if self.snapshot else BoardCounts(0, 0, 0, 0)
        for change in self.changes.values():
            for stay, step in ((change.before, -1), (change.stay, 1)):
                if stay:
                    counts = counts._replace(
                        admitted=counts.admitted + step,
                        shown=counts.shown + step * bool(stay.ward),
                        ward_unknown=counts.ward_unknown + step * (not stay.ward),
                    )
        return counts

    def read_ward(self, ward: str) -> WardNow:
        """A ward, bed by bed, as staff say it is."""
        if ward not in self._wards:
            self._wards[ward] = self._read_ward(ward)
        return self._wards[ward]

    def _read_ward(self, ward: str) -> WardNow:
        seen = self.snapshot.list_beds(ward) if self.snapshot else []
        staying = ((row.patient, row.encounter) for row in seen)
        stays = [
            *(
                (patient, stay)
                for patient, stay in staying
                if patient and stay and patient.id not in self.changes
            ),
            *self._list_placed(ward),
        ]
        beds = bed_board.list_beds(seen, self.changes)
        elsewhere = {row.patient.id: row.elsewhere for row in seen if row.patient}
        rows = [
            row._replace(elsewhere=elsewhere.get(row.patient.id, ()))
            if row.patient and row.patient.id not in self.changes
            else row
            for row in bed_board.arrange_beds(ward, beds, stays)
        ]
        present = {patient.id for patient, _ in stays}
        changes = {key: change for key, change in self.changes.items() if key in present}
        departed = [
            change
            for change in self.changes.values()
            if change.before and change.before.ward == ward and change.patient.id not in present
        ]
        absent = {key: event for key, event in self.absent.items() if key in present}
        freed = {
            bed_board.place_key(row.location): self.changes[row.patient.id]
            for row in seen
            if row.patient and row.patient.id in self.changes
        }
        return WardNow(rows, changes, absent, departed, freed, frozenset(bed.id for bed in beds))

    def find_bed_neighbours(self, ward: str, bay: str, bed: str) -> list[Patient]:
        """Who lies in a bed now."""
        if not bed:
            return []
        place = tuple(text.strip().casefold() for text in (bay, bed))
        return [
            row.patient
            for row in self.list_stays(ward)
            if row.encounter and place == _bed_of(row.encounter)
        ]


def _bed_of(stay: Encounter) -> tuple[str, ...]:
    return stay.bay.strip().casefold(), stay.bed.strip().casefold()


def list_unclosed_ids(vault: Vault) -> tuple[str, ...]:
    """Ids of the outages whose books are open; in a drill of drills only, else of real ones only."""
    return tuple(outage.id for outage in outages.list_current_kind(vault))


def list_threads(vault: Vault, events: Iterable[Event]) -> list[EventThread]:
    """Events with what was recorded about them later."""
    found_events = list(events)
    roots = {event.root for event in found_events}
    return fold_threads(found_events, store.fetch_about(vault.db, roots))
