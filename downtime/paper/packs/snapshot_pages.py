"""What is printed from the snapshot: identity block, ages of the data, bed list."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.doses import TIME_CRITICAL, PatientDoses, list_patient_doses
from downtime.clinical.identifiers import find_downtime_number
from downtime.clinical.model import (
    AllergyIntolerance,
    Encounter,
    Flag,
    Location,
    MedicationAdministration,
    Patient,
)
from downtime.clock import from_text
from downtime.outage.events.hospital_now import HospitalNow, WardNow
from downtime.outage.events.model import Event
from downtime.outage.events.registered_people import SOURCE as STAFF
from downtime.outage.events.wording import describe_event
from downtime.pdf.flow_blocks import Block, Heading, Paragraph, Table
from downtime.snapshot import availability, bed_board
from downtime.snapshot.availability import AvailabilityLine
from downtime.snapshot.bed_board import BedRow
from downtime.snapshot.model import AllergySummary, PatientRow
from downtime.snapshot.store.opened_snapshot import Snapshot

_BED_COLUMNS = (
    ("Bed", 2), ("Patient", 5), ("Born", 3.2), ("Numbers", 3.4), ("Allergies and alerts", 6),
    ("Notes", 3),
)  # fmt: skip


_ALLERGY_COLUMNS = (("Bed", 1.7), ("Patient", 4.4), ("Allergies", 14))
_MOST_ALLERGIES = 120
"""Characters of allergies that stand in a row of a list; more of them stand whole at its end."""
_FEW_ALLERGIES = 5
"""More than these are counted, so that a list that goes on elsewhere is not taken for a whole one."""


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """From where and when a page is printed."""

    snapshot: Snapshot
    zone: ZoneInfo
    now: datetime
    result_days: int
    mrn_name: str
    stale_before: str = ""
    """Time (UTC) before which data is stale."""
    time_critical: tuple[str, ...] = TIME_CRITICAL
    """Beginnings of words of medicines of which a late dose can harm."""
    medicine_names: tuple[tuple[str, str], ...] = ()
    """The site's names of medicines, each with its ingredients."""
    _medicines: dict[str, PatientDoses] = field(default_factory=dict, repr=False, compare=False)
    """By patient: a pack's list of what is due, summary and charts say the same of them."""

    def list_doses(self, patient: str) -> list[MedicationAdministration]:
        """The doses given and not given that the snapshot holds of a patient."""
        return self.snapshot.find_records(MedicationAdministration, "patient", [patient])

    def list_medicines(self, patient: str) -> PatientDoses:
        """A patient's medicines, the time-critical ones first, with the last dose of each."""
        if patient not in self._medicines:
            self._medicines[patient] = list_patient_doses(
                self.snapshot.list_medicines(patient),
                self.list_doses(patient),
                self.zone,
                self.snapshot.header.created,
                self.time_critical,
                self.medicine_names,
            )
        return self._medicines[patient]

    def word_absence(self, type_name: str, sources: Iterable[str]) -> AvailabilityLine:
        """`LIMS unavailable; Radiology: none`; `sources` are the systems of what is shown.

        Without times: they stand at the foot of each page, and a page on which nothing but they
        changed is not printed again.
        """
        systems = self.snapshot.find_availability(type_name)
        return availability.word_absence(systems, sources, self.zone)

    def word_stale(self, type_name: str) -> str:
        """`LIMS as at 02-Nov-2026 09:10, 9 h old.` of systems whose 'none' is an old one."""
        holders = self.snapshot.find_availability(type_name).holders
        return "; ".join(
            f"{holder.system} as at {display.format_moment(holder.newest, self.zone)},"
            f" {display.format_duration(self.now - from_text(holder.newest))} old"
            for holder in holders
            if holder.is_delivered and "" < holder.newest < self.stale_before
        )

    def absence_paragraph(
        self, line: AvailabilityLine, type_name: str, what: str = ""
    ) -> Paragraph:
        """What is not there; beside it, how old that is where it is stale."""
        stale = self.word_stale(type_name)
        text = f"{what}: {line.text}." if what else f"{line.text}."
        return Paragraph(text, bold=line.has_unavailable, _aside=f"{stale}." if stale else "")

    def word_unavailable(self, type_name: str) -> str:
        """`LIMS unavailable`; empty when every system that holds such records sent some."""
        return availability.word_unavailable(self.snapshot.find_availability(type_name))


