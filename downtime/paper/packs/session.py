"""A clinic's or theatre's list of one day on paper: as the site's own form, or as a plain list."""

from collections.abc import Sequence
from dataclasses import dataclass

from downtime.clinical import display
from downtime.paper.forms import prefill
from downtime.paper.issue import Subject
from downtime.paper.packs import lists
from downtime.paper.packs.job import Job
from downtime.paper.packs.lists import View
from downtime.paper.packs.printing import Press
from downtime.pdf.flow import Table
from downtime.snapshot.rows import AppointmentRow

TITLES = {"clinic": "Clinic list", "theatre": "Theatre list"}
_COLUMNS = (
    ("Time", 2), ("Patient", 5), ("Born", 3), ("Numbers", 3), ("For, with", 5), ("Allergies", 4),
    ("Outcome", 5),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Session:
    """Who is expected in one place on one day (ISO), in order; `kind` is `clinic` or `theatre`."""

    kind: str
    day: str
    location: str
    rows: Sequence[AppointmentRow]


def sheets(press: Press, view: View, listed: Session, form: str) -> list[Job]:
    """The list with room to write beside each patient; `form` names the site's form for it.

    The plain list comes along with such a form: it alone has the allergies, and shows the order.
    """
    title = f"{TITLES[listed.kind]}: {listed.location}, {display.day(listed.day)}"
    plain = press.list_job(
        f"{listed.kind}-list-copy",
        title,
        Subject(),
        listed.location,
        lambda: ({}, [Table(_COLUMNS, [_line(view, row) for row in listed.rows], tall=30.0)]),
    )
    if not form:
        return [plain]
    made = prefill.sessions(
        press.form(form)[0], listed.location, listed.day, listed.rows, view.zone
    )
    forms = [
        press.form_job(form, Subject(), listed.location, lambda _, said=said: said)  # type: ignore[misc]
        for said in made
    ]
    return [plain, *forms]


def _line(view: View, row: AppointmentRow) -> tuple[str, ...]:
    slot, patient = row
    today = view.now.astimezone(view.zone).date()
    order = f"{slot.position}." if slot.position else ""
    numbers = (display.nhs_number(patient.nhs_number) or "No NHS No.", patient.mrn)
    return (
        " ".join(filter(None, (order, display.clock_time(slot.start, view.zone)))),
        display.name(patient),
        f"{display.born(patient, today)}\n{display.gender(patient)}",
        "\n".join(filter(None, numbers)),
        "\n".join(filter(None, (slot.description, slot.practitioner, slot.note))),
        lists.allergies(view.snapshot.allergies(patient.id)),
        "",
    )
