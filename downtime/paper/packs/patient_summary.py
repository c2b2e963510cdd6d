"""The patient summary: everything that the snapshot holds of one patient, and which system sent none."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TypeVar

from downtime.clinical import display
from downtime.clinical.display import FROM_RESULT_ONLY
from downtime.clinical.doses import MedicineRow, list_last_day
from downtime.clinical.history import Condition, DocumentReference
from downtime.clinical.model import (
    OPEN_STAGES,
    AllergyIntolerance,
    Appointment,
    DiagnosticReport,
    Encounter,
    Flag,
    MedicationAdministration,
    MedicationRequest,
    MedicationRequestStatus,
    Record,
    ServiceRequest,
)
from downtime.clinical.record_types import RECORD_TYPES
from downtime.clock import from_text, to_text
from downtime.paper.forms.medicine_words import word_last_dose, word_next_due
from downtime.paper.packs.snapshot_pages import SnapshotView, identity_values
from downtime.pdf.flow_blocks import Block, Heading, Paragraph, Table
from downtime.snapshot.bed_board import word_elsewhere
from downtime.snapshot.model import AllergySummary, PatientRow, ReportRow

SAME_NAME = "Same name: another inpatient has this name. Check date of birth and number every time."
_LISTED_BELOW = 160
"""Allergies longer than this many characters are not repeated above their own list."""
_DOSE_COLUMNS = (("When, dose", 4), ("Medicine", 6), ("Route", 2.5), ("By", 3))
R = TypeVar("R", bound=Record)


def summary_content(view: SnapshotView, row: PatientRow) -> tuple[dict[str, str], list[Block]]:
    """Identity block and body of a summary, which lists all allergies below it."""
    snapshot, patient = view.snapshot, row.patient.id
    allergies = snapshot.summarise_allergies(patient)
    values = identity_values(view, row)
    if len(values["patient.allergies"]) > _LISTED_BELOW:
        count = f"{len(allergies.items)}, all listed below"
        values["patient.allergies"] = f"{allergies.heading}: {count}"
    return values, [
        *_warning_blocks(view, row),
        *_stay_blocks(view, row.encounter),
        *_allergy_blocks(view, allergies),
        *_problem_blocks(view, patient),
        *_medicine_blocks(view, patient),
        *_dose_blocks(view, patient),
        *_request_blocks(view, snapshot.list_requests(patient)),
        *_result_blocks(view, snapshot.list_reports(patient)),
        *_appointment_blocks(view, snapshot.list_appointments(patient)),
        *_document_blocks(view, patient),
    ]


def _absence_blocks(
    view: SnapshotView, record_type: type[Record], sources: Iterable[str]
) -> Iterator[Block]:
    """`LIMS unavailable; Radiology: none.` where something is not there."""
    line = view.word_absence(record_type.__name__, sources)
    if line.text:
        yield view.absence_paragraph(line, record_type.__name__)


def _warning_blocks(view: SnapshotView, row: PatientRow) -> Iterator[Block]:
    snapshot, patient = view.snapshot, row.patient
    flags = snapshot.list_flags(patient.id)
    if snapshot.find_namesakes(patient):
        yield Paragraph(SAME_NAME, bold=True, size=10.5)
    if row.encounter and (elsewhere := snapshot.find_elsewhere(patient.id, row.encounter)):
        yield Paragraph(f"{word_elsewhere(elsewhere)}.", bold=True, size=10.5)
    yield Heading("Alerts")
    if alerts := "\n".join(f"• {flag.text}" for flag in flags):
        yield Paragraph(alerts, bold=True)
    yield from _absence_blocks(view, Flag, [flag.source for flag in flags])


def _stay_blocks(view: SnapshotView, stay: Encounter | None) -> Iterator[Block]:
    if stay is None:
        return
    yield Heading("This stay")
    started, leaves = (
        display.format_moment(moment, view.zone) for moment in (stay.started, stay.expected_end)
    )
    cells = (started, leaves, stay.consultant, stay.specialty, stay.reason)
    columns = (
        ("Admitted", 3), ("Expected to leave", 3), ("Consultant", 3.5), ("Specialty", 2.5),
        ("Reason", 4),
    )  # fmt: skip
    yield Table(columns, [tuple(cell or display.NOT_RECORDED for cell in cells)])


def _allergy_blocks(view: SnapshotView, summary: AllergySummary) -> Iterator[Block]:
    yield Heading(summary.heading)
    if summary.unavailable:
        yield from _absence_blocks(view, AllergyIntolerance, [a.source for a in summary.items])
    if summary.items:
        rows = [
            (
                item.substance,
                item.reaction,
                display.describe_allergy_harm(item),
                "; ".join(filter(None, (item.category, display.describe_allergy_note(item)))),
            )
            for item in summary.items
        ]
        columns = (("Substance", 4), ("Reaction", 5), ("Severity", 2), ("Category, note", 4))
        yield Table(columns, rows)


def _problem_blocks(view: SnapshotView, patient: str) -> Iterator[Block]:
    problems = _list_records(view, Condition, patient)
    yield Heading("Problems and diagnoses")
    yield from _absence_blocks(view, Condition, [problem.source for problem in problems])
    rows = [
        (
            problem.display or problem.code,
            ", ".join(filter(None, (problem.status, problem.verification, problem.severity))),
            display.format_moment(problem.onset, view.zone) or problem.onset_text,
            problem.note,
        )
        for problem in problems
    ]
    if rows:
        yield Table((("Problem", 6), ("State", 3), ("Since", 3), ("Note", 4)), rows)


def _document_blocks(view: SnapshotView, patient: str) -> Iterator[Block]:
    documents = _list_records(view, DocumentReference, patient)
    yield Heading("Documents")
    yield from _absence_blocks(view, DocumentReference, [document.source for document in documents])
    rows = [
        (
            display.format_moment(document.date, view.zone) or document.date_text,
            document.kind,
            document.title,
            "on the screen" if document.text else f"not sent: ask {document.source}",
        )
        for document in documents
    ]
    if rows:
        yield Table((("Date", 3), ("Kind", 4), ("Title", 5), ("Its words", 4)), rows)


def _list_records(view: SnapshotView, record_type: type[R], patient: str) -> list[R]:
    row = RECORD_TYPES[record_type.__name__]
    return [
        record
        for record in view.snapshot.list_patient_records(row, patient)
        if isinstance(record, record_type)
    ]


def _medicine_blocks(view: SnapshotView, patient: str) -> Iterator[Block]:
    """Medicines exactly as the source sent them: never re-cased, re-worded or shortened.

    Time-critical ones stand first, each beside its last dose and when the next may be due.
    """
    medicines, unprescribed = view.list_medicines(patient)
    yield from _unprescribed_blocks(view, unprescribed)
    critical = [row for row in medicines if row.is_time_critical]
    others = [row for row in medicines if not row.is_time_critical]
    if critical:
        yield Heading(
            "TIME-CRITICAL medicines, as the source sent them: give them first and on time"
        )
        yield _medicine_table(view, critical)
    sources = [row.medicine.source for row in medicines]
    absence = list(_absence_blocks(view, MedicationRequest, sources))
    if others or absence:
        yield Heading(f"{'Other medicines' if critical else 'Medicines'}, as the source sent them")
        yield from absence
    if others:
        yield _medicine_table(view, others)


def _unprescribed_blocks(
    view: SnapshotView, doses: Sequence[MedicationAdministration]
) -> Iterator[Block]:
    """Doses that nobody can lay to a prescription: before all medicines, of which each may be one."""
    if not doses:
        return
    yield Heading("ASK BEFORE GIVING: these doses belong to no prescription here")
    yield Paragraph("Each may be a medicine of this patient under another name.", bold=True)
    rows = [(display.describe_dose(d, view.zone), d.medicine, d.route, d.performer) for d in doses]
    yield Table(_DOSE_COLUMNS, rows)


def _medicine_table(view: SnapshotView, rows: Sequence[MedicineRow]) -> Table:
    doses = view.word_unavailable(MedicationAdministration.__name__)
    copied = view.snapshot.header.created
    has_doubts = any(row.possible for row in rows)
    columns = (
        ("Medicine", 5), ("Dose, route", 3.4), ("Frequency", 3), ("Kind", 2.4),
        ("Last dose", 7 if has_doubts else 3.4), ("Next due", 2.8),
    )  # fmt: skip
    lines = [
        (
            row.medicine.medicine,
            "\n".join(filter(None, (row.medicine.dosage, row.medicine.route))),
            row.medicine.frequency,
            _word_kind(row.medicine),
            word_last_dose(row, view.zone, doses),
            word_next_due(row, view.zone, copied),
        )
        for row in rows
    ]
    return Table(columns, lines)


def _word_kind(medicine: MedicationRequest) -> str:
    is_active = medicine.status == MedicationRequestStatus.ACTIVE
    return ", ".join(filter(None, (medicine.category, "" if is_active else medicine.status)))


def _dose_blocks(view: SnapshotView, patient: str) -> Iterator[Block]:
    """What was given and not given in the 24 hours before the copy, whatever is prescribed now."""
    doses = list_last_day(view.list_doses(patient), view.snapshot.header.created)
    yield Heading("Doses of the 24 hours before this copy, newest first")
    yield from _absence_blocks(view, MedicationAdministration, [dose.source for dose in doses])
    rows = [
        (
            display.describe_dose(dose, view.zone),
            dose.medicine,
            dose.route,
            dose.performer,
        )
        for dose in doses
    ]
    if rows:
        yield Table(_DOSE_COLUMNS, rows)


def _request_blocks(view: SnapshotView, requests: Sequence[ServiceRequest]) -> Iterator[Block]:
    outstanding = [r for r in requests if r.stage in OPEN_STAGES]
    yield Heading("Tests without a result")
    yield from _absence_blocks(view, ServiceRequest, [r.source for r in outstanding])
    if missing := view.word_unavailable(DiagnosticReport.__name__):
        yield Paragraph(f"Results: {missing}; tests may be answered there.", bold=True)
    rows = [
        (
            r.display or r.code,
            r.stage,
            r.priority,
            _word_requested(view, r),
            display.format_moment(r.collected, view.zone) or "Not recorded as taken",
            r.source,
        )
        for r in outstanding
    ]
    columns = (
        ("Test", 5), ("Stage", 2), ("Priority", 2), ("Requested", 3), ("Sample taken", 3),
        ("System", 2),
    )  # fmt: skip
    if rows:
        yield Table(columns, rows)


def _word_requested(view: SnapshotView, request: ServiceRequest) -> str:
    """When it was asked for; that no order says so, where none does."""
    if request.requester.endswith(FROM_RESULT_ONLY):
        return FROM_RESULT_ONLY.capitalize()
    return display.format_moment(request.authored, view.zone)


def _result_blocks(view: SnapshotView, reports: Sequence[ReportRow]) -> Iterator[Block]:
    yield Heading(f"Results of the last {view.result_days} days, newest first")
    since = to_text(from_text(view.snapshot.header.created) - timedelta(days=view.result_days))
    recent = [row for row in reports if not row.report.issued or row.report.issued >= since]
    sources = [row.report.source for row in recent]
    yield from _absence_blocks(view, DiagnosticReport, sources)
    if rows := [row for report in recent for row in _report_rows(view, report)]:
        columns = (("Report", 5.5), ("Test", 4), ("Result", 4), ("Reference range", 3))
        yield Table(columns, rows, repeats_bold=True)
    if older := len(reports) - len(recent):
        yield Paragraph(f"{older} older report(s) are on the screen.")


def _report_rows(view: SnapshotView, row: ReportRow) -> Iterator[tuple[str, str, str, str]]:
    report = row.report
    time = display.format_moment(report.issued, view.zone) or "time not recorded"
    title = f"{report.display or report.code}\n{time}, {report.status}, {report.source}"
    if report.conclusion:
        yield title, "Conclusion", report.conclusion, ""
        title = ""
    for result in row.observations:
        parts = (
            result.value,
            display.format_units(result.units),
            result.flag and f"[{result.flag}]",
        )
        value = "\n".join(filter(None, (" ".join(filter(None, parts)), result.note)))
        yield title, result.display or result.code, value, result.reference_range
        title = ""
    if title:
        yield title, "No values were sent", "", ""


def _appointment_blocks(view: SnapshotView, appointments: Sequence[Appointment]) -> Iterator[Block]:
    today = view.snapshot.header.created[:10]
    coming = [a for a in appointments if a.start >= today]
    yield Heading("Appointments")
    yield from _absence_blocks(view, Appointment, [a.source for a in coming])
    rows = [
        (display.format_moment(a.start, view.zone), a.location, a.description or a.specialty,
         a.status)
        for a in coming
    ]  # fmt: skip
    if rows:
        yield Table((("When", 3), ("Where", 4), ("What", 6), ("Status", 2)), rows)
