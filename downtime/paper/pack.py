"""What is printed together: a ward's pack, the whole site's, one patient's, blank forms."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO
from zoneinfo import ZoneInfo

from downtime.clock import from_text
from downtime.config import Settings
from downtime.errors import InputError
from downtime.outage import numbers
from downtime.paper import lists, prefill
from downtime.paper.definition import FormDefinition, definition
from downtime.paper.issue import Subject, subject_of
from downtime.paper.lists import Content, View
from downtime.paper.printing import Job, Outcome, Press, Progress
from downtime.snapshot.store import PatientRow, Snapshot
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

SUMMARY = "Patient summary"
BEDS = "Bed list"


@dataclass(frozen=True, slots=True)
class PackResult:
    """What was printed. `forms` counts those for patients, `blank_forms` the spares."""

    id: str
    pages: int
    forms: int
    blank_forms: int
    file_name: str


def ward_pack(
    vault: Vault,
    snapshot: Snapshot,
    settings: Settings,
    wards: Sequence[str],
    who: Actor,
    why: str,
    out: BinaryIO,
    *,
    forms: Sequence[str] | None = None,
    blanks: int | None = None,
    progress: Progress | None = None,
) -> PackResult:
    """Print wards: cover, and for each ward bed list, patients in bed order, blank spares.

    `forms` are printed for each patient after the summary (settings: `pack_forms`); `blanks` is how
    many sets of spares each ward gets (`blank_copies`). Each set is for one new patient and carries
    one downtime number. The PDF goes to `out`; it is never kept on disk.
    InputError for a ward that the snapshot does not have.
    """
    known = {row.code for row in snapshot.wards()}
    for ward in wards:
        if ward not in known:
            raise InputError(
                "ward.unknown",
                f"The snapshot has no ward '{ward}'.",
                f"Choose from: {', '.join(sorted(known))}.",
            )
    press = Press(vault, settings, who, "ward" if len(wards) == 1 else "site")
    view = _view(press, snapshot)
    chosen = settings.paper.pack_forms if forms is None else tuple(forms)
    copies = settings.paper.blank_copies if blanks is None else blanks
    spares = _Spares(press, settings, copies * len(wards), why)
    jobs: list[Job] = []
    for ward in wards:
        jobs.append(_bed_list(press, view, ward))
        for row in snapshot.inpatients(ward):
            jobs += _patient(press, view, row, ward, chosen)
        jobs += spares.sets(ward, copies)
    name = wards[0] if len(wards) == 1 else "all-wards"
    outcome = press.run(
        jobs,
        out,
        title=f"Downtime pack {name}",
        wards=wards,
        snapshot=snapshot.id,
        as_at=lists.as_at(view),
        why=why,
        progress=progress,
        last=lambda so_far: _cover(press, view, so_far, jobs, wards),
    )
    return _result(press, outcome, jobs, f"{name}_{_stamp(view)}")


def site_pack(
    vault: Vault,
    snapshot: Snapshot,
    settings: Settings,
    who: Actor,
    why: str,
    out: BinaryIO,
    *,
    forms: Sequence[str] | None = None,
    blanks: int | None = None,
    progress: Progress | None = None,
) -> PackResult:
    """Print every ward of the snapshot, as `ward_pack` does."""
    wards = [row.code for row in snapshot.wards()]
    return ward_pack(
        vault, snapshot, settings, wards, who, why, out,
        forms=forms, blanks=blanks, progress=progress,
    )  # fmt: skip


def patient_pack(
    vault: Vault,
    snapshot: Snapshot,
    settings: Settings,
    patient_id: str,
    forms: Sequence[str],
    who: Actor,
    why: str,
    out: BinaryIO,
) -> PackResult:
    """Print one patient's summary and forms; the file name names nobody. NotFoundError."""
    press = Press(vault, settings, who, "patient")
    view = _view(press, snapshot)
    row = PatientRow(snapshot.patient(patient_id), snapshot.encounter(patient_id))
    ward = row.encounter.ward if row.encounter else ""
    jobs = _patient(press, view, row, ward, forms)
    outcome = press.run(
        jobs,
        out,
        title="Downtime pack of one patient",
        wards=[ward],
        snapshot=snapshot.id,
        as_at=lists.as_at(view),
        why=why,
    )
    return _result(press, outcome, jobs, f"patient_{_stamp(view)}")


def blank_forms(
    vault: Vault,
    settings: Settings,
    forms: Sequence[str],
    copies: int,
    who: Actor,
    why: str,
    out: BinaryIO,
    *,
    ward: str = "",
    numbered: bool = False,
) -> PackResult:
    """Print blank forms; with `numbered`, each set is for one new patient with a downtime number."""
    if copies < 1 or not forms:
        raise InputError("blank.none", "No blank form was asked for.", "Choose a form and copies.")
    press = Press(vault, settings, who, "blank")
    numbered = numbered and any(definition(name).identity for name in forms)
    issued = numbers.issue(vault, settings, copies, who, why) if numbered else [""] * copies
    jobs = [_blank(press, name, ward, number) for number in issued for name in forms]
    outcome = press.run(
        jobs,
        out,
        title="Blank downtime forms",
        wards=[ward],
        snapshot="",
        as_at="Blank form: filled in by hand.",
        why=why,
    )
    return _result(press, outcome, jobs, f"blank_{press.made.astimezone(press.zone):%Y-%m-%d-%H%M}")


