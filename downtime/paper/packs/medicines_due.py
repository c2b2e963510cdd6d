"""The medicines of a ward that are due in the next hours: who must be given what first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from downtime.clinical import display
from downtime.clinical.doses import PatientDoses, list_last_day
from downtime.clinical.due_medicines import DueMedicine, list_due_medicines
from downtime.clinical.identifiers import find_downtime_number
from downtime.clinical.model import Encounter, MedicationAdministration, MedicationRequest
from downtime.clock import from_text, to_text
from downtime.paper.forms.medicine_words import NOT_CERTAIN, word_last_dose
from downtime.paper.model import PackKind, Subject
from downtime.paper.packs.model import PackPlan, PrintDocument, RequestKind
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest, PrintScope
from downtime.paper.packs.snapshot_pages import (
    SnapshotView,
    format_allergies,
    list_long_allergies,
    shorten_allergies,
)
from downtime.paper.packs.superseded_pages import NO_SUCCESSION, ON_MEDICINES_DUE, Succession
from downtime.pdf.flow_blocks import Block, Heading, Paragraph, Table
from downtime.snapshot.model import PatientRow

MEDICINES_DUE = "medicines-due"
"""What the ledger calls the list."""
MEDICINES_DUE_TITLE = "Medicines due"
NOT_LISTED = (
    "Times are those prescribed, or counted from the last dose that was sent; doses given since the copy are not known"
    " here: look at the chart. Not on this list: as-required medicines, and those on hold or stopped."
)
MAY_BE_GIVEN = "MAY HAVE BEEN GIVEN ALREADY: ask before you give"
OF_NO_PRESCRIPTION = "Doses of the day before the copy that belong to no prescription here"
_DOUBTFUL_COLUMNS = (
    ("Due", 2.3), ("Bed", 1.9), ("Patient", 4.1), ("Allergies", 3.4), ("Medicine", 3.8),
    ("Dose", 3), ("Last dose", 7.6),
)  # fmt: skip
_DOSE_COLUMNS = (("Bed", 1.7), ("Patient", 4.4), ("Given", 10))
_COLUMNS = (
    ("Due", 2.4), ("Bed", 1.7), ("Patient", 4.4), ("Allergies", 3.6), ("Medicine", 4.4),
    ("Dose", 3.8), ("Last dose", 3.2),
)  # fmt: skip


class DueLine(NamedTuple):
    """One medicine of one patient, each part as lines of text."""

    row: PatientRow
    bed: str
    allergies: str
    due: DueMedicine
    when: str
    """`18:00`, or `was due 14:00`."""
    is_late: bool
    dose: str
    last_dose: str

    @property
    def is_time_critical(self) -> bool:
        """Whether a late dose can harm."""
        return self.due.row.is_time_critical


class UnprescribedDoses(NamedTuple):
    """Doses of the day before the copy that belong to no prescription of a patient, as lines of text."""

    row: PatientRow
    doses: str


@dataclass(frozen=True, slots=True)
class WardMedicines:
    """What is due on a ward as staff say it is now, the time-critical and then the earliest first."""

    until: str
    """`18:00`, the end of the hours that are looked at."""
    is_known: bool
    """Whether every system that holds medicines sent some, and everybody is in the copy."""
    warnings: tuple[str, ...]
    """What is missing or old, each a sentence that must be seen first."""
    critical: tuple[DueLine, ...] = ()
    doubtful: tuple[DueLine, ...] = ()
    """Of which a dose may have been given already: never plainly due."""
    others: tuple[DueLine, ...] = ()
    unprescribed: tuple[UnprescribedDoses, ...] = ()
    unknown: tuple[DueLine, ...] = ()
    """Of which nothing says when they are due."""
    without: tuple[PatientRow, ...] = ()
    """Patients of whom the copy holds no medicine."""

    @property
    def summary(self) -> str:
        """`5 medicines due by 18:00, 2 of them time-critical`; nothing is 'none' that is not known."""
        timed = [line for line in self.doubtful if line.due.times]
        count = len(self.critical) + len(self.others) + len(timed)
        if not count:
            known = f"No medicine due by {self.until}, as the copy says"
            return (
                known if self.is_known else f"Not known whether medicines are due by {self.until}"
            )
        least = "" if self.is_known else "At least "
        plural = "" if count == 1 else "s"
        critical = len(self.critical) + sum(line.is_time_critical for line in timed)
        marked = f", {critical} of them time-critical" if critical else ""
        asked = f"; of {len(timed)} a dose may have been given already" if timed else ""
        return f"{least}{count} medicine{plural} due by {self.until}{marked}{asked}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicinesDue(PrintRequest):
    """Print the medicines of a ward that are due in the next hours."""

    kind: ClassVar[RequestKind] = RequestKind.MEDICINES_DUE
    title: ClassVar[str] = MEDICINES_DUE_TITLE
    ward: str

    @property
    def scope(self) -> PrintScope:
        """That ward."""
        return PrintScope((self.ward,))

    def plan(self, context: PrintContext) -> PackPlan:
        """One list, also where nothing is due: it says so, or that it is not known."""
        document = medicines_due_document(context, self.ward)
        name = f"medicines-due_{self.ward}"
        return context.snapshot_plan(
            PackKind.MEDICINES_DUE, document.draft.title, name, [document], [self.ward]
        )


def medicines_due_document(
    context: PrintContext, ward: str, succession: Succession = NO_SUCCESSION
) -> PrintDocument:
    """The list of one ward."""
    return context.list_document(
        MEDICINES_DUE,
        f"{MEDICINES_DUE_TITLE}: {ward}",
        Subject(),
        ward,
        lambda: ({}, _list_blocks(context.view, read_ward_medicines(context, ward))),
        types=ON_MEDICINES_DUE,
        succession=succession,
    )


def list_pack_documents(
    context: PrintContext, ward: str, succession: Succession = NO_SUCCESSION
) -> list[PrintDocument]:
    """The list in a ward's pack: none where no system ever sent a medicine."""
    medicines = context.view.snapshot.find_availability(MedicationRequest.__name__)
    return [medicines_due_document(context, ward, succession)] if medicines.is_delivered else []


