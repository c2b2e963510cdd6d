"""Who is in a course of treatment, which part is next, and when: from what is booked for it."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from downtime.clinical.courses import CoursePart, read_course
from downtime.clinical.model import Appointment, AppointmentStatus, Patient
from downtime.clock import to_text
from downtime.snapshot.model import AppointmentRow

DUE_DAYS = 7
_OVER = (AppointmentStatus.CANCELLED, AppointmentStatus.NOSHOW, AppointmentStatus.FULFILLED)


class CourseRow(NamedTuple):
    """One course of one patient."""

    patient: Patient
    part: CoursePart
    """The one that is next, else the last that is known."""
    done: int
    """The highest part that took place; 0 when none is known to have."""
    next: Appointment | None
    is_due: bool
    """Whether the next part was missed, or comes within a week."""


def list_courses(rows: Iterable[AppointmentRow], now: datetime) -> list[CourseRow]:
    """Each course once, those first of which a part is due soonest; without a part to come they stand last."""
    parts: dict[tuple[str, str, int], list[tuple[CoursePart, AppointmentRow]]] = defaultdict(list)
    for row in rows:
        if part := read_course(row.appointment.description):
            parts[row.patient.id, part.name.casefold(), part.total].append((part, row))
    courses = [
        _make_row(course, to_text(now + timedelta(days=DUE_DAYS))) for course in parts.values()
    ]
    return sorted(courses, key=lambda row: (row.next is None, row.next.start if row.next else ""))


def _make_row(course: list[tuple[CoursePart, AppointmentRow]], soon: str) -> CourseRow:
    course.sort(key=lambda item: (item[1].appointment.start, item[0].part))
    done = [p.part for p, row in course if row.appointment.status == AppointmentStatus.FULFILLED]
    open_parts = [item for item in course if item[1].appointment.status not in _OVER]
    part, row = open_parts[0] if open_parts else course[-1]
    following = row.appointment if open_parts else None
    is_due = following is not None and following.start < soon
    return CourseRow(row.patient, part, max(done, default=0), following, is_due)