def identity_values(view: SnapshotView, row: PatientRow) -> dict[str, str]:
    """The identity block of a patient's pages (CUI PAB-0016, 0034, 0049, 0064)."""
    patient = row.patient
    number = find_downtime_number(patient.identifiers)
    return ({"patient.downtime-number": number} if number else {}) | {
        "patient.name": display.format_name(patient),
        "patient.born": display.format_birth(patient, view.now.astimezone(view.zone).date()),
        "patient.gender": display.format_gender(patient),
        "patient.nhs": display.format_nhs_number(patient.nhs_number) or display.NOT_RECORDED,
        "patient.mrn": patient.mrn or display.NOT_RECORDED,
        "patient.location": format_location(row.encounter) or _word_no_stay(view),
        "patient.allergies": format_allergies(view.snapshot.summarise_allergies(patient.id)),
    }


def format_location(stay: Encounter | None) -> str:
    """`A1, bay 2, bed 4`; empty without a stay."""
    if stay is None:
        return ""
    return display.format_place(stay.ward, stay.bay, stay.bed) or display.NOT_RECORDED


def _word_no_stay(view: SnapshotView) -> str:
    stays = view.snapshot.find_availability(Encounter.__name__)
    return availability.word_place("", False, stays, "Not an inpatient")


def format_allergies(summary: AllergySummary) -> str:
    """The heading, every substance with its reaction, and the systems from which none came."""
    items = [_word_allergy(allergy) for allergy in summary.items]
    count = f" ({len(items)})" if len(items) > _FEW_ALLERGIES else ""
    text = f"{summary.heading}{count}: {'; '.join(items)}" if items else summary.heading
    if not summary.unavailable:
        return text
    missing = ", ".join(summary.unavailable)
    return f"{text} ({missing}{'' if text.endswith('unavailable') else ' unavailable'})"


def shorten_allergies(text: str) -> str:
    """As they stand in a row: a long list pushes the next patients off the page, so it follows whole below."""
    if len(text) <= _MOST_ALLERGIES:
        return text
    return f"{text.partition(':')[0].upper()}: IN FULL AT THE END OF THIS LIST"


def list_long_allergies(rows: Iterable[tuple[str, str, str]]) -> list[Block]:
    """Those that no row holds, whole, each as bed, patient, allergies; nothing where every row holds them."""
    cells = [row for row in rows if len(row[2]) > _MOST_ALLERGIES]
    return [Heading("Allergies in full"), Table(_ALLERGY_COLUMNS, cells)] if cells else []


def _word_allergy(allergy: AllergyIntolerance) -> str:
    """`Penicillin (anaphylaxis, severe)`."""
    harm = ", ".join(filter(None, (allergy.reaction, display.describe_allergy_harm(allergy))))
    return f"{allergy.substance} ({harm})" if harm else allergy.substance


def format_warnings(view: SnapshotView, patient: Patient, stay: Encounter | None = None) -> str:
    """Allergies, alerts, whether somebody has the same name and whether the patient is in another
    place too than in `stay`, for a cell of a list.
    """
    flags = view.snapshot.list_flags(patient.id)
    alerts = [flag.text for flag in flags]
    if missing := view.word_unavailable(Flag.__name__):
        alerts.append(f"Alerts: {missing}")
    if view.snapshot.find_namesakes(patient):
        alerts.append("Same name on another patient")
    if stay and (elsewhere := view.snapshot.find_elsewhere(patient.id, stay)):
        alerts.append(bed_board.word_elsewhere(elsewhere))
    allergies = format_allergies(view.snapshot.summarise_allergies(patient.id))
    return "\n".join([allergies, *(f"• {alert}" for alert in alerts)])


def format_ages(view: SnapshotView) -> str:
    """`Data as at: PAS 02-Nov-2026 14:05 · LIMS …`, each system with its newest data."""
    return "Data as at: " + " · ".join(
        f"{name} {display.format_moment(newest, view.zone)}" if newest else f"{name} unavailable"
        for name, newest in view.snapshot.list_systems()
    )


