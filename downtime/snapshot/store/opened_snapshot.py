"""What a ward asks of an opened snapshot: read-only, from several threads at once."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TypeVar

import orjson

from downtime.clinical.display import rank_allergy
from downtime.clinical.model import (
    AllergyIntolerance,
    Appointment,
    DiagnosticReport,
    Encounter,
    Flag,
    Location,
    MedicationRequest,
    Observation,
    Patient,
    Record,
    ServiceRequest,
)
from downtime.clock import from_text
from downtime.errors import NotFoundError
from downtime.snapshot import availability, bed_board, search_terms
from downtime.snapshot.availability import Availability
from downtime.snapshot.bed_board import BedRow, BoardCounts, WardRow
from downtime.snapshot.footprint import Footprint
from downtime.snapshot.model import (
    AllergySummary,
    PatientRow,
    ReportRow,
)
from downtime.snapshot.store import footprint_query
from downtime.snapshot.store.ward_lists import WardLists

R = TypeVar("R", bound=Record)
FIND_LIMIT = 50


class Snapshot(WardLists):
    """One opened snapshot. Its records are as the systems sent them at `header.created`."""

    _wards: list[WardRow] | None = None
    _second_stays: dict[str, list[Encounter]] | None = None

    def read_footprint(self) -> Footprint:
        """What it looks like in short, to be held against those before it."""
        return footprint_query.read_footprint(self._db, self.types)

    # Patients

    def find_merged_patients(self, ids: Iterable[str]) -> list[Patient]:
        """The records that were merged into one of these."""
        wanted = orjson.dumps(list(ids)).decode()
        where = "WHERE t.replaced_by <> '' AND t.replaced_by IN (SELECT value FROM json_each(?))"
        return self._select_records(Patient, where, wanted)

    def find_patients(self, text: str, limit: int = FIND_LIMIT) -> list[PatientRow]:
        """Patients met by all that was typed, inpatients first, then by name.

        Beginnings of names in any order and without accents, NHS number with or without spaces,
        hospital number, date of birth (`2/1/1960`, `02-Jan-1960`, `1960-01-02`, `020160`).
        """
        groups = search_terms.parse_query(text, from_text(self.header.created).date())
        return self.find_groups(groups, limit)

    def find_groups(
        self, groups: Sequence[Sequence[str]], limit: int = FIND_LIMIT
    ) -> list[PatientRow]:
        """Patients who have one token at least of every group (`search_terms.parse_query`)."""
        if not groups:
            return []
        match = " AND ".join(f"({' OR '.join(map(_match_term, group))})" for group in groups)
        return self._match_terms(match, limit)

    def _match_terms(self, match: str, limit: int) -> list[PatientRow]:
        return self._select_patient_rows(
            "found f CROSS JOIN Patient t0 ON t0.id = f.patient",
            "WHERE f.rank IN (SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid LIMIT ?)"
            " ORDER BY f.rank",
            match,
            limit,
        )

    def find_patients_by_tokens(
        self, alternatives: Iterable[Sequence[str]], limit: int
    ) -> list[PatientRow]:
        """Patients who have all tokens of any alternative (`words.tokens`; beginnings of names)."""
        match = _match_any(alternatives)
        return self._match_terms(match, limit) if match else []

    def find_ids_by_tokens(self, alternatives: Iterable[Sequence[str]], limit: int) -> set[str]:
        """Ids of the patients whom `find_patients_by_tokens` would give."""
        match = _match_any(alternatives)
        if not match:
            return set()
        rows = self._db.conn.execute(
            "SELECT patient FROM found WHERE rank IN"
            " (SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid LIMIT ?)",
            (match, limit),
        )
        return {row[0] for row in rows}

    @cached_property
    def patients(self) -> int:
        """How many patients can be found by name."""
        count: int = self._db.conn.execute("SELECT count(*) FROM found").fetchone()[0]
        return count

    def count_patients_with(self, token: str) -> int:
        """How many patients have exactly this word in their name; asked once for each word."""
        if token not in self._token_counts:
            sql = "SELECT count(*) FROM words WHERE words MATCH ?"
            self._token_counts[token] = self._db.conn.execute(sql, (f'"{token}"',)).fetchone()[0]
        return self._token_counts[token]

    @cached_property
    def _token_counts(self) -> dict[str, int]:
        return {}

    def find_patient_by_identifier(self, text: str) -> Patient | None:
        """The one patient who has exactly this identifier; None when nobody or several have it."""
        rows = self._db.conn.execute(
            "SELECT patient FROM identifier WHERE value = ?", (search_terms.compact_text(text),)
        ).fetchall()
        return self.get_patient(rows[0][0]) if len(rows) == 1 else None

    def find_owner(self, numbers: Iterable[str]) -> Patient | None:
        """The one patient who has all of these identifiers, as the code of a wristband holds them."""
        owners = [self.find_patient_by_identifier(number) for number in numbers]
        return owners[0] if all(owners) and len({o.id for o in owners if o}) == 1 else None

    def find_identifier_holders(self, numbers: Iterable[str]) -> set[str]:
        """Ids of the patients who have one of these identifiers; after a merge, the survivor's."""
        rows = self._db.conn.execute(
            "SELECT patient FROM identifier WHERE value IN (SELECT value FROM json_each(?))",
            (orjson.dumps([search_terms.compact_text(number) for number in numbers]).decode(),),
        )
        return {row[0] for row in rows}

    def get_patient(self, patient_id: str) -> Patient:
        """The patient, or the one who survives after a merge; NotFoundError."""
        seen: set[str] = set()
        while patient_id not in seen:
            seen.add(patient_id)
            patients = self._select_records(Patient, "WHERE id = ?", patient_id)
            if not patients:
                break
            if not patients[0].replaced_by:
                return patients[0]
            patient_id = patients[0].replaced_by
        raise NotFoundError(
            "patient.missing",
            "This patient is not in the snapshot.",
            "Find them by name or number; a new patient gets a downtime number.",
        )

    def find_encounter(self, patient_id: str) -> Encounter | None:
        """The stay they are in now, else the last one that is carried and was not cancelled."""
        encounters = self._select_records(
            Encounter,
            "LEFT JOIN inpatient i ON i.encounter = t.id WHERE t.patient = ?"
            " AND t.status <> 'cancelled' ORDER BY i.encounter IS NULL, t.status = 'planned', t.started DESC LIMIT 1",
            patient_id,
        )
        return encounters[0] if encounters else None

    def list_patients(self, ids: Iterable[str]) -> list[PatientRow]:
        """Those of these patients who were not merged, with the stay they are in now."""
        wanted = orjson.dumps(list(ids)).decode()
        where = "WHERE t0.id IN (SELECT value FROM json_each(?)) AND t0.replaced_by = ''"
        return self._select_patient_rows("Patient t0", where, wanted)

    def find_namesakes(self, patient: Patient) -> list[PatientRow]:
        """Other inpatients with the same family name and first given name."""
        key = "|".join(search_terms.name_key(patient))
        return self._select_patient_rows(
            "Patient t0", "WHERE i.name = ? AND t0.id <> ?", key, patient.id
        )

    def list_ids_by_name(
        self, name_keys: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], set[str]]:
        """Of each of these names (`search_terms.name_key`) the ids of the inpatients who have it."""
        names = {"|".join(key): key for key in name_keys}
        rows = self._db.conn.execute(
            "SELECT name, patient FROM inpatient WHERE name IN (SELECT value FROM json_each(?))",
            (orjson.dumps(list(names)).decode(),),
        )
        ids_by_name: dict[tuple[str, str], set[str]] = {}
        for name, patient in rows:
            ids_by_name.setdefault(names[name], set()).add(patient)
        return ids_by_name

    # Wards and beds

    def list_wards(self) -> list[WardRow]:
        """Every ward that has a bed or a patient, by name; asked for by most pages, counted once."""
        if self._wards is None:
            self._wards = bed_board.count_wards(
                self._select_records(Location, ""),
                self._select_inpatients(None),
                self._list_second_stays(None),
            )
        return self._wards

    def list_ward_codes(self) -> list[str]:
        """The codes of all wards on which somebody is."""
        rows = self._db.conn.execute("SELECT DISTINCT ward FROM inpatient WHERE ward <> ''")
        return [code for (code,) in rows]

    def list_patients_in_bed(self, bed: str) -> list[PatientRow]:
        """Who is in a bed of that name, of any ward, with its bay or without."""
        rows = self._select_patient_rows(
            "inpatient i CROSS JOIN Patient t0 ON t0.id = i.patient",
            "WHERE ? IN (lower(replace(t1.bed, ' ', '')), lower(replace(t1.bay || t1.bed, ' ', '')))",
            bed,
        )
        return sorted(rows, key=lambda row: bed_board.row_sort_key(row.patient, row.encounter))

    def count_board(self) -> BoardCounts:
        """How many are in hospital: on the boards of wards, and on none."""
        counts = bed_board.count_board(self.list_wards(), self._select_inpatients(None))
        return counts._replace(unavailable=self.find_availability(Encounter.__name__).unavailable)

    def list_sources(self, type_name: str) -> set[str]:
        """The systems whose records of a type are carried; what a ward is called is no list of beds."""
        if type_name not in self.types:
            return set()
        where = " WHERE bed <> ''" if type_name == Location.__name__ else ""
        rows = self._db.conn.execute(f"SELECT DISTINCT source FROM {type_name}{where}")
        return {source for (source,) in rows}

    def list_beds(self, ward: str) -> list[BedRow]:
        """The beds of a ward in order, with who is in them; a patient without a bed comes last."""
        listed = self._select_records(Location, "WHERE ward = ?", ward)
        stays = [*self._select_inpatients(ward), *self._list_second_stays(ward)]
        return [
            row._replace(elsewhere=self.find_elsewhere(row.patient.id, row.encounter))
            if row.patient
            else row
            for row in bed_board.arrange_beds(ward, listed, stays)
        ]

    def find_elsewhere(self, patient_id: str, stay: Encounter | None) -> tuple[Encounter, ...]:
        """Where else a patient is in hospital at once, by another stay than this one."""
        seconds = self._select_second_stays().get(patient_id, [])
        if not seconds:
            return ()
        main = self.find_encounter(patient_id)
        return bed_board.list_elsewhere([*seconds, *([main] if main else [])], stay)

    def _list_second_stays(self, ward: str | None) -> list[tuple[Patient, Encounter]]:
        """Stays on a ward of patients who stand on another one's board too."""
        return [
            (self.get_patient(patient), stay)
            for patient, stays in self._select_second_stays().items()
            for stay in stays
            if stay.ward and ward in (None, stay.ward)
        ]

    def _select_second_stays(self) -> dict[str, list[Encounter]]:
        """Of patients who are in hospital in two places at once: their stays but the first one."""
        if self._second_stays is None:
            stays = self._select_records(
                Encounter,
                "JOIN inpatient i ON i.patient = t.patient JOIN Encounter m ON"
                " m.id = i.encounter WHERE t.id <> i.encounter AND t.status = 'in-progress'"
                " AND (t.kind <> 'outpatient' OR t.bed <> '')"
                " AND (lower(trim(t.ward)) <> lower(trim(m.ward))"
                " OR lower(trim(t.bed)) <> lower(trim(m.bed))) ORDER BY t.started, t.id",
            )
            by_patient: dict[str, list[Encounter]] = {}
            for stay in stays:
                by_patient.setdefault(stay.patient, []).append(stay)
            self._second_stays = by_patient
        return self._second_stays

    def list_inpatients(self, ward: str | None = None) -> list[PatientRow]:
        """Who is in now, by ward and bed."""
        rows = [PatientRow(patient, stay) for patient, stay in self._select_inpatients(ward)]
        return sorted(rows, key=lambda row: bed_board.row_sort_key(row.patient, row.encounter))

    def _select_inpatients(self, ward: str | None) -> list[tuple[Patient, Encounter]]:
        where, values = ("", ()) if ward is None else ("WHERE i.ward = ?", (ward,))
        rows = self._select_patient_rows(
            "inpatient i CROSS JOIN Patient t0 ON t0.id = i.patient", where, *values
        )
        return [(row.patient, row.encounter) for row in rows if row.encounter]

    # What is known of one patient

    def find_availability(self, type_name: str) -> Availability:
        """Which systems that hold such records sent some: of the others nobody is 'none'."""
        if type_name not in self._availabilities:
            self._availabilities[type_name] = availability.find_availability(self.header, type_name)
        return self._availabilities[type_name]

    @cached_property
    def _availabilities(self) -> dict[str, Availability]:
        return {}

    def summarise_allergies(self, patient_id: str) -> AllergySummary:
        """The exact heading (CUI PAB-0064) and the active allergies.

        While a system that holds allergies sent none, nothing is 'not recorded' but unavailable.
        """
        active = self._select_records(
            AllergyIntolerance,
            "WHERE patient = ? AND status IN ('active', '') ORDER BY substance, id",
            patient_id,
        )
        unavailable = self.find_availability(AllergyIntolerance.__name__).unavailable
        return summarise_active(active, unavailable)

    def list_flags(self, patient_id: str) -> list[Flag]:
        """Active alerts; one about the patient's identity comes first."""
        return self._select_records(
            Flag, "WHERE patient = ? ORDER BY category <> 'identity', text", patient_id
        )

    def list_medicines(self, patient_id: str) -> list[MedicationRequest]:
        """Medicines as prescribed, by kind and then by name."""
        return self._select_records(
            MedicationRequest, "WHERE patient = ? ORDER BY category, medicine, id", patient_id
        )

    def list_requests(self, patient_id: str) -> list[ServiceRequest]:
        """Requests that are carried, newest first."""
        return self._select_records(
            ServiceRequest, "WHERE patient = ? ORDER BY authored DESC, id", patient_id
        )

    def list_reports(self, patient_id: str) -> list[ReportRow]:
        """Reports with their values in the order sent, newest first."""
        reports = self._select_records(
            DiagnosticReport, "WHERE patient = ? ORDER BY issued DESC, id", patient_id
        )
        values = self._select_records(
            Observation,
            "WHERE report IN (SELECT id FROM DiagnosticReport WHERE patient = ?)"
            " ORDER BY position, id",
            patient_id,
        )
        by_report: dict[str, list[Observation]] = {}
        for value in values:
            by_report.setdefault(value.report, []).append(value)
        return [ReportRow(report, by_report.get(report.id, [])) for report in reports]

    def list_appointments(self, patient_id: str) -> list[Appointment]:
        """All appointments that are carried, cancelled ones too, by time."""
        return self._select_records(
            Appointment, "WHERE patient = ? ORDER BY start, position", patient_id
        )

    def _select_patient_rows(self, tables: str, where: str, *values: object) -> list[PatientRow]:
        if " i " not in tables:
            tables += " LEFT JOIN inpatient i ON i.patient = t0.id"
        tables += " LEFT JOIN Encounter t1 ON t1.id = i.encounter "
        return [
            PatientRow(*row)
            for row in self._select_joined((Patient, Encounter), tables + where, values)
        ]


def summarise_active(
    active: Sequence[AllergyIntolerance], unavailable: tuple[str, ...]
) -> AllergySummary:
    """What the active allergies of one patient come to: those that can harm most come first."""
    items = sorted((item for item in active if not item.none_known), key=rank_allergy)
    return AllergySummary(_choose_allergy_heading(active, items, unavailable), items, unavailable)


def _choose_allergy_heading(
    active: Sequence[AllergyIntolerance],
    items: Sequence[AllergyIntolerance],
    unavailable: Sequence[str],
) -> str:
    if items:
        return "Known allergies"
    if active:
        return "No known allergies"
    return "Allergies unavailable" if unavailable else "Allergies not recorded"


def _match_any(alternatives: Iterable[Sequence[str]]) -> str:
    return " OR ".join(f"({' AND '.join(map(_match_term, group))})" for group in alternatives)


def _match_term(token: str) -> str:
    """A word of a full-text query: any beginning, but a whole date of birth."""
    return f'"{token}"' if token.startswith("dob") and token[3:].isdigit() else f'"{token}"*'
