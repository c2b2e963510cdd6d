"""The patient summary: first everything that the snapshot holds of one patient, then its pages."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple, TypeVar

from downtime.clinical import display
from downtime.clinical.model import (
    OPEN_STAGES,
    Appointment,
    Encounter,
    Flag,
    MedicationRequest,
    ServiceRequest,
)
from downtime.clock import from_text, to_text
from downtime.paper.forms.prefill import NONE_SENT, NOT_DELIVERED
from downtime.paper.packs.snapshot_pages import SnapshotView, identity_values
from downtime.pdf.flow_blocks import Block, Heading, Paragraph, Table
from downtime.snapshot.model import AllergySummary, PatientRow, ReportRow
from downtime.snapshot.store.opened_snapshot import Snapshot

SAME_NAME = "Same name: another inpatient has this name. Check date of birth and number every time."
_LISTED_BELOW = 160
"""Allergies longer than this many characters are not repeated above their own list."""
_Columns = tuple[tuple[str, float], ...]
_Item = TypeVar("_Item")


class PatientChart(NamedTuple):
    """What a ward needs of one patient on paper; None for what no system delivered."""

    row: PatientRow
    has_namesake: bool
    allergies: AllergySummary
    flags: Sequence[Flag] | None
    medicines: Sequence[MedicationRequest] | None
    requests: Sequence[ServiceRequest] | None
    reports: Sequence[ReportRow] | None
    appointments: Sequence[Appointment]


def fetch_chart(snapshot: Snapshot, row: PatientRow) -> PatientChart:
    """Everything that the summary shows."""

    def delivered(record_type: str, items: list[_Item]) -> list[_Item] | None:
        return items if snapshot.has_type(record_type) else None

    patient = row.patient.id
    return PatientChart(
        row=row,
        has_namesake=bool(snapshot.find_namesakes(row.patient)),
        allergies=snapshot.summarise_allergies(patient),
        flags=delivered("Flag", snapshot.list_flags(patient)),
        medicines=delivered("MedicationRequest", snapshot.list_medicines(patient)),
        requests=delivered("ServiceRequest", snapshot.list_requests(patient)),
        reports=delivered("DiagnosticReport", snapshot.list_reports(patient)),
        appointments=snapshot.list_appointments(patient),
    )


def summary_content(view: SnapshotView, row: PatientRow) -> tuple[dict[str, str], list[Block]]:
    """Identity block and body of a summary, which lists all allergies below it."""
    chart = fetch_chart(view.snapshot, row)
    values = identity_values(view, row)
    if len(values["patient.allergies"]) > _LISTED_BELOW:
        count = f"{len(chart.allergies.items)}, all listed below"
        values["patient.allergies"] = f"{chart.allergies.heading}: {count}"
    return values, [
        *_warning_blocks(chart),
        *_stay_blocks(view, chart.row.encounter),
        *_allergy_blocks(chart.allergies),
        *_medicine_blocks(chart.medicines),
        *_request_blocks(view, chart.requests),
        *_result_blocks(view, chart.reports),
        *_appointment_blocks(view, chart.appointments),
    ]


def _warning_blocks(chart: PatientChart) -> Iterator[Block]:
    if chart.has_namesake:
        yield Paragraph(SAME_NAME, bold=True, size=10.5)
    yield Heading("Alerts")
    if chart.flags is None:
        yield Paragraph("Alerts unavailable: no system delivered them.", bold=True)
        return
    alerts = "\n".join(f"• {flag.text}" for flag in chart.flags)
    yield Paragraph(alerts or NONE_SENT, bold=bool(alerts))


def _stay_blocks(view: SnapshotView, stay: Encounter | None) -> Iterator[Block]:
    if stay is None:
        return
    yield Heading("This stay")
    started = display.format_moment(stay.started, view.zone)
    cells = (started, stay.consultant, stay.specialty, stay.reason)
    columns = (("Admitted", 3), ("Consultant", 4), ("Specialty", 3), ("Reason", 6))
    yield Table(columns, [tuple(cell or display.NOT_RECORDED for cell in cells)])


def _allergy_blocks(summary: AllergySummary) -> Iterator[Block]:
    yield Heading(summary.heading)
    if summary.items:
        rows = [(a.substance, a.reaction, a.severity, a.category) for a in summary.items]
        columns = (("Substance", 4), ("Reaction", 5), ("Severity", 2), ("Category", 2))
        yield Table(columns, rows)


def _section_blocks(
    heading: str, columns: _Columns, rows: Sequence[tuple[str, ...]] | None, unavailable: str
) -> Iterator[Block]:
    """A table under its heading, or the sentence why there is none."""
    yield Heading(heading)
    if rows is None:
        yield Paragraph(unavailable, bold=True)
    else:
        yield Table(columns, rows) if rows else Paragraph(NONE_SENT)


def _medicine_blocks(medicines: Sequence[MedicationRequest] | None) -> Iterator[Block]:
    """Medicines exactly as the source sent them: never re-cased, re-worded or shortened."""
    rows = None if medicines is None else [
        (m.medicine, m.dosage, m.route, m.frequency,
         ", ".join(filter(None, (m.category, m.status))))
        for m in medicines
    ]  # fmt: skip
    columns = (("Medicine", 5), ("Dose", 3), ("Route", 3), ("Frequency", 3.5), ("Kind", 3))
    return _section_blocks("Medicines, as the source sent them", columns, rows, NOT_DELIVERED)


def _request_blocks(
    view: SnapshotView, requests: Sequence[ServiceRequest] | None
) -> Iterator[Block]:
    rows = (
        None
        if requests is None
        else [
            (
                r.display or r.code,
                r.stage,
                r.priority,
                display.format_moment(r.authored, view.zone),
                display.format_moment(r.collected, view.zone) or "Not recorded as taken",
                r.source,
            )
            for r in requests
            if r.stage in OPEN_STAGES
        ]
    )
    columns = (
        ("Test", 5), ("Stage", 2), ("Priority", 2), ("Requested", 3), ("Sample taken", 3),
        ("System", 2),
    )  # fmt: skip
    unavailable = "Requests unavailable: no system delivered them."
    return _section_blocks("Tests without a result", columns, rows, unavailable)


def _result_blocks(view: SnapshotView, reports: Sequence[ReportRow] | None) -> Iterator[Block]:
    yield Heading(f"Results of the last {view.result_days} days, newest first")
    if reports is None:
        yield Paragraph("Results unavailable: no system delivered them.", bold=True)
        return
    since = to_text(from_text(view.snapshot.header.created) - timedelta(days=view.result_days))
    recent = [report for report in reports if report.report.issued >= since]
    if rows := [row for report in recent for row in _report_rows(view, report)]:
        columns = (("Report", 5.5), ("Test", 4), ("Result", 4), ("Reference range", 3))
        yield Table(columns, rows, repeats_bold=True)
    else:
        yield Paragraph(NONE_SENT)
    if older := len(reports) - len(recent):
        yield Paragraph(f"{older} older report(s) are on the screen.")


def _report_rows(view: SnapshotView, row: ReportRow) -> Iterator[tuple[str, str, str, str]]:
    report = row.report
    time = display.format_moment(report.issued, view.zone)
    title = f"{report.display or report.code}\n{time}, {report.status}, {report.source}"
    if report.conclusion:
        yield title, "Conclusion", report.conclusion, ""
        title = ""
    for result in row.observations:
        parts = (result.value, result.units, result.flag and f"[{result.flag}]")
        value = "\n".join(filter(None, (" ".join(filter(None, parts)), result.note)))
        yield title, result.display or result.code, value, result.reference_range
        title = ""
    if title:
        yield title, "No values were sent", "", ""


def _appointment_blocks(view: SnapshotView, appointments: Sequence[Appointment]) -> Iterator[Block]:
    today = view.snapshot.header.created[:10]
    rows = [
        (display.format_moment(a.start, view.zone), a.location, a.description or a.specialty,
         a.status)
        for a in appointments
        if a.start >= today
    ]  # fmt: skip
    if rows:
        yield Heading("Appointments")
        yield Table((("When", 3), ("Where", 4), ("What", 6), ("Status", 2)), rows)
