"""The pack of a clinic's or theatre's list of one day, with its patients' forms in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from downtime.clinical import display
from downtime.clinical.model import Appointment, AppointmentKind
from downtime.paper.forms import form_sets, prefill
from downtime.paper.model import PackKind, Subject
from downtime.paper.packs import documents, snapshot_pages
from downtime.paper.packs.cover import cover_document
from downtime.paper.packs.model import PackPlan, PrintDocument, RequestKind
from downtime.paper.packs.policies import check_session
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest
from downtime.paper.packs.snapshot_pages import SnapshotView
from downtime.pdf.flow_blocks import Block, Paragraph, Table
from downtime.snapshot.model import AppointmentRow, PatientRow

_COLUMNS = (
    ("Time", 2), ("Patient", 5), ("Born", 3.6), ("Numbers", 3.8), ("For, with", 5),
    ("Allergies and alerts", 5), ("Outcome", 4.4),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPack(PrintRequest):
    """Print the list of one place on one day (ISO), and the forms of everybody on it."""

    appointment_kind: ClassVar[AppointmentKind]
    day: str
    location: str
    forms: tuple[str, ...] | None = None
    """For each patient; None for those of the place's form set."""

    def plan(self, context: PrintContext) -> PackPlan:
        """InputError when the snapshot has nobody on that list."""
        view, kind = context.view, self.appointment_kind
        rows = view.snapshot.list_session_appointments(self.day, self.location, kind)
        check_session(rows, view.snapshot.find_availability(Appointment.__name__).unavailable)
        form_set = form_sets.get_session_set(
            context.settings, self.location, kind, context.vault.home
        )
        context.note_withheld([form_set])
        forms = form_set.patient if self.forms is None else self.forms
        unique = {row.patient.id: row.patient for row in rows}.values()
        patients = [
            documents.patient_documents(
                context,
                PatientRow(patient, view.snapshot.find_encounter(patient.id)),
                self.location,
                forms,
                summary=form_set.summary,
                all_charts=self.forms is None,
            )
            for patient in unique
        ]
        title = f"{self.title}: {self.location}, {display.format_day(self.day)}"
        planned = self._list_documents(context, title, rows, form_set.session)
        planned += documents.collate(patients, by_form=self.by_form)
        return context.snapshot_plan(
            PackKind(kind),
            title,
            f"{kind}_{self.location}_{self.day}",
            planned,
            [self.location],
            lambda outcome: cover_document(context, outcome, title, {}),
        )

    def _list_documents(
        self, context: PrintContext, title: str, rows: Sequence[AppointmentRow], form: str
    ) -> list[PrintDocument]:
        """The list with room to write beside each patient; `form` names the site's form for it.

        The plain list comes along with such a form: it alone has the allergies, and shows the order.
        """
        view, location = context.view, self.location
        plain = context.list_document(
            f"{self.appointment_kind}-list-copy",
            title,
            Subject(),
            location,
            lambda: ({}, _list_blocks(view, rows)),
        )
        if not form:
            return [plain]
        definition, layout = context.get_form(form)
        sheets = prefill.session_values(
            definition,
            location,
            self.day,
            rows,
            view.zone,
            partial(snapshot_pages.format_warnings, view),
        )
        return [
            plain,
            *(
                context.form_document(definition, layout, Subject(), location, values.copy)
                for values in sheets
            ),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicPack(SessionPack):
    """A clinic's list."""

    kind: ClassVar[RequestKind] = RequestKind.CLINIC
    title: ClassVar[str] = "Clinic list"
    appointment_kind: ClassVar[AppointmentKind] = AppointmentKind.CLINIC


@dataclass(frozen=True, slots=True, kw_only=True)
class TheatrePack(SessionPack):
    """A theatre's list."""

    kind: ClassVar[RequestKind] = RequestKind.THEATRE
    title: ClassVar[str] = "Theatre list"
    appointment_kind: ClassVar[AppointmentKind] = AppointmentKind.THEATRE


def _list_blocks(view: SnapshotView, rows: Sequence[AppointmentRow]) -> list[Block]:
    line = view.word_absence(Appointment.__name__, [row.appointment.source for row in rows])
    missing = [Paragraph(f"Appointments: {line.text}.", bold=True)] if line.has_unavailable else []
    return [*missing, Table(_COLUMNS, [_list_row(view, row) for row in rows], row_height=30.0)]


def _list_row(view: SnapshotView, row: AppointmentRow) -> tuple[str, ...]:
    slot, patient = row
    today = view.now.astimezone(view.zone).date()
    order = f"{slot.position}." if slot.position else ""
    numbers = (display.format_nhs_number(patient.nhs_number) or "No NHS No.", patient.mrn)
    return (
        " ".join(filter(None, (order, display.format_clock_time(slot.start, view.zone)))),
        display.format_name(patient),
        f"{display.format_birth(patient, today)} {display.format_gender(patient)}".replace(
            " (", "\n("
        ),
        "\n".join(filter(None, numbers)),
        "\n".join(filter(None, (slot.description, slot.practitioner, slot.note))),
        snapshot_pages.format_warnings(view, patient),
        "",
    )
