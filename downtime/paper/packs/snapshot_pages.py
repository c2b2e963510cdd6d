"""What is printed from the snapshot: identity block, patient summary, bed list, cover."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.model import Encounter, Location, Patient, ServiceRequest
from downtime.clock import from_text, to_text
from downtime.paper.forms.prefill import NONE_SENT, NOT_DELIVERED
from downtime.pdf.flow_blocks import Block, Heading, Paragraph, Table
from downtime.snapshot.model import AllergySummary, PatientRow, ReportRow
from downtime.snapshot.store.opened_snapshot import Snapshot

_LISTED_BELOW = 160
"""Allergies longer than this many characters are not repeated above their own list."""
_OPEN = ("requested", "collected", "received", "in-progress")


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """From where and when a page is printed."""

    snapshot: Snapshot
    zone: ZoneInfo
    now: datetime
    result_days: int
    mrn_name: str


def identity_values(view: SnapshotView, row: PatientRow) -> dict[str, str]:
    """The identity block of a patient's pages (CUI PAB-0016, 0034, 0049, 0064)."""
    patient = row.patient
    return {
        "patient.name": display.format_name(patient),
        "patient.born": display.format_birth(patient, view.now.astimezone(view.zone).date()),
        "patient.gender": display.format_gender(patient),
        "patient.nhs": display.format_nhs_number(patient.nhs_number) or display.NOT_RECORDED,
        "patient.mrn": patient.mrn or display.NOT_RECORDED,
        "patient.location": format_location(row.encounter),
        "patient.allergies": format_allergies(view.snapshot.summarise_allergies(patient.id)),
    }


def summary_identity_values(view: SnapshotView, row: PatientRow) -> dict[str, str]:
    """The identity block of a summary, which lists all allergies below it."""
    values = identity_values(view, row)
    allergies = view.snapshot.summarise_allergies(row.patient.id)
    if len(values["patient.allergies"]) > _LISTED_BELOW:
        values["patient.allergies"] = (
            f"{allergies.heading}: {len(allergies.items)}, all listed below"
        )
    return values


def format_location(stay: Encounter | None) -> str:
    """`A1, bay 2, bed 4`."""
    if stay is None:
        return "Not an inpatient"
    parts = [stay.ward, stay.bay and f"bay {stay.bay}", stay.bed and f"bed {stay.bed}"]
    return ", ".join(part for part in parts if part) or display.NOT_RECORDED


def format_allergies(summary: AllergySummary) -> str:
    """The heading, and after it every substance with its reaction."""
    items = [f"{a.substance} ({a.reaction})" if a.reaction else a.substance for a in summary.items]
    return f"{summary.heading}: {'; '.join(items)}" if items else summary.heading


def format_ages(view: SnapshotView) -> str:
    """`Data as at: PAS 02-Nov-2026 14:05 · LIMS …`, each system with its newest data."""
    return "Data as at: " + " · ".join(
        f"{name} {display.format_moment(newest, view.zone)}" if newest else f"{name} unavailable"
        for name, newest in view.snapshot.list_systems()
    )


# The patient summary


def summary_blocks(view: SnapshotView, row: PatientRow) -> list[Block]:
    """All that the snapshot holds of one patient that a ward needs on paper."""
    pid = row.patient.id
    return [
        *_warnings(view, row),
        *_stay(view, row.encounter),
        *_allergies(view.snapshot.summarise_allergies(pid)),
        *_medicines(view, pid),
        *_outstanding(view, view.snapshot.list_requests(pid)),
        *_results(view, view.snapshot.list_reports(pid)),
        *_appointments(view, pid),
    ]


def _warnings(view: SnapshotView, row: PatientRow) -> Iterator[Block]:
    if view.snapshot.find_namesakes(row.patient):
        yield Paragraph(SAME_NAME, bold=True, size=10.5)
    yield Heading("Alerts")
    if not view.snapshot.has_type("Flag"):
        yield Paragraph("Alerts unavailable: no system delivered them.", bold=True)
        return
    flags = view.snapshot.list_flags(row.patient.id)
    yield Paragraph("\n".join(f"• {flag.text}" for flag in flags) or NONE_SENT, bold=bool(flags))


SAME_NAME = "Same name: another inpatient has this name. Check date of birth and number every time."


