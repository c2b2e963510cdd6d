"""What the snapshot prints into a form, as its definition asks (`prefill`).

A repeating group asks for records, one a row (`medicines.regular`), and its fields for fields of
such a record (`medicine.dosage`). Records that do not fit go to further sheets of the same form,
never away.
"""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import chain
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.identifiers import find_downtime_number
from downtime.clinical.model import (
    Appointment,
    Encounter,
    MedicationRequest,
    Patient,
    Record,
)
from downtime.paper.forms import medicine_charts
from downtime.paper.forms.medicine_charts import PatientMedicines
from downtime.paper.forms.model import FieldType, FormDefinition, FormItem
from downtime.snapshot.bed_board import BedRow
from downtime.snapshot.model import AppointmentRow, PatientRow
from downtime.snapshot.store.opened_snapshot import Snapshot

APPOINTMENTS = "appointments"
"""Rows of a clinic's or theatre's list: `appointment.…`, `patient.…`, and `LIST_WORDS`, whole."""
BEDS, STAYS = WARD_LISTS = ("beds", "stays")
"""Rows of a list of a ward: its beds in order, the empty ones too, or its patients."""
ROWS = (*medicine_charts.GROUPS, APPOINTMENTS, *WARD_LISTS)
NAME, NHS_NUMBER, WARNINGS, WHO, OWN_NUMBER, PLACE = LIST_WORDS = (
    "patient.name", "patient.nhs", "patient.warnings", "patient.who", "patient.number",
    "stay.place",
)  # fmt: skip
"""`SURNAME, Given`; the NHS number as it is read; allergies and alerts from their own records; name, birth
and number; hospital or downtime number; bay and bed."""
SESSION = ("session.location", "session.day", "session.practitioner")
NUMBER, AS_AT, ON_HOLD, WARD = SHEET = ("sheet.number", "sheet.as-at", "sheet.held", "sheet.ward")
"""Of the sheet itself: `regular 2 of 3`; newest data of the medicines' system; medicines under way that
are on no chart, such as those on hold; the ward."""
_RECORDS: dict[str, type[Record]] = {"patient": Patient, "encounter": Encounter}
_IN_ROWS: dict[str, type[Record]] = {
    "medicine": MedicationRequest,
    "appointment": Appointment,
    "patient": Patient,
    "encounter": Encounter,
}


def is_known_source(word: str, *, of_rows: bool = False, in_rows: bool = False) -> bool:
    """Whether a definition may ask for it: of a group's rows, of a field in such a row, or alone."""
    if of_rows:
        return word in ROWS
    record, _, name = word.partition(".")
    if in_rows:
        row = _IN_ROWS.get(record)
        special = (*LIST_WORDS, medicine_charts.DOSES)
        return word in special or (row is not None and name in row.__dataclass_fields__)
    kind = _RECORDS.get(record)
    return word in (*SHEET, *SESSION) or (kind is not None and name in kind.__dataclass_fields__)


def blank_values(form: FormDefinition, ward: str) -> dict[str, str]:
    """What is printed on a blank of a ward."""
    return {item.link_id: ward for item in form.fields() if item.prefill == WARD and ward}


def count_sheets(form: FormDefinition, prescriptions: Sequence[MedicationRequest]) -> int:
    """How many sheets of a form hold everything of a patient that it asks for; at least one."""
    groups = medicine_charts.list_groups(form)
    return max((medicine_charts.count_sheets(group, prescriptions) for group in groups), default=1)


def sheet_values(
    form: FormDefinition,
    snapshot: Snapshot,
    row: PatientRow,
    medicines: PatientMedicines,
    zone: ZoneInfo,
    sheet: int,
) -> dict[str, str]:
    """All that is printed into one sheet of a patient's form; sheets count from 1."""
    values: dict[str, str] = {}
    sources = _patient_sources(row)
    groups = list(medicine_charts.list_groups(form))
    texts = [medicine_charts.word_chart(g, snapshot, medicines, zone, sheet) for g in groups]
    for name, parts in zip((NUMBER, AS_AT, ON_HOLD), zip(*texts, strict=True), strict=False):
        sources[name] = "; ".join(dict.fromkeys(chain(*parts)))
    for group in groups:
        for number, line in enumerate(medicine_charts.list_rows(group, medicines, sheet), 1):
            values |= medicine_charts.row_values(group, number, line, snapshot, zone)
    for item in form.fields():
        if not item.repeated and (value := sources.get(item.prefill)):
            values[item.link_id] = value
    return values