def bed_list_blocks(view: SnapshotView, hospital: HospitalNow, ward: str) -> list[Block]:
    """Every bed of a ward in order, as staff say it is, with room to write; then who is on no ward.

    Beside whom staff placed elsewhere than the snapshot does stands who said so, when, and what the
    snapshot says; whom they say is gone stands below.
    """
    now = hospital.read_ward(ward)
    rows = now.rows
    sources = {r.encounter.source for r in rows if r.encounter} - {STAFF}
    stays = view.word_absence(Encounter.__name__, sources)
    beds = view.word_absence(Location.__name__, {r.location.source for r in rows})
    counts = hospital.count_board()
    blocks: list[Block] = [
        Paragraph(
            f"{bed_board.word_counts(counts)}, as staff say now.", bold=counts.ward_unknown > 0
        )
    ]
    if stays.has_unavailable or not rows:
        line = stays._replace(has_unavailable=True)
        blocks.append(view.absence_paragraph(line, Encounter.__name__, "Who is in which bed"))
    if not rows:
        line = beds._replace(has_unavailable=True)
        blocks.append(view.absence_paragraph(line, Location.__name__, "Beds"))
    if shared := bed_board.find_beds_with_two(rows):
        names = "; ".join(_format_bed(bed) for bed in shared)
        blocks.append(Paragraph(f"Two patients in one bed: {names}. Look who is there.", bold=True))
    if rows:
        cells = [_bed_row(view, now, row) for row in rows]
        blocks.append(Table(_BED_COLUMNS, cells, row_height=26.0))
    return [*blocks, *_departed_blocks(view, now), *_ward_unknown_blocks(view)]


def _departed_blocks(view: SnapshotView, now: WardNow) -> list[Block]:
    """Whom the snapshot has on the ward, and of whom staff say that they are gone."""
    if not now.departed:
        return []
    lines = [
        f"{display.format_name(change.patient)} (copy: {format_location(change.before)}):"
        f" {describe_event(change.event, view.zone)}. {_word_source(view, change.event)}"
        for change in now.departed
    ]
    return [Heading("Gone, as staff say"), *map(Paragraph, lines)]


def _word_source(view: SnapshotView, event: Event) -> str:
    return f"Said by {event.author_name}, {display.format_moment(event.happened, view.zone)}."


def _word_staff(view: SnapshotView, now: WardNow, patient: Patient) -> str:
    """What staff said of somebody in a bed, for the notes."""
    texts = []
    if change := now.changes.get(patient.id):
        before = format_location(change.before) or "not in it"
        texts.append(f"{_word_source(view, change.event)} Copy: {before}.")
    if away := now.absent.get(patient.id):
        texts.append(f"{describe_event(away, view.zone)}. {_word_source(view, away)}")
    return "\n".join(texts)


def _ward_unknown_blocks(view: SnapshotView) -> list[Block]:
    """Who is in hospital and on no ward's list: any ward may have them."""
    rows = view.snapshot.list_inpatients("")
    if not rows:
        return []
    cells = [
        ("", *_patient_cells(view, patient, stay), format_location(stay)) for patient, stay in rows
    ]
    columns = (("", 0.2), *_BED_COLUMNS[1:-1], ("Place as sent", 3))
    return [
        Heading(f"In hospital, ward not known: {len(rows)}"),
        Paragraph("They may be here. Find out where each of them is."),
        Table(columns, cells, row_height=26.0, bold_column=1),
    ]


def _format_bed(bed: Location) -> str:
    return display.format_place("", bed.bay, bed.bed) or "No bed"


def _bed_row(view: SnapshotView, now: WardNow, row: BedRow) -> tuple[str, ...]:
    bed, patient = row.location, row.patient
    if patient is None:
        empty = "not known" if view.word_unavailable(Encounter.__name__) else "empty"
        departure = now.find_departure(row)
        freed = f"Freed. {_word_source(view, departure.event)}" if departure else ""
        return (_format_bed(bed), f"({bed.status or empty})", "", "", bed.note, freed)
    cells = _patient_cells(view, patient, row.encounter)
    return (_format_bed(bed), *cells, _word_staff(view, now, patient))


def _patient_cells(
    view: SnapshotView, patient: Patient, stay: Encounter | None
) -> tuple[str, str, str, str]:
    """Who, born, numbers, allergies and alerts."""
    number = patient.mrn or find_downtime_number(patient.identifiers)
    numbers = (display.format_nhs_number(patient.nhs_number) or "No NHS No.", number)
    who = "\n".join(filter(None, (display.format_name(patient), stay.consultant if stay else "")))
    today = view.now.astimezone(view.zone).date()
    born = display.format_birth(patient, today).replace(" (", "\n(")
    return (
        who,
        f"{born} {display.format_gender(patient)}",
        "\n".join(filter(None, numbers)),
        format_warnings(view, patient, stay),
    )