def _stay(view: SnapshotView, stay: Encounter | None) -> Iterator[Block]:
    if stay is None:
        return
    yield Heading("This stay")
    cells = (
        display.format_moment(stay.started, view.zone) or display.NOT_RECORDED,
        stay.consultant or display.NOT_RECORDED,
        stay.specialty or display.NOT_RECORDED,
        stay.reason or display.NOT_RECORDED,
    )
    yield Table((("Admitted", 3), ("Consultant", 4), ("Specialty", 3), ("Reason", 6)), [cells])


def _allergies(summary: AllergySummary) -> Iterator[Block]:
    yield Heading(summary.heading)
    if summary.items:
        rows = [(a.substance, a.reaction, a.severity, a.category) for a in summary.items]
        columns = (("Substance", 4), ("Reaction", 5), ("Severity", 2), ("Category", 2))
        yield Table(columns, rows)


def _medicines(view: SnapshotView, pid: str) -> Iterator[Block]:
    """Medicines exactly as the source sent them: never re-cased, re-worded or shortened."""
    yield Heading("Medicines, as the source sent them")
    if not view.snapshot.has_type("MedicationRequest"):
        yield Paragraph(NOT_DELIVERED, bold=True)
        return
    rows = [
        (
            m.medicine,
            m.dosage,
            m.route,
            m.frequency,
            ", ".join(filter(None, (m.category, m.status))),
        )
        for m in view.snapshot.list_medicines(pid)
    ]
    if not rows:
        yield Paragraph(NONE_SENT)
        return
    columns = (("Medicine", 5), ("Dose", 3), ("Route", 3), ("Frequency", 3.5), ("Kind", 3))
    yield Table(columns, rows)


def _outstanding(view: SnapshotView, requests: Sequence[ServiceRequest]) -> Iterator[Block]:
    yield Heading("Tests without a result")
    if not view.snapshot.has_type("ServiceRequest"):
        yield Paragraph("Requests unavailable: no system delivered them.", bold=True)
        return
    rows = [
        (
            r.display or r.code,
            r.stage,
            r.priority,
            display.format_moment(r.authored, view.zone),
            display.format_moment(r.collected, view.zone) or "Not recorded as taken",
            r.source,
        )
        for r in requests
        if r.stage in _OPEN
    ]
    if not rows:
        yield Paragraph(NONE_SENT)
        return
    columns = (
        ("Test", 5), ("Stage", 2), ("Priority", 2), ("Requested", 3), ("Sample taken", 3),
        ("System", 2),
    )  # fmt: skip
    yield Table(columns, rows)


def _results(view: SnapshotView, reports: Sequence[ReportRow]) -> Iterator[Block]:
    yield Heading(f"Results of the last {view.result_days} days, newest first")
    if not view.snapshot.has_type("DiagnosticReport"):
        yield Paragraph("Results unavailable: no system delivered them.", bold=True)
        return
    since = to_text(from_text(view.snapshot.header.created) - timedelta(days=view.result_days))
    rows = [
        row for report in reports if report.report.issued >= since for row in _report(view, report)
    ]
    if rows:
        columns = (("Report", 5.5), ("Test", 4), ("Result", 4), ("Reference range", 3))
        yield Table(columns, rows, repeats_bold=True)
    else:
        yield Paragraph(NONE_SENT)
    if older := sum(report.report.issued < since for report in reports):
        yield Paragraph(f"{older} older report(s) are on the screen.")


def _report(view: SnapshotView, row: ReportRow) -> Iterator[tuple[str, str, str, str]]:
    report = row.report
    when = display.format_moment(report.issued, view.zone)
    title = f"{report.display or report.code}\n{when}, {report.status}, {report.source}"
    if report.conclusion:
        yield title, "Conclusion", report.conclusion, ""
        title = ""
    for observation in row.observations:
        value = " ".join(
            filter(
                None,
                (
                    observation.value,
                    observation.units,
                    observation.flag and f"[{observation.flag}]",
                ),
            )
        )
        value = "\n".join(filter(None, (value, observation.note)))
        yield title, observation.display or observation.code, value, observation.reference_range
        title = ""
    if title:
        yield title, "No values were sent", "", ""


def _appointments(view: SnapshotView, pid: str) -> Iterator[Block]:
    coming = [
        a
        for a in view.snapshot.list_appointments(pid)
        if a.start >= view.snapshot.header.created[:10]
    ]
    if not coming:
        return
    yield Heading("Appointments")
    rows = [
        (
            display.format_moment(a.start, view.zone),
            a.location,
            a.description or a.specialty,
            a.status,
        )
        for a in coming
    ]
    yield Table((("When", 3), ("Where", 4), ("What", 6), ("Status", 2)), rows)


# Lists


