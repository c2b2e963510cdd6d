"""The documents of packs: for each patient, for a ward, for those whom no system knows yet."""

from collections.abc import Callable, Sequence

from downtime.paper.forms import prefill
from downtime.paper.forms.model import FormDefinition
from downtime.paper.forms.prefill import Medicines
from downtime.paper.model import Subject, make_subject
from downtime.paper.packs import snapshot_pages
from downtime.paper.packs.model import PrintDocument
from downtime.paper.packs.patient_summary import summary_content
from downtime.paper.packs.policies import check_is_for_patient
from downtime.paper.packs.print_context import PrintContext
from downtime.snapshot.model import PatientRow

SUMMARY, BED_LIST = "summary", "bed-list"
"""What the ledger calls these lists."""
SUMMARY_TITLE = "Patient summary"
BEDS_TITLE = "Bed list"


def patient_documents(
    context: PrintContext, row: PatientRow, ward: str, forms: Sequence[str], *, summary: bool
) -> list[PrintDocument]:
    """A patient's summary and forms; InputError for a form that is about no single patient."""
    for name in forms:
        check_is_for_patient(context.get_form(name)[0])
    medicines = context.view.snapshot.list_medicines(row.patient.id)
    documents = [summary_document(context, row, ward)] if summary else []
    for name in forms:
        documents += _form_documents(context, row, medicines, ward, name)
    return documents


def _form_documents(
    context: PrintContext, row: PatientRow, medicines: Medicines, ward: str, name: str
) -> list[PrintDocument]:
    """One form, on as many sheets as what the snapshot prints into it needs."""
    view = context.view

    def values_of(number: int) -> Callable[[FormDefinition], dict[str, str]]:
        return lambda form: (
            snapshot_pages.identity_values(view, row)
            | prefill.sheet_values(form, view.snapshot, row, medicines, view.zone, number)
        )

    count = prefill.count_sheets(context.get_form(name)[0], medicines)
    subject = make_subject(row.patient)
    return [
        context.form_document(name, subject, ward, values_of(number))
        for number in range(1, count + 1)
    ]


def summary_document(
    context: PrintContext, row: PatientRow, ward: str, replaces: tuple[str, ...] = ()
) -> PrintDocument:
    """All that the snapshot holds of a patient, for the ward."""
    view = context.view
    return context.list_document(
        SUMMARY,
        SUMMARY_TITLE,
        make_subject(row.patient),
        ward,
        lambda: summary_content(view, row),
        replaces=replaces,
    )


def bed_list_document(
    context: PrintContext, ward: str, replaces: tuple[str, ...] = ()
) -> PrintDocument:
    """Every bed of a ward."""
    view = context.view
    return context.list_document(
        BED_LIST,
        f"{BEDS_TITLE}: {ward}",
        Subject(),
        ward,
        lambda: ({}, snapshot_pages.bed_list_blocks(view, ward)),
        replaces=replaces,
    )


def blank_document(context: PrintContext, name: str, ward: str, number: str) -> PrintDocument:
    """A blank form; one about a patient carries the downtime number, if any."""
    subject, values = Subject(), {}
    if context.get_form(name)[0].identity:
        subject = Subject(downtime_number=number)
        location = f"{ward}," if ward else ""
        values = {"patient.downtime-number": number, "patient.location": location}
    return context.form_document(
        name, subject, ward, lambda form: values | prefill.blank_values(form, ward)
    )


def collate(patients: Sequence[Sequence[PrintDocument]], *, by_form: bool) -> list[PrintDocument]:
    """The documents of several patients: patient after patient, or form after form."""
    documents = [document for sheets in patients for document in sheets]
    if not by_form:
        return documents
    forms = list(dict.fromkeys(document.draft.form for document in documents))
    return sorted(documents, key=lambda document: forms.index(document.draft.form))
