"""What is printed from the snapshot: identity block, ages of the data, bed list."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.model import Encounter, Location, Patient
from downtime.pdf.flow_blocks import Block, Paragraph, Table
from downtime.snapshot.model import AllergySummary, PatientRow
from downtime.snapshot.store.opened_snapshot import Snapshot


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


def bed_list_blocks(view: SnapshotView, ward: str) -> list[Block]:
    """Every bed of a ward in order, occupied or not, with room to write."""
    rows = [_bed_row(view, *row) for row in view.snapshot.list_beds(ward)]
    columns = (
        ("Bed", 2), ("Patient", 5), ("Born", 3), ("Numbers", 3), ("Allergies and alerts", 6),
        ("Notes", 3),
    )  # fmt: skip
    empty = Paragraph("The snapshot holds no bed and no patient of this ward.", bold=True)
    return [Table(columns, rows, row_height=26.0) if rows else empty]


def _bed_row(
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
