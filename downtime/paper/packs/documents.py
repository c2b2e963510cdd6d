"""The documents of packs: for each patient, for a ward, for those whom no system knows yet."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from downtime.clinical.doses import list_last_day
from downtime.paper.forms import prefill
from downtime.paper.forms.medicine_charts import (
    PatientMedicines,
    find_missing_charts,
    list_kinds,
)
from downtime.paper.forms.model import FormDefinition
from downtime.paper.model import Subject, make_subject
from downtime.paper.packs import snapshot_pages
from downtime.paper.packs.model import PrintDocument
from downtime.paper.packs.patient_summary import summary_content
from downtime.paper.packs.policies import check_is_for_patient
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.snapshot_pages import SnapshotView
from downtime.paper.packs.superseded_pages import NO_SUCCESSION, ON_BED_LIST, ON_SUMMARY, Succession
from downtime.snapshot.model import PatientRow

SUMMARY, BED_LIST = "summary", "bed-list"
"""What the ledger calls these lists."""
_NUMBER, _LOCATION = "patient.downtime-number", "patient.location"
SUMMARY_TITLE = "Patient summary"
BEDS_TITLE = "Bed list"


def patient_documents(
    context: PrintContext,
    row: PatientRow,
    ward: str,
    forms: Sequence[str],
    *,
    summary: bool,
    all_charts: bool = False,
) -> list[PrintDocument]:
    """A patient's summary and forms; InputError for a form that is about no single patient.

    Each form is on as many sheets as what the snapshot prints into it needs. With `all_charts` a pack that
    holds a chart gets the charts of the other kinds of medicines that are active, too.
    """
    printed_forms = [context.get_form(name) for name in forms]
    for form, _ in printed_forms:
        check_is_for_patient(form)
    view, subject = context.view, make_subject(row.patient)
    prescriptions = view.snapshot.list_medicines(row.patient.id)
    if all_charts:
        printed = [form for form, _ in printed_forms]
        names = find_missing_charts(context.forms, printed, prescriptions)
        printed_forms += [context.get_form(name) for name in names]
    charted = frozenset[str]().union(*(list_kinds(form) for form, _ in printed_forms))
    documents = [summary_document(context, row, ward)] if summary else []
    for form, layout in printed_forms:
        for number in range(1, prefill.count_sheets(form, prescriptions) + 1):
            values = partial(_sheet_values, view, form, row, charted, number)
            documents.append(context.form_document(form, layout, subject, ward, values))
    return documents


def _sheet_values(
    view: SnapshotView,
    form: FormDefinition,
    row: PatientRow,
    charted: frozenset[str],
    number: int,
) -> dict[str, str]:
    """What the snapshot prints into one sheet of a form; `charted` are the kinds that have a chart."""
    rows, unprescribed = view.list_medicines(row.patient.id)
    recent = list_last_day(unprescribed, view.snapshot.header.created)
    medicines = PatientMedicines(rows, charted, recent)
    printed = prefill.sheet_values(form, view.snapshot, row, medicines, view.zone, number)
    return snapshot_pages.identity_values(view, row) | printed


def summary_document(
    context: PrintContext, row: PatientRow, ward: str, succession: Succession = NO_SUCCESSION
) -> PrintDocument:
    """All that the snapshot holds of a patient, for the ward."""
    return context.list_document(
        SUMMARY,
        SUMMARY_TITLE,
        make_subject(row.patient),
        ward,
        partial(summary_content, context.view, row),
        types=ON_SUMMARY,
        succession=succession,
    )


def bed_list_document(
    context: PrintContext, ward: str, succession: Succession = NO_SUCCESSION
) -> PrintDocument:
    """Every bed of a ward, which is named as people call it where a system says so."""
    view = context.view
    name = next((row.name for row in view.snapshot.list_wards() if row.code == ward), ward)
    return context.list_document(
        BED_LIST,
        f"{BEDS_TITLE}: {ward if name == ward else f'{ward} {name}'}",
        Subject(),
        ward,
        lambda: ({}, snapshot_pages.bed_list_blocks(view, context.hospital, ward)),
        types=ON_BED_LIST,
        succession=succession,
    )


def blank_document(context: PrintContext, name: str, ward: str, number: str) -> PrintDocument:
    """A blank form; one about a patient carries the downtime number, if any."""
    form, layout = context.get_form(name)
    subject, values = Subject(), prefill.blank_values(form, ward)
    if form.identity:
        subject = Subject(downtime_number=number)
        location = f"{ward}," if ward else ""
        values = {_NUMBER: number, _LOCATION: location} | values
    return replace(context.form_document(form, layout, subject, ward, values.copy), is_blank=True)


def is_blank(form: FormDefinition, ward: str, values: Mapping[str, str]) -> bool:
    """Whether nothing but what `blank_document` prints stands on a form."""
    printed = {_NUMBER, _LOCATION, *prefill.blank_values(form, ward)}
    return printed.issuperset(key for key, value in values.items() if value)


def renumber(values: Mapping[str, str], number: str) -> dict[str, str]:
    """What is printed on a blank form, with another downtime number."""
    return {**values, _NUMBER: number}


def ward_list_documents(
    context: PrintContext, name: str, ward: str, bays: Sequence[str] = ()
) -> list[PrintDocument]:
    """A form that lists a ward's beds or patients, filled from what is known now, on the sheets that it needs.

    `bays` are those that it is about; none for the whole ward.
    """
    form, layout = context.get_form(name)
    view = context.view
    beds = [
        row for row in context.hospital.read_ward(ward).rows if not bays or row.location.bay in bays
    ]
    today = context.printed_at.astimezone(context.zone).date()
    warnings = partial(snapshot_pages.format_warnings, view)
    return [
        context.form_document(form, layout, Subject(), ward, values.copy)
        for values in prefill.ward_values(form, ward, beds, view.zone, today, warnings)
    ]


def collate(patients: Sequence[Sequence[PrintDocument]], *, by_form: bool) -> list[PrintDocument]:
    """The documents of several patients: patient after patient, or form after form."""
    documents = [document for sheets in patients for document in sheets]
    if not by_form:
        return documents
    forms = list(dict.fromkeys(document.draft.form for document in documents))
    return sorted(documents, key=lambda document: forms.index(document.draft.form))