def bed_list_blocks(view: SnapshotView, ward: str) -> list[Block]:
    """Every bed of a ward in order, occupied or not, with room to write."""
    rows = [_bed(view, *row) for row in view.snapshot.list_beds(ward)]
    columns = (
        ("Bed", 2), ("Patient", 5), ("Born", 3), ("Numbers", 3), ("Allergies and alerts", 6),
        ("Notes", 3),
    )  # fmt: skip
    empty = Paragraph("The snapshot holds no bed and no patient of this ward.", bold=True)
    return [Table(columns, rows, row_height=26.0) if rows else empty]


def _bed(
    view: SnapshotView, bed: Location, patient: Patient | None, stay: Encounter | None
) -> tuple[str, ...]:
    parts = [bed.bed] if bed.bed.startswith(bed.bay) else [bed.bay, bed.bed]
    place = " ".join(part for part in parts if part) or "No bed"
    if patient is None:
        return (place, f"({bed.status or 'empty'})", "", "", bed.note, "")
    alerts = [format_allergies(view.snapshot.summarise_allergies(patient.id))]
    alerts += [f"• {flag.text}" for flag in view.snapshot.list_flags(patient.id)]
    alerts += ["• Same name on another patient"] if view.snapshot.find_namesakes(patient) else []
    numbers = (display.format_nhs_number(patient.nhs_number) or "No NHS No.", patient.mrn)
    who = "\n".join(filter(None, (display.format_name(patient), stay.consultant if stay else "")))
    today = view.now.astimezone(view.zone).date()
    return (
        place,
        who,
        f"{display.format_birth(patient, today).replace(' (', chr(10) + '(')} {display.format_gender(patient)}",
        "\n".join(filter(None, numbers)),
        "\n".join(alerts),
        "",
    )


# The cover


@dataclass(frozen=True, slots=True)
class ContentsLine:
    """One line of a cover's contents."""

    what: str
    copies: int
    pages: int


def cover_blocks(
    view: SnapshotView | None,
    titles: Mapping[str, str],
    contents: Sequence[ContentsLine],
    drill: bool,
    changes: Sequence[tuple[str, str, str]] = (),
) -> list[Block]:
    """Contents, how old the data is by system, and what to do; pages to be taken out come first."""
    pages = sum(content.pages for content in contents)
    rows = [(c.what, str(c.copies), str(c.pages)) for c in contents]
    blocks: list[Block] = [Paragraph(DRILL_WORDS, bold=True, size=12)] if drill else []
    blocks.append(Table((("", 2), ("", 8)), list(titles.items())))
    if changes:
        columns = (("Supersedes page", 3), ("Put in instead", 3), ("Why", 6))
        blocks += [Heading("Take these pages out"), Table(columns, changes)]
    if view is not None:
        blocks += [Heading("How old the data is"), Table(_AGE_COLUMNS, _ages(view))]
    blocks += [Heading("What to do")]
    steps = [(str(number), step) for number, step in enumerate(STEPS, 1)]
    blocks.append(Table((("", 1), ("", 24)), steps))
    blocks += [
        Heading("Contents"),
        Table(_CONTENT_COLUMNS, [*rows, ("All pages after this cover", "", str(pages))]),
    ]
    return blocks


_AGE_COLUMNS = (("System", 3), ("Newest data", 4), ("Age when printed", 4))
_CONTENT_COLUMNS = (("What", 8), ("Copies", 2), ("Pages", 2))
DRILL_WORDS = "THIS IS A DRILL. Do not use these pages for the care of a patient."
STEPS = (
    "Check that the pages are those of your ward, and that the times above are the newest you can get.",
    "Put each patient's pages at the bedside or in the notes. Check name and date of birth against"
    " the wristband before every use.",
    "Write the time at which things really happen. Sign, print your name and role on every form.",
    "New patient: take one set of blank forms. Its downtime number stays with the patient until a"
    " hospital number is given; write it on the wristband. Never use a number twice.",
    "Results by telephone: use the phoned result form, and read everything back.",
    "Group and save: hand-write the tube at the bedside, never a printed label.",
    "Throw nothing away. Every numbered form comes back, also spoilt and unused ones: hand them in"
    " when the systems return.",
)


def _ages(view: SnapshotView) -> list[tuple[str, str, str]]:
    return [
        (
            name,
            display.format_moment(newest, view.zone) if newest else "Unavailable",
            display.format_duration(view.now - from_text(newest))
            if newest
            else "No data was delivered",
        )
        for name, newest in view.snapshot.list_systems()
    ]
