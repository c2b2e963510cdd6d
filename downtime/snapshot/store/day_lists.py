"""The lists of a day: tests outstanding, clinics and theatres, as an opened snapshot has them."""

from collections.abc import Iterable
from functools import cached_property

import orjson

from downtime.clinical.model import Appointment, Encounter, Patient, ServiceRequest
from downtime.snapshot.model import AppointmentRow, OutstandingRow, SessionRow
from downtime.snapshot.store.snapshot_database import SnapshotDatabase


class DayLists(SnapshotDatabase):
    """What is asked for or booked."""

    def list_outstanding_tests(
        self, ward: str | None = None, department: str | None = None
    ) -> list[OutstandingRow]:
        """The T0 list: requested, collected, received or in progress, and no final result.

        That of one ward, for which its board, its list and its hand-over ask, is read once.
        """
        if ward is None or department is not None:
            return self._select_outstanding(ward, department)
        if ward not in self._outstanding_by_ward:
            self._outstanding_by_ward[ward] = self._select_outstanding(ward, None)
        return list(self._outstanding_by_ward[ward])

    def list_outstanding_of(self, patients: Iterable[str]) -> list[OutstandingRow]:
        """The same of these patients, wherever the snapshot has them."""
        wanted = orjson.dumps(list(patients)).decode()
        return self._join_outstanding(
            "WHERE o.patient IN (SELECT value FROM json_each(?))", [wanted]
        )

    @cached_property
    def _outstanding_by_ward(self) -> dict[str, list[OutstandingRow]]:
        return {}

    def _select_outstanding(self, ward: str | None, department: str | None) -> list[OutstandingRow]:
        where, values = "WHERE 1", list[str]()
        if ward is not None:
            where, values = where + " AND i.ward = ?", [*values, ward]
        if department is not None:
            where, values = where + " AND o.department = ?", [*values, department]
        return self._join_outstanding(where, values)

    def _join_outstanding(self, where: str, values: list[str]) -> list[OutstandingRow]:
        rows = self._select_joined(
            (ServiceRequest, Patient, Encounter),
            "outstanding o JOIN ServiceRequest t0 ON t0.id = o.request"
            " JOIN Patient t1 ON t1.id = o.patient LEFT JOIN inpatient i ON i.patient = o.patient"
            f" LEFT JOIN Encounter t2 ON t2.id = i.encounter {where}"
            " ORDER BY i.ward, t1.family, t1.given, t1.id, t0.authored, t0.id",
            values,
        )
        return [OutstandingRow(*row) for row in rows]

    def list_appointment_days(self, kind: str) -> list[str]:
        """ISO days, in the site's zone, on which there is a clinic or theatre list."""
        rows = self._db.conn.execute(
            "SELECT DISTINCT day FROM local_day d WHERE EXISTS (SELECT 1 FROM Appointment"
            " WHERE kind = ? AND start = d.start) ORDER BY day",
            (kind,),
        )
        return [row[0] for row in rows]

    def list_appointment_sources(self, kind: str) -> set[str]:
        """The systems whose clinic or theatre lists are carried."""
        rows = self._db.conn.execute(
            "SELECT DISTINCT source FROM Appointment WHERE kind = ?", (kind,)
        )
        return {source for (source,) in rows}

    def list_sessions(self, day: str, kind: str) -> list[SessionRow]:
        """The clinics or theatres of a day, with the number who are not cancelled."""
        rows = self._db.conn.execute(
            "SELECT a.location, count(*) FROM local_day d CROSS JOIN Appointment a"
            " ON a.start = d.start WHERE d.day = ? AND a.kind = ? AND a.status <> 'cancelled'"
            " GROUP BY a.location ORDER BY a.location",
            (day, kind),
        )
        return [SessionRow(*row) for row in rows]

    def list_numbered_appointments(self) -> list[AppointmentRow]:
        """What is booked whose description holds a number, as that of a part of a course does."""
        rows = self._select_joined(
            (Appointment, Patient),
            "Appointment t0 JOIN Patient t1 ON t1.id = t0.patient"
            " WHERE t0.description GLOB '*[0-9]*' ORDER BY t0.start, t0.id",
            (),
        )
        return [AppointmentRow(*row) for row in rows]

    def list_session_appointments(self, day: str, location: str, kind: str) -> list[AppointmentRow]:
        """Who is expected there, in order; cancelled appointments are left out."""
        rows = self._select_joined(
            (Appointment, Patient),
            "local_day d CROSS JOIN Appointment t0 ON t0.start = d.start"
            " JOIN Patient t1 ON t1.id = t0.patient"
            " WHERE d.day = ? AND t0.location = ? AND t0.kind = ? AND t0.status <> 'cancelled'"
            " ORDER BY t0.start, t0.position, t1.family, t1.given",
            (day, location, kind),
        )
        return [AppointmentRow(*row) for row in rows]
