"""The sheets of a pack: for each patient, for a ward, for those whom no system knows yet."""

from collections.abc import Callable, Sequence

from downtime.errors import InputError
from downtime.paper.forms import prefill
from downtime.paper.forms.model import FormDefinition
from downtime.paper.forms.prefill import Medicines
from downtime.paper.model import Subject, make_subject
from downtime.paper.packs import snapshot_pages
from downtime.paper.packs.model import PrintDocument
from downtime.paper.packs.print_run import PrintRun
from downtime.paper.packs.snapshot_pages import SnapshotView
from downtime.snapshot.model import PatientRow
from downtime.snapshot.store.opened_snapshot import Snapshot

SUMMARY, BED_LIST = "summary", "bed-list"
"""What the ledger calls these lists."""
SUMMARY_TITLE = "Patient summary"
BEDS_TITLE = "Bed list"


def make_view(press: PrintRun, snapshot: Snapshot) -> SnapshotView:
    """From where and when this printing is made."""
    days = press.settings.paper.summary_result_days
    return SnapshotView(snapshot, press.zone, press.made, days, press.mrn_name)


def patient_documents(
    press: PrintRun,
    view: SnapshotView,
    row: PatientRow,
    ward: str,
    forms: Sequence[str],
    *,
    summary: bool,
) -> list[PrintDocument]:
    """A patient's summary and forms; InputError for a form that is about no single patient."""
    for name in forms:
        form, _ = press.get_form(name)
        if not form.identity:
            raise InputError(
                "form.no-patient",
                f"'{form.title}' is not about one patient.",
                "Print it as a blank form.",
            )
    first = [summary_document(press, view, row, ward)] if summary else []
    medicines = view.snapshot.list_medicines(row.patient.id)
    found = (_sheets(press, view, row, medicines, ward, name) for name in forms)
    return [*first, *(job for sheets in found for job in sheets)]


def _sheets(
    press: PrintRun, view: SnapshotView, row: PatientRow, medicines: Medicines, ward: str, name: str
) -> list[PrintDocument]:
    """One form, on as many sheets as what the snapshot prints into it needs."""

    def sheet(number: int) -> Callable[[FormDefinition], dict[str, str]]:
        return lambda form: (
            snapshot_pages.identity_values(view, row)
            | prefill.sheet_values(form, view.snapshot, row, medicines, view.zone, number)
        )

    count = prefill.count_sheets(press.get_form(name)[0], medicines)
    subject = make_subject(row.patient)
    return [
        press.form_document(name, subject, ward, sheet(number)) for number in range(1, count + 1)
    ]


def summary_document(
    press: PrintRun, view: SnapshotView, row: PatientRow, ward: str, replaces: tuple[str, ...] = ()
) -> PrintDocument:
    """All that the snapshot holds of a patient, for the ward."""
    return press.list_document(
        SUMMARY,
        SUMMARY_TITLE,
        make_subject(row.patient),
        ward,
        lambda: (
            snapshot_pages.summary_identity_values(view, row),
            snapshot_pages.summary_blocks(view, row),
        ),
        replaces=replaces,
    )


def bed_list_document(
    press: PrintRun, view: SnapshotView, ward: str, replaces: tuple[str, ...] = ()
) -> PrintDocument:
    """Every bed of a ward."""
    return press.list_document(
        BED_LIST,
        f"{BEDS_TITLE}: {ward}",
        Subject(),
        ward,
        lambda: ({}, snapshot_pages.bed_list_blocks(view, ward)),
        replaces=replaces,
    )


def blank_document(press: PrintRun, name: str, ward: str, number: str) -> PrintDocument:
    """A blank form; one about a patient carries the downtime number, if any."""
    if not press.get_form(name)[0].identity:
        return press.form_document(
            name, Subject(), ward, lambda form: prefill.blank_values(form, ward)
        )
    values = {"patient.downtime-number": number, "patient.location": f"{ward}," if ward else ""}
    subject = Subject(downtime_number=number)
    return press.form_document(
        name, subject, ward, lambda form: values | prefill.blank_values(form, ward)
    )


def collate(patients: Sequence[Sequence[PrintDocument]], *, by_form: bool) -> list[PrintDocument]:
    """The sheets of several patients: patient after patient, or form after form."""
    jobs = [job for sheets in patients for job in sheets]
    if not by_form:
        return jobs
    kinds = list(dict.fromkeys(job.draft.form for job in jobs))
    return sorted(jobs, key=lambda job: kinds.index(job.draft.form))
