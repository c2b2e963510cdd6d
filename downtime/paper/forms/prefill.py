"""What the snapshot prints into a form, as its definition asks (`prefill`).

A repeating group asks for records, one a row (`medicines.regular`), and its fields for fields of
such a record (`medicine.dosage`). Records that do not fit go to further sheets of the same form,
never away. Medicines are printed exactly as the source sent them.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.model import (
    Appointment,
    Encounter,
    MedicationRequest,
    MedicationRequestCategory,
    MedicationRequestStatus,
    Patient,
    Record,
)
from downtime.paper.forms.model import FieldType, FormDefinition, FormItem
from downtime.snapshot.availability import ANY_AGE, word_absence, word_unavailable
from downtime.snapshot.model import AppointmentRow, PatientRow
from downtime.snapshot.store.opened_snapshot import Snapshot

MEDICINE_KINDS = ("regular", "as-required", "once-only", "infusion")
APPOINTMENTS = "appointments"
"""Rows of a clinic's or theatre's list: `appointment.…`, `patient.…` and, whole, `patient.name`."""
NOT_ON_WARD = (MedicationRequestCategory.DISCHARGE, MedicationRequestCategory.COMMUNITY)
"""Medicines that are on no chart of a ward: given there they would be given twice."""
MEDICINES = tuple(f"medicines.{kind}" for kind in MEDICINE_KINDS)
ROWS = (*MEDICINES, APPOINTMENTS)
NAME = "patient.name"
SESSION = ("session.location", "session.day", "session.practitioner")
NUMBER, AS_AT, ON_HOLD, WARD = SHEET = ("sheet.number", "sheet.as-at", "sheet.held", "sheet.ward")
"""Of the sheet itself: `2 of 3`; newest data of the medicines' system; medicines under way that
are not active and so not listed, such as those on hold; the ward."""
_RECORDS: dict[str, type[Record]] = {"patient": Patient, "encounter": Encounter}
_IN_ROWS: dict[str, type[Record]] = {
    "medicine": MedicationRequest,
    "appointment": Appointment,
    "patient": Patient,
}
_ACTIVE = (MedicationRequestStatus.ACTIVE, "")
_FINISHED = (
    MedicationRequestStatus.COMPLETED,
    MedicationRequestStatus.STOPPED,
    MedicationRequestStatus.CANCELLED,
    MedicationRequestStatus.ENTERED_IN_ERROR,
)


class _Chart(NamedTuple):
    """The medicines of one kind: those listed, and those that must not be given as they are."""

    listed: list[MedicationRequest]
    on_hold: list[MedicationRequest]


def is_known_source(word: str, *, of_rows: bool = False, in_rows: bool = False) -> bool:
    """Whether a definition may ask for it: of a group's rows, of a field in such a row, or alone."""
    if of_rows:
        return word in ROWS
    record, _, name = word.partition(".")
    if in_rows:
        row = _IN_ROWS.get(record)
        return word == NAME or (row is not None and name in row.__dataclass_fields__)
    kind = _RECORDS.get(record)
    return word in (*SHEET, *SESSION) or (kind is not None and name in kind.__dataclass_fields__)


def blank_values(form: FormDefinition, ward: str) -> dict[str, str]:
    """What is printed on a blank of a ward."""
    return {item.link_id: ward for item in form.fields() if item.prefill == WARD and ward}


Medicines = Sequence[MedicationRequest]


def count_sheets(form: FormDefinition, medicines: Medicines) -> int:
    """How many sheets of a form hold everything of a patient that it asks for; at least one."""
    return max((len(_split_sheets(group, medicines)) for group in _list_groups(form)), default=1)


def sheet_values(
    form: FormDefinition,
    snapshot: Snapshot,
    row: PatientRow,
    medicines: Medicines,
    zone: ZoneInfo,
    sheet: int,
) -> dict[str, str]:
    """All that is printed into one sheet of a patient's form; sheets count from 1."""
    values: dict[str, str] = {}
    sources = _patient_sources(row)
    for group in _list_groups(form):
        charts = _split_sheets(group, medicines)
        sources |= _chart_sources(group, snapshot, medicines, zone)
        sources[NUMBER] = f"{sheet} of {len(charts)}"
        for number, record in enumerate(charts[sheet - 1], 1):
            values |= _row_values(group, number, record)
    for item in form.fields():
        if not item.repeated and (value := sources.get(item.prefill)):
            values[item.link_id] = value
    return values


