"""A clinic's or theatre's list of one day on paper: as the site's own form, or as a plain list."""

from collections.abc import Sequence
from dataclasses import dataclass

from downtime.clinical import display
from downtime.paper.forms import prefill
from downtime.paper.model import Subject
from downtime.paper.packs import snapshot_pages
from downtime.paper.packs.model import PrintDocument
from downtime.paper.packs.print_run import PrintRun
from downtime.paper.packs.snapshot_pages import SnapshotView
from downtime.pdf.flow_blocks import Table
from downtime.snapshot.model import AppointmentRow

TITLES = {"clinic": "Clinic list", "theatre": "Theatre list"}
_COLUMNS = (
    ("Time", 2), ("Patient", 5), ("Born", 3), ("Numbers", 3), ("For, with", 5), ("Allergies", 4),
    ("Outcome", 5),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SessionList:
    """Who is expected in one place on one day (ISO), in order; `kind` is `clinic` or `theatre`."""

    kind: str
    day: str
    location: str
    rows: Sequence[AppointmentRow]


def session_documents(
    press: PrintRun, view: SnapshotView, listed: SessionList, form: str
) -> list[PrintDocument]:
    """The list with room to write beside each patient; `form` names the site's form for it.

    The plain list comes along with such a form: it alone has the allergies, and shows the order.
    """
    title = f"{TITLES[listed.kind]}: {listed.location}, {display.format_day(listed.day)}"
    plain = press.list_document(
        f"{listed.kind}-list-copy",
        title,
        Subject(),
        listed.location,
        lambda: ({}, [Table(_COLUMNS, [_line(view, row) for row in listed.rows], row_height=30.0)]),
    )
    if not form:
        return [plain]
    made = prefill.session_values(
        press.get_form(form)[0], listed.location, listed.day, listed.rows, view.zone
    )
    forms = [
        press.form_document(form, Subject(), listed.location, lambda _, said=said: said)  # type: ignore[misc]
        for said in made
    ]
    return [plain, *forms]


def _line(view: SnapshotView, row: AppointmentRow) -> tuple[str, ...]:
    slot, patient = row
    today = view.now.astimezone(view.zone).date()
    order = f"{slot.position}." if slot.position else ""
    numbers = (display.format_nhs_number(patient.nhs_number) or "No NHS No.", patient.mrn)
    return (
        " ".join(filter(None, (order, display.format_clock_time(slot.start, view.zone)))),
        display.format_name(patient),
        f"{display.format_birth(patient, today)}\n{display.format_gender(patient)}",
        "\n".join(filter(None, numbers)),
        "\n".join(filter(None, (slot.description, slot.practitioner, slot.note))),
        snapshot_pages.format_allergies(view.snapshot.summarise_allergies(patient.id)),
        "",
    )
