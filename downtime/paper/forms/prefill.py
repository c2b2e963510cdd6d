"""What the snapshot prints into a form, as its definition asks (`prefill`).

A repeating group asks for records, one a row (`medicines.regular`), and its fields for fields of
such a record (`medicine.dosage`). Records that do not fit go to further sheets of the same form,
never away.
"""

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.model import (
    Appointment,
    Encounter,
    MedicationRequest,
    Patient,
    Record,
)
from downtime.paper.forms import medicine_charts
from downtime.paper.forms.medicine_charts import PatientMedicines, split_sheets
from downtime.paper.forms.model import FieldType, FormDefinition, FormItem
from downtime.snapshot.model import AppointmentRow, PatientRow
from downtime.snapshot.store.opened_snapshot import Snapshot

APPOINTMENTS = "appointments"
"""Rows of a clinic's or theatre's list: `appointment.…`, `patient.…`, and `LIST_WORDS`, whole."""
ROWS = (*medicine_charts.GROUPS, APPOINTMENTS)
NAME, NHS_NUMBER, WARNINGS = LIST_WORDS = ("patient.name", "patient.nhs", "patient.warnings")
"""`SURNAME, Given`; the NHS number as it is read; allergies and alerts from their own records."""
SESSION = ("session.location", "session.day", "session.practitioner")
NUMBER, AS_AT, ON_HOLD, WARD = SHEET = ("sheet.number", "sheet.as-at", "sheet.held", "sheet.ward")
"""Of the sheet itself: `regular 2 of 3`; newest data of the medicines' system; medicines under way that
are on no chart, such as those on hold; the ward."""
_RECORDS: dict[str, type[Record]] = {"patient": Patient, "encounter": Encounter}
_IN_ROWS: dict[str, type[Record]] = {
    "medicine": MedicationRequest,
    "appointment": Appointment,
    "patient": Patient,
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


def count_sheets(form: FormDefinition, medicines: PatientMedicines) -> int:
    """How many sheets of a form hold everything of a patient that it asks for; at least one."""
    groups = medicine_charts.list_groups(form)
    return max((len(split_sheets(group, medicines)) for group in groups), default=1)


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
    for group in medicine_charts.list_groups(form):
        texts = medicine_charts.word_chart(group, snapshot, medicines, zone, sheet)
        sources |= {NUMBER: texts.number, AS_AT: texts.as_at, ON_HOLD: texts.not_transcribed}
        for number, line in enumerate(split_sheets(group, medicines)[sheet - 1], 1):
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
