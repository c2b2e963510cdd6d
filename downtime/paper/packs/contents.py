"""The sheets of a pack: for each patient, for a ward, for those whom no system knows yet."""

from collections.abc import Callable, Sequence

from downtime.errors import InputError
from downtime.paper.forms import prefill
from downtime.paper.forms.prefill import Medicines
from downtime.paper.forms.questionnaire import FormDefinition
from downtime.paper.issue import Subject, subject_of
from downtime.paper.packs import lists
from downtime.paper.packs.job import Job
from downtime.paper.packs.lists import View
from downtime.paper.packs.printing import Press
from downtime.snapshot.rows import PatientRow
from downtime.snapshot.store import Snapshot

SUMMARY, BED_LIST = "summary", "bed-list"
"""What the ledger calls these lists."""
SUMMARY_TITLE = "Patient summary"
BEDS_TITLE = "Bed list"


def view_of(press: Press, snapshot: Snapshot) -> View:
    """From where and when this printing is made."""
    days = press.settings.paper.summary_result_days
    return View(snapshot, press.zone, press.made, days, press.mrn_name)


def patient(
    press: Press, view: View, row: PatientRow, ward: str, forms: Sequence[str], *, summary: bool
) -> list[Job]:
    """A patient's summary and forms; InputError for a form that is about no single patient."""
    for name in forms:
        form, _ = press.form(name)
        if not form.identity:
            raise InputError(
                "form.no-patient",
                f"'{form.title}' is not about one patient.",
                "Print it as a blank form.",
            )
    first = [summary_of(press, view, row, ward)] if summary else []
    medicines = view.snapshot.medicines(row.patient.id)
    found = (_sheets(press, view, row, medicines, ward, name) for name in forms)
    return [*first, *(job for sheets in found for job in sheets)]


def _sheets(
    press: Press, view: View, row: PatientRow, medicines: Medicines, ward: str, name: str
) -> list[Job]:
    """One form, on as many sheets as what the snapshot prints into it needs."""

    def sheet(number: int) -> Callable[[FormDefinition], dict[str, str]]:
        return lambda form: (
            lists.identity(view, row)
            | prefill.values(form, view.snapshot, row, medicines, view.zone, number)
        )

    count = prefill.sheets(press.form(name)[0], medicines)
    subject = subject_of(row.patient)
    return [press.form_job(name, subject, ward, sheet(number)) for number in range(1, count + 1)]


def summary_of(
    press: Press, view: View, row: PatientRow, ward: str, replaces: tuple[str, ...] = ()
) -> Job:
    """All that the snapshot holds of a patient, for the ward."""
    return press.list_job(
        SUMMARY,
        SUMMARY_TITLE,
        subject_of(row.patient),
        ward,
        lambda: (lists.summary_identity(view, row), lists.summary(view, row)),
        replaces=replaces,
    )


def bed_list(press: Press, view: View, ward: str, replaces: tuple[str, ...] = ()) -> Job:
    """Every bed of a ward."""
    return press.list_job(
        BED_LIST,
        f"{BEDS_TITLE}: {ward}",
        Subject(),
        ward,
        lambda: ({}, lists.bed_list(view, ward)),
        replaces=replaces,
    )


def blank(press: Press, name: str, ward: str, number: str) -> Job:
    """A blank form; one about a patient carries the downtime number, if any."""
    if not press.form(name)[0].identity:
        return press.form_job(name, Subject(), ward, lambda form: prefill.on_blank(form, ward))
    values = {"patient.downtime-number": number, "patient.location": f"{ward}," if ward else ""}
    subject = Subject(downtime_number=number)
    return press.form_job(name, subject, ward, lambda form: values | prefill.on_blank(form, ward))


def collated(patients: Sequence[Sequence[Job]], *, by_form: bool) -> list[Job]:
    """The sheets of several patients: patient after patient, or form after form."""
    jobs = [job for sheets in patients for job in sheets]
    if not by_form:
        return jobs
    kinds = list(dict.fromkeys(job.draft.form for job in jobs))
    return sorted(jobs, key=lambda job: kinds.index(job.draft.form))