class _Spares:
    """Blank sets for new patients; forms not meant for one patient's stay carry no number."""

    def __init__(self, press: Press, settings: Settings, copies: int, why: str) -> None:
        self._press, self._forms = press, settings.paper.spare_forms
        self._numbered = {
            name
            for name in self._forms
            if name in settings.paper.pack_forms or definition(name).record == "Encounter"
        }
        wanted = copies if self._numbered else 0
        self._numbers = (
            iter(numbers.issue(press.vault, settings, wanted, press.who, why))
            if wanted
            else iter(())
        )

    def sets(self, ward: str, copies: int) -> list[Job]:
        jobs = []
        for _ in range(copies):
            number = next(self._numbers, "")
            jobs += [
                _blank(self._press, name, ward, number if name in self._numbered else "")
                for name in self._forms
            ]
        return jobs


def _blank(press: Press, name: str, ward: str, number: str) -> Job:
    if not definition(name).identity:
        return press.form_job(name, Subject(), ward, lambda form: prefill.on_blank(form, ward))
    values = {"patient.downtime-number": number, "patient.location": f"{ward}," if ward else ""}
    subject = Subject(downtime_number=number)
    return press.form_job(name, subject, ward, lambda form: values | prefill.on_blank(form, ward))


def _patient(
    press: Press, view: View, row: PatientRow, ward: str, forms: Sequence[str]
) -> list[Job]:
    for name in forms:
        if not definition(name).identity:
            raise InputError(
                "form.no-patient",
                f"'{definition(name).title}' is not about one patient.",
                "Print it as a blank form.",
            )
    subject = subject_of(row.patient)

    def sheet(number: int) -> Callable[[FormDefinition], dict[str, str]]:
        return lambda form: (
            lists.identity(view, row) | prefill.values(form, view.snapshot, row, view.zone, number)
        )

    def sheets(name: str) -> list[Job]:
        count = prefill.sheets(definition(name), view.snapshot, row.patient.id)
        return [
            press.form_job(name, subject, ward, sheet(number)) for number in range(1, count + 1)
        ]

    summary = press.list_job(
        "summary",
        SUMMARY,
        subject,
        ward,
        lambda: (lists.summary_identity(view, row), lists.summary(view, row)),
    )
    return [summary, *(job for name in forms for job in sheets(name))]


def _bed_list(press: Press, view: View, ward: str) -> Job:
    return press.list_job(
        "bed-list",
        f"{BEDS}: {ward}",
        Subject(),
        ward,
        lambda: ({}, lists.bed_list(view, ward)),
    )


def _cover(
    press: Press, view: View, outcome: Outcome, jobs: Sequence[Job], wards: Sequence[str]
) -> Job:
    copies: Counter[str] = Counter()
    pages: Counter[str] = Counter()
    for job, count in zip(jobs, outcome.pages, strict=True):
        what = BEDS if job.draft.form == "bed-list" else job.draft.title
        if job.draft.returns and not job.draft.subject.patient:
            what = f"{what}, blank"
        copies[what] += 1
        pages[what] += count
    contents = [Content(what, copies[what], pages[what]) for what in copies]
    names = {row.code: row.name for row in view.snapshot.wards()}
    titles = {
        "Wards": ", ".join(f"{w} {names[w]}" if names[w] != w else w for w in wards),
        "Pack": f"{outcome.pack.id}, printed by {press.who.name} on {press.who.device}",
        "Snapshot": view.snapshot.id,
        "Outage": press.outage.label if press.outage else "No outage declared",
    }
    return press.list_job(
        "cover",
        "Downtime pack",
        Subject(),
        wards[0] if len(wards) == 1 else "",
        lambda: ({}, lists.cover(view, titles, contents, press.drill)),
        front=True,
    )


def _view(press: Press, snapshot: Snapshot) -> View:
    days = press.settings.paper.summary_result_days
    return View(snapshot, press.zone, press.made, days, press.mrn_name)


def _stamp(view: View) -> str:
    return f"as-at-{_local(view.snapshot.header.created, view.zone)}"


def _local(moment: str, zone: ZoneInfo) -> str:
    return f"{from_text(moment).astimezone(zone):%Y-%m-%d-%H%M}"


def _result(press: Press, outcome: Outcome, jobs: Sequence[Job], name: str) -> PackResult:
    """The file name says ward, time of the data and DRILL; it never names a patient."""
    returning = [job.draft for job in jobs if job.draft.returns]
    mine = sum(bool(draft.subject.patient) for draft in returning)
    drill = "DRILL_" if press.drill else ""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
    return PackResult(
        outcome.pack.id, outcome.total, mine, len(returning) - mine, f"{drill}{safe}.pdf"
    )
