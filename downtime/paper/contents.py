"""The sheets of a pack: for each patient, for a ward, for those whom no system knows yet; the cover."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from downtime.config import Settings
from downtime.errors import InputError
from downtime.outage import numbers
from downtime.paper import lists, prefill, record
from downtime.paper.issue import Subject, subject_of
from downtime.paper.lists import Content, View
from downtime.paper.printing import Job, Outcome, Press
from downtime.paper.questionnaire import FormDefinition
from downtime.paper.sets import FormSet, is_numbered
from downtime.snapshot.store import PatientRow, Snapshot

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
    return [*first, *(job for name in forms for job in _sheets(press, view, row, ward, name))]


def _sheets(press: Press, view: View, row: PatientRow, ward: str, name: str) -> list[Job]:
    """One form, on as many sheets as what the snapshot prints into it needs."""

    def sheet(number: int) -> Callable[[FormDefinition], dict[str, str]]:
        return lambda form: (
            lists.identity(view, row) | prefill.values(form, view.snapshot, row, view.zone, number)
        )

    count = prefill.sheets(press.form(name)[0], view.snapshot, row.patient.id)
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


class Spares:
    """Blank sets for new patients, by ward; each set carries one downtime number."""

    def __init__(
        self,
        press: Press,
        settings: Settings,
        sets: Mapping[str, FormSet],
        blanks: int | None,
        why: str,
    ) -> None:
        self._press = press
        self._counts = {ward: _counts(found, blanks) for ward, found in sets.items()}
        self._numbered = {
            ward: {name for name in found.blanks if is_numbered(press.form(name)[0], found)}
            for ward, found in sets.items()
        }
        wanted = sum(
            max((n for name, n in counts.items() if name in self._numbered[ward]), default=0)
            for ward, counts in self._counts.items()
        )
        issued = numbers.issue(press.vault, settings, wanted, press.who, why) if wanted else []
        self._numbers = iter(issued)

    def of(self, ward: str) -> list[Job]:
        """The spares of a ward, set after set."""
        counts, numbered = self._counts[ward], self._numbered[ward]
        jobs = []
        for copy in range(max(counts.values(), default=0)):
            names = [name for name, count in counts.items() if count > copy]
            number = next(self._numbers) if numbered.intersection(names) else ""
            jobs += [
                blank(self._press, name, ward, number if name in numbered else "") for name in names
            ]
        return jobs


def _counts(found: FormSet, blanks: int | None) -> dict[str, int]:
    return {name: count if blanks is None else blanks for name, count in found.blanks.items()}


def cover(
    press: Press,
    view: View,
    outcome: Outcome,
    jobs: Sequence[Job],
    title: str,
    facts: Mapping[str, str],
    changes: Sequence[tuple[str, str, str]] = (),
) -> Job:
    """The first page of a pack: contents, page count, ages of the data, checksum, what to do."""
    facts = {
        **facts,
        "Pack": f"{outcome.pack.id}, printed by {press.who.name} on {press.who.device}",
        "Pages": _pages(outcome),
        "Snapshot": view.snapshot.id,
        "Outage": press.outage.label if press.outage else "No outage declared",
        "Checksum": f"{record.short(outcome.checksum)} (serials and what is printed under them)",
    }
    contents = _contents(outcome, jobs)
    ward = jobs[0].draft.ward if len({job.draft.ward for job in jobs}) == 1 else ""
    return press.list_job(
        "cover",
        title,
        Subject(),
        ward,
        lambda: ({}, lists.cover(view, facts, contents, press.drill, changes)),
        front=True,
    )


def _pages(outcome: Outcome) -> str:
    said = f"{outcome.total} after this cover"
    return f"{said}, {outcome.empty} of them backs left blank" if outcome.empty else said


def _contents(outcome: Outcome, jobs: Sequence[Job]) -> list[Content]:
    copies: Counter[str] = Counter()
    pages: Counter[str] = Counter()
    for job, count in zip(jobs, outcome.pages, strict=True):
        what = BEDS_TITLE if job.draft.form == BED_LIST else job.draft.title
        if job.draft.returns and not job.draft.subject.patient:
            what = f"{what}, blank"
        copies[what] += 1
        pages[what] += count
    found = [Content(what, copies[what], pages[what]) for what in copies]
    empty = [Content("Backs left blank", outcome.empty, outcome.empty)] if outcome.empty else []
    return found + empty