def read_ward_medicines(context: PrintContext, ward: str) -> WardMedicines:
    """What is due on a ward within `paper.medicines_due_hours` of now."""
    view, hours = context.view, context.settings.paper.medicines_due_hours
    stays = context.hospital.list_stays(ward)
    newcomers = [row for row in stays if row.patient.id in context.hospital.registered]
    listed = [row for row in stays if row not in newcomers]
    known = {row.patient.id: view.list_medicines(row.patient.id) for row in listed}
    medicines = {patient: known[patient].rows for patient in known}
    has_doses = view.snapshot.find_availability(MedicationAdministration.__name__).is_known
    lines = [
        _make_line(view, row, due)
        for row in listed
        for due in list_due_medicines(
            medicines[row.patient.id], view.now, hours, view.zone, has_doses
        )
    ]
    certain = [line for line in lines if not line.due.row.possible]
    timed = sorted((line for line in certain if line.due.times), key=lambda line: line.due.times[0])
    unknown = (line for line in certain if not line.due.times)
    doubtful = (line for line in lines if line.due.row.possible)
    sources = {m.medicine.source for rows in medicines.values() for m in rows}
    medicines_sent = view.snapshot.find_availability(MedicationRequest.__name__)
    stays_sent = view.snapshot.find_availability(Encounter.__name__)
    return WardMedicines(
        until=_word_time(view, to_text(view.now + timedelta(hours=hours))),
        is_known=medicines_sent.is_known and stays_sent.is_known and not newcomers,
        warnings=(
            *_word_stays(context),
            *_word_gaps(view, sources),
            *_word_newcomers(newcomers),
        ),
        critical=tuple(line for line in timed if line.is_time_critical),
        doubtful=tuple(
            sorted(
                doubtful,
                key=lambda line: (not line.is_time_critical, not line.due.times, line.due.times),
            )
        ),
        others=tuple(line for line in timed if not line.is_time_critical),
        unprescribed=tuple(_list_unprescribed(view, listed, known)),
        unknown=tuple(sorted(unknown, key=lambda line: not line.is_time_critical)),
        without=tuple(row for row in listed if not medicines[row.patient.id]),
    )


def _list_unprescribed(
    view: SnapshotView, rows: Sequence[PatientRow], known: Mapping[str, PatientDoses]
) -> Iterator[UnprescribedDoses]:
    for row in rows:
        doses = list_last_day(known[row.patient.id].unprescribed, view.snapshot.header.created)
        if doses:
            texts = (f"{d.medicine}: {display.describe_dose(d, view.zone)}" for d in doses)
            yield UnprescribedDoses(row, "\n".join(texts))


def _make_line(view: SnapshotView, row: PatientRow, due: DueMedicine) -> DueLine:
    medicine = due.row.medicine
    now = to_text(view.now)
    times = [f"{'was due ' * (time < now)}{_word_time(view, time)}" for time in due.times]
    if times and due.row.possible:
        times.append(NOT_CERTAIN)
    return DueLine(
        row=row,
        bed=_word_bed(row),
        allergies=format_allergies(view.snapshot.summarise_allergies(row.patient.id)),
        due=due,
        when="\n".join(times),
        is_late=bool(due.times) and due.times[0] < now,
        dose="\n".join(filter(None, (medicine.dosage, medicine.route, medicine.frequency))),
        last_dose=word_last_dose(
            due.row, view.zone, view.word_unavailable(MedicationAdministration.__name__)
        ),
    )


