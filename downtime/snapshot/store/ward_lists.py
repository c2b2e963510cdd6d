"""What a ward asks beside its beds: who is expected there, who came, and the last NEWS2 of who lies there."""

from collections.abc import Iterable
from functools import cached_property

import orjson

from downtime.clinical.early_warnings import CODES, EarlyWarning, find_latest_warnings
from downtime.clinical.model import Encounter, Observation, Patient
from downtime.snapshot.model import PatientRow
from downtime.snapshot.store.day_lists import DayLists


class WardLists(DayLists):
    """What stands beside the beds of a ward."""

    def list_expected(self, ward: str, since: str, until: str) -> list[PatientRow]:
        """Who is to be admitted to a ward between two UTC instants and is not in hospital, in their order."""
        rows = self._select_joined(
            (Patient, Encounter),
            "Encounter t1 JOIN Patient t0 ON t0.id = t1.patient AND t0.replaced_by = ''"
            " LEFT JOIN inpatient i ON i.patient = t1.patient WHERE t1.ward = ? AND i.patient IS NULL"
            " AND t1.status = 'planned' AND t1.started >= ? AND t1.started < ?"
            " ORDER BY t1.started, t0.family, t1.id",
            (ward, since, until),
        )
        return [PatientRow(*row) for row in rows]

    def count_expected(self, since: str, until: str) -> dict[str, int]:
        """How many these are on each ward that expects somebody."""
        rows = self._db.conn.execute(
            "SELECT e.ward, count(*) FROM Encounter e JOIN Patient p ON p.id = e.patient"
            " AND p.replaced_by = '' LEFT JOIN inpatient i ON i.patient = e.patient WHERE"
            " i.patient IS NULL AND e.status = 'planned' AND e.started >= ? AND e.started < ?"
            " GROUP BY e.ward",
            (since, until),
        )
        return dict(map(tuple, rows))

    def list_arrivals(self, ward: str, since: str, until: str) -> list[Encounter]:
        """Stays on a ward that began between two UTC instants and were not cancelled."""
        where = "WHERE ward = ? AND started BETWEEN ? AND ? AND status <> 'cancelled' ORDER BY id"
        return self._select_records(Encounter, where, ward, since, until)

    @cached_property
    def has_planned_stays(self) -> bool:
        """Whether a system sent any stay that is planned: without one 'nobody is expected' is not known."""
        query = "SELECT EXISTS (SELECT 1 FROM Encounter WHERE status = 'planned')"
        return bool(self._db.conn.execute(query).fetchone()[0])

    @cached_property
    def has_expected_ends(self) -> bool:
        """Whether a system sent of any stay when it is expected to end."""
        query = "SELECT EXISTS (SELECT 1 FROM Encounter WHERE expected_end <> '')"
        return bool(self._db.conn.execute(query).fetchone()[0])

    def find_early_warnings(self, ids: Iterable[str]) -> dict[str, EarlyWarning]:
        """Of these patients the last NEWS2 that was sent; each is looked up once."""
        wanted = list(ids)
        if unknown := [key for key in wanted if key not in self._early_warnings]:
            latest = find_latest_warnings(self._select_scores(unknown))
            self._early_warnings.update((key, latest.get(key)) for key in unknown)
        known = ((key, self._early_warnings[key]) for key in wanted)
        return {key: warning for key, warning in known if warning}

    @cached_property
    def _early_warnings(self) -> dict[str, EarlyWarning | None]:
        return {}

    def _select_scores(self, ids: list[str]) -> list[Observation]:
        where = (
            "WHERE t.patient IN (SELECT value FROM json_each(?)) AND (lower(t.code) IN"
            " (SELECT value FROM json_each(?)) OR t.display LIKE 'N%')"
        )
        values = (orjson.dumps(texts).decode() for texts in (ids, CODES))
        return self._select_records(Observation, where, *values)