def session_values(
    form: FormDefinition,
    location: str,
    day: str,
    rows: Sequence[AppointmentRow],
    zone: ZoneInfo,
    format_warnings: Callable[[Patient], str],
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
            values |= _slot_values(group, line, row, zone, format_warnings)
        sheets.append(values)
    return sheets


def find_ward_list(form: FormDefinition) -> FormItem | None:
    """The group of a form that lists a ward's beds or patients; None where it has none."""
    return next((i for i in form.items if i.repeats and i.prefill in WARD_LISTS), None)


def ward_values(
    form: FormDefinition,
    ward: str,
    beds: Sequence[BedRow],
    zone: ZoneInfo,
    today: date,
    format_warnings: Callable[[Patient], str],
) -> list[dict[str, str]]:
    """What is printed into each sheet of a ward's list that holds all its beds, or patients, in order.

    An empty bed has its place alone: who comes into it is written by hand.
    """
    group = find_ward_list(form)
    if group is None:
        return [blank_values(form, ward)]
    rows = [row for row in beds if row.patient or group.prefill == BEDS]
    starts = range(0, max(len(rows), 1), group.rows)
    sheets = []
    for number, start in enumerate(starts, 1):
        texts = {WARD: ward, NUMBER: f"{number} of {len(starts)}"}
        values = {
            item.link_id: texts[item.prefill]
            for item in form.fields()
            if not item.repeated and texts.get(item.prefill)
        }
        for line, row in enumerate(rows[start : start + group.rows], 1):
            for item in group.items:
                if text := _word_bed(item, row, zone, today, format_warnings):
                    values[f"{item.link_id}:{line}"] = text
        sheets.append(values)
    return sheets


def _word_bed(
    item: FormItem,
    row: BedRow,
    zone: ZoneInfo,
    today: date,
    format_warnings: Callable[[Patient], str],
) -> str:
    if item.prefill == PLACE:
        return display.format_place("", row.location.bay, row.location.bed) or "No bed"
    if not item.prefill or row.patient is None:
        return ""
    patient = row.patient
    if item.prefill in LIST_WORDS:
        number = patient.mrn or find_downtime_number(patient.identifiers)
        nhs_number = display.format_nhs_number(patient.nhs_number)
        name = display.format_name(patient)
        return {
            NAME: name,
            NHS_NUMBER: nhs_number,
            OWN_NUMBER: number,
            WHO: "\n".join(
                filter(None, (name, display.format_birth(patient, today), nhs_number or number))
            ),
            WARNINGS: format_warnings(patient) if item.prefill == WARNINGS else "",
        }[item.prefill]
    kind, _, name = item.prefill.partition(".")
    record = {"patient": patient, "encounter": row.encounter}.get(kind)
    return _format_plain(item, str(getattr(record, name, "") or ""), zone)


def _slot_values(
    group: FormItem | None,
    line: int,
    row: AppointmentRow,
    zone: ZoneInfo,
    format_warnings: Callable[[Patient], str],
) -> dict[str, str]:
    records = {"appointment": row.appointment, "patient": row.patient}
    formats: dict[str, Callable[[Patient], str]] = {
        NAME: display.format_name,
        NHS_NUMBER: lambda patient: display.format_nhs_number(patient.nhs_number),
        WARNINGS: format_warnings,
    }
    values = {}
    for item in group.items if group else ():
        record, _, name = item.prefill.partition(".")
        if item.prefill in formats:
            values[f"{item.link_id}:{line}"] = formats[item.prefill](row.patient)
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