def _word_bed(row: PatientRow) -> str:
    stay = row.encounter
    return (display.format_place("", stay.bay, stay.bed) if stay else "") or "No bed"


def _word_time(view: SnapshotView, time: str) -> str:
    """`18:00` of today, else with its day."""
    is_today = _day(view, from_text(time)) == _day(view, view.now)
    word = display.format_clock_time if is_today else display.format_moment
    return word(time, view.zone)


def _day(view: SnapshotView, moment: datetime) -> str:
    return moment.astimezone(view.zone).date().isoformat()


def _word_stays(context: PrintContext) -> Iterator[str]:
    """That somebody may lie here of whom the copy does not say so."""
    if unsent := context.view.word_unavailable(Encounter.__name__):
        yield f"Who is on the ward: {unsent}. Others may be here who need a medicine."
    counts = context.hospital.count_board()
    if counts.ward_unknown:
        yield f"In hospital, ward not known: {counts.ward_unknown}. They may be here."


def _word_gaps(view: SnapshotView, sources: set[str]) -> Iterator[str]:
    """What no system sent, and what is old: either may hide a dose that is due."""
    medicines, doses = MedicationRequest.__name__, MedicationAdministration.__name__
    line = view.word_absence(medicines, sources)
    if line.has_unavailable:
        yield f"Medicines: {line.text}. Some may be due that are not on this list."
    if stale := view.word_stale(medicines):
        yield f"Medicines: {stale}. What was prescribed or stopped since is not here."
    if unsent := view.word_unavailable(doses):
        yield f"Doses given: {unsent}. What stands here as due may have been given."
    if (stale_doses := view.word_stale(doses)) and stale_doses != stale:
        yield f"Doses given: {stale_doses}. What stands here as due may have been given."


def _word_newcomers(rows: Sequence[PatientRow]) -> Iterator[str]:
    if rows:
        names = "; ".join(display.format_name(row.patient) for row in rows)
        yield f"Registered here, medicines not known: {names}. Look at their charts."


def _list_blocks(view: SnapshotView, ward: WardMedicines) -> list[Block]:
    blocks: list[Block] = [Paragraph(text, bold=True) for text in ward.warnings]
    blocks += [
        Paragraph(f"{ward.summary}.", bold=True),
        Paragraph(f"This list ends at {ward.until}: then print a new one, or look at the charts."),
        Paragraph(NOT_LISTED),
    ]
    for heading, lines in (
        ("TIME-CRITICAL: give these first and on time", ward.critical),
        (MAY_BE_GIVEN, ward.doubtful),
        ("Other medicines due" if ward.critical else "Medicines due", ward.others),
        ("Nothing says when: look at the chart", ward.unknown),
    ):
        if lines:
            cells = [_word_cells(view, line) for line in lines]
            is_doubtful = lines is ward.doubtful
            columns = _DOUBTFUL_COLUMNS if is_doubtful else _COLUMNS
            bold = len(columns) - 1 if is_doubtful else 0
            blocks += [Heading(heading), Table(columns, cells, bold_column=bold)]
    if ward.unprescribed:
        cells = [(_word_bed(u.row), _word_who(view, u.row), u.doses) for u in ward.unprescribed]
        blocks += [Heading(OF_NO_PRESCRIPTION), Table(_DOSE_COLUMNS, cells)]
    if ward.without:
        names = "; ".join(display.format_name(row.patient) for row in ward.without)
        blocks += [Heading("No medicine in the copy"), Paragraph(names)]
    return [*blocks, *_list_allergies(view, ward)]


def _list_allergies(view: SnapshotView, ward: WardMedicines) -> list[Block]:
    lines = (*ward.critical, *ward.doubtful, *ward.others, *ward.unknown)
    by_patient = {line.row.patient.id: line for line in lines}
    return list_long_allergies(
        (line.bed, _word_who(view, line.row), line.allergies) for line in by_patient.values()
    )


def _word_cells(view: SnapshotView, line: DueLine) -> tuple[str, ...]:
    medicine = line.due.row.medicine
    mark = "TIME-CRITICAL" if line.is_time_critical else ""
    return (
        line.when or "not known",
        line.bed,
        _word_who(view, line.row),
        shorten_allergies(line.allergies),
        "\n".join(filter(None, (medicine.medicine, mark))),
        line.dose,
        line.last_dose,
    )


def _word_who(view: SnapshotView, row: PatientRow) -> str:
    patient = row.patient
    born = display.format_birth(patient, view.now.astimezone(view.zone).date())
    number = display.format_nhs_number(patient.nhs_number) or patient.mrn
    who = (display.format_name(patient), born, number or find_downtime_number(patient.identifiers))
    return "\n".join(filter(None, who))