def session_values(
    form: FormDefinition, location: str, day: str, rows: Sequence[AppointmentRow], zone: ZoneInfo
) -> list[dict[str, str]]:
    """What is printed into each sheet of a list (ISO `day`) that holds all rows in order."""
    group = next((i for i in form.items if i.repeats and i.prefill == APPOINTMENTS), None)
    size = group.rows if group else len(rows)
    pages = [rows[start : start + size] for start in range(0, len(rows), size)]
    people = sorted({row.appointment.practitioner for row in rows} - {""})
    sheets = []
    for number, page in enumerate(pages, 1):
        session_texts = (location, display.format_day(day), ", ".join(people))
        texts = {
            **dict(zip(SESSION, session_texts, strict=True)),
            NUMBER: f"{number} of {len(pages)}",
        }
        values = {
            item.link_id: texts[item.prefill]
            for item in form.fields()
            if not item.repeated and texts.get(item.prefill)
        }
        for line, row in enumerate(page if group else (), 1):
            values |= _slot_values(group, line, row, zone)
        sheets.append(values)
    return sheets


def _slot_values(
    group: FormItem | None, line: int, row: AppointmentRow, zone: ZoneInfo
) -> dict[str, str]:
    records = {"appointment": row.appointment, "patient": row.patient}
    values = {}
    for item in group.items if group else ():
        record, _, name = item.prefill.partition(".")
        if item.prefill == NAME:
            values[f"{item.link_id}:{line}"] = display.format_name(row.patient)
        elif record in records:
            values[f"{item.link_id}:{line}"] = _format_plain(
                item, str(getattr(records[record], name) or ""), zone
            )
    return values


def _format_plain(item: FormItem, value: str, zone: ZoneInfo) -> str:
    """A value of a list as people read it: the day of a list stands above its rows."""
    if item.type in (FieldType.DATE_TIME, FieldType.TIME):
        return display.format_clock_time(value, zone)
    return display.format_day(value) if item.type == FieldType.DATE else value


def _patient_sources(row: PatientRow) -> dict[str, str]:
    records = {"patient": row.patient, "encounter": row.encounter}
    sources = {
        f"{name}.{field}": str(getattr(record, field))
        for name, record in records.items()
        if record is not None
        for field in record.__dataclass_fields__
    }
    return sources | {WARD: row.encounter.ward if row.encounter else ""}


def holds_medicines(form: FormDefinition) -> bool:
    """Whether it is a chart: medicines that are to be given are printed on it, to be signed."""
    return any(_list_groups(form))


def _list_groups(form: FormDefinition) -> Iterator[FormItem]:
    return (item for item in form.items if item.repeats and item.prefill in MEDICINES)


def _select_chart(group: FormItem, medicines: Medicines) -> _Chart:
    """The medicines of a group; one whose kind was not sent is taken as regular, so that none is lost."""
    kind = group.prefill.partition(".")[2]
    mine = [
        medicine
        for medicine in medicines
        if (medicine.category if medicine.category in MEDICINE_KINDS else MEDICINE_KINDS[0]) == kind
        and medicine.status not in _FINISHED
    ]
    listed = [
        medicine
        for medicine in mine
        if medicine.status in _ACTIVE and medicine.category not in NOT_ON_WARD
    ]
    return _Chart(listed, [medicine for medicine in mine if medicine not in listed])


def _split_sheets(group: FormItem, medicines: Medicines) -> list[list[MedicationRequest]]:
    listed = _select_chart(group, medicines).listed
    starts = range(0, max(len(listed), 1), group.rows)
    return [listed[start : start + group.rows] for start in starts]


def _chart_sources(
    group: FormItem, snapshot: Snapshot, medicines: Medicines, zone: ZoneInfo
) -> dict[str, str]:
    chart = _select_chart(group, medicines)
    sources = {medicine.source for medicine in (*chart.listed, *chart.on_hold)}
    newest_times = [
        f"{name} {display.format_moment(newest, zone)}"
        for name, newest in snapshot.list_systems()
        if name in sources and newest
    ]
    systems = snapshot.find_availability(MedicationRequest.__name__)
    if not sources:
        newest_times = [word_absence(systems, (), zone, ANY_AGE).text]
    elif not systems.is_known:
        newest_times.append(word_unavailable(systems))
    return {
        AS_AT: "; ".join(newest_times),
        ON_HOLD: "; ".join(map(_word_on_hold, chart.on_hold)),
    }


def _word_on_hold(medicine: MedicationRequest) -> str:
    parts = (medicine.medicine, medicine.dosage, medicine.route, medicine.frequency)
    is_elsewhere = medicine.category in NOT_ON_WARD
    why = f"{medicine.category}, not for the ward" if is_elsewhere else medicine.status
    return f"{' '.join(filter(None, parts))} ({why})"


def _row_values(group: FormItem, number: int, record: MedicationRequest) -> dict[str, str]:
    sources = {item.link_id: item.prefill.partition(".")[2] for item in group.items if item.prefill}
    return {f"{link_id}:{number}": str(getattr(record, name)) for link_id, name in sources.items()}
