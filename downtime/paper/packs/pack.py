"""What is printed together: a ward's pack, the whole site's, one patient's, a list's, blank forms."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from downtime.clinical import display
from downtime.clock import from_text
from downtime.errors import InputError
from downtime.outage import downtime_numbers
from downtime.paper.forms import form_sets
from downtime.paper.packs import documents, session_list, snapshot_pages
from downtime.paper.packs.blank_sets import BlankSets
from downtime.paper.packs.cover import cover_document
from downtime.paper.packs.model import DEFAULT_OPTIONS, PrintDocument, PrintOptions, PrintOutcome
from downtime.paper.packs.print_run import PrintRun
from downtime.paper.packs.snapshot_pages import SnapshotView
from downtime.settings import Settings
from downtime.snapshot.model import PatientRow
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class PackResult:
    """What was printed. `forms` counts those for patients, `blank_forms` the spares."""

    id: str
    pages: int
    forms: int
    blank_forms: int
    file_name: str
    checksum: str = ""


def ward_pack(
    vault: Vault,
    snapshot: Snapshot,
    settings: Settings,
    wards: Sequence[str],
    actor: Actor,
    reason: str,
    out: BinaryIO,
    *,
    forms: Sequence[str] | None = None,
    blanks: int | None = None,
    options: PrintOptions = DEFAULT_OPTIONS,
) -> PackResult:
    """Print wards: cover, and for each ward bed list, patients in bed order, blank spares.

    What is printed for each patient after the summary, and which spares, is said by the form set of
    the ward's type (see `sets`); `forms` are printed for each patient instead, and `blanks` is how
    many of every spare. Spares that belong together are for one new patient and carry one downtime
    number. The PDF goes to `out`; it is never kept on disk.
    InputError for a ward that the snapshot does not have.
    """
    check_wards(snapshot, wards)
    press = PrintRun(vault, settings, actor, "ward" if len(wards) == 1 else "site", options)
    view = documents.make_view(press, snapshot)
    found = form_sets.get_ward_sets(settings, wards, vault.home)
    spares = BlankSets(press, settings, found, blanks, reason)
    jobs: list[PrintDocument] = []
    for ward in wards:
        chosen = found[ward].patient if forms is None else forms
        patients = [
            documents.patient_documents(press, view, row, ward, chosen, summary=found[ward].summary)
            for row in snapshot.list_inpatients(ward)
        ]
        jobs.append(documents.bed_list_document(press, view, ward))
        jobs += documents.collate(patients, by_form=options.by_form)
        jobs += spares.for_ward(ward)
    name = wards[0] if len(wards) == 1 else "all-wards"
    facts = {"Wards": named(snapshot, wards)}
    outcome = press.run(
        jobs,
        out,
        name=file_name(press, name, view),
        title=f"Downtime pack {name}",
        wards=wards,
        snapshot=snapshot.id,
        as_at=snapshot_pages.format_ages(view),
        reason=reason,
        last=lambda so_far: cover_document(press, view, so_far, jobs, "Downtime pack", facts),
    )
    return result(press, outcome, jobs, file_name(press, name, view))


def site_pack(
    vault: Vault,
    snapshot: Snapshot,
    settings: Settings,
    actor: Actor,
    reason: str,
    out: BinaryIO,
    *,
    forms: Sequence[str] | None = None,
    blanks: int | None = None,
    options: PrintOptions = DEFAULT_OPTIONS,
) -> PackResult:
    """Print every ward of the snapshot, as `ward_pack` does."""
    wards = [row.code for row in snapshot.list_wards()]
    return ward_pack(
        vault, snapshot, settings, wards, actor, reason, out,
        forms=forms, blanks=blanks, options=options,
    )  # fmt: skip


def patient_pack(
    vault: Vault,
    snapshot: Snapshot,
    settings: Settings,
    patient_id: str,
    forms: Sequence[str] | None,
    actor: Actor,
    reason: str,
    out: BinaryIO,
    *,
    options: PrintOptions = DEFAULT_OPTIONS,
) -> PackResult:
    """Print one patient's summary and forms (None: those of the ward's set); the file names nobody.

    NotFoundError when the snapshot has no such patient.
    """
    press = PrintRun(vault, settings, actor, "patient", options)
    view = documents.make_view(press, snapshot)
    row = PatientRow(snapshot.get_patient(patient_id), snapshot.find_encounter(patient_id))
    ward = row.encounter.ward if row.encounter else ""
    chosen = (
        form_sets.get_ward_sets(settings, [ward], vault.home)[ward].patient
        if forms is None
        else forms
    )
    jobs = documents.patient_documents(press, view, row, ward, chosen, summary=True)
    name = file_name(press, "patient", view)
    outcome = press.run(
        jobs,
        out,
        name=name,
        title="Downtime pack of one patient",
        wards=[ward],
        snapshot=snapshot.id,
        as_at=snapshot_pages.format_ages(view),
        reason=reason,
    )
    return result(press, outcome, jobs, name)


def session_pack(
    vault: Vault,
    snapshot: Snapshot,
    settings: Settings,
    kind: str,
    day: str,
    location: str,
    actor: Actor,
    reason: str,
    out: BinaryIO,
    *,
    forms: Sequence[str] | None = None,
    options: PrintOptions = DEFAULT_OPTIONS,
) -> PackResult:
    """Print a clinic's or theatre's list of a day (`kind`, ISO day) and its patients' forms in order.

    InputError when the snapshot has nobody on that list.
    """
    rows = snapshot.list_session_appointments(day, location, kind)
    if not rows:
        raise InputError("session.none", "Nobody is on that list.", "Choose another list or day.")
    press = PrintRun(vault, settings, actor, kind, options)
    view = documents.make_view(press, snapshot)
    found = form_sets.get_session_set(settings, location, kind, vault.home)
    chosen = found.patient if forms is None else forms
    listed = session_list.SessionList(kind, day, location, rows)
    unique = {row.patient.id: row.patient for row in rows}.values()
    patients = [
        documents.patient_documents(
            press,
            view,
            PatientRow(one, snapshot.find_encounter(one.id)),
            location,
            chosen,
            summary=found.summary,
        )
        for one in unique
    ]
    jobs = session_list.session_documents(press, view, listed, found.session)
    jobs += documents.collate(patients, by_form=options.by_form)
    title = f"{session_list.TITLES[kind]}: {location}, {display.format_day(day)}"
    name = file_name(press, f"{kind}_{location}_{day}", view)
    outcome = press.run(
        jobs,
        out,
        name=name,
        title=title,
        wards=[location],
        snapshot=snapshot.id,
        as_at=snapshot_pages.format_ages(view),
        reason=reason,
        last=lambda so_far: cover_document(press, view, so_far, jobs, title, {}),
    )
    return result(press, outcome, jobs, name)


def blank_forms(
    vault: Vault,
    settings: Settings,
    forms: Sequence[str],
    copies: int,
    actor: Actor,
    reason: str,
    out: BinaryIO,
    *,
    ward: str = "",
    numbered: bool = False,
    options: PrintOptions = DEFAULT_OPTIONS,
) -> PackResult:
    """Print blank forms; with `numbered`, each set is for one new patient with a downtime number."""
    if copies < 1 or not forms:
        raise InputError("blank.none", "No blank form was asked for.", "Choose a form and copies.")
    press = PrintRun(vault, settings, actor, "blank", options)
    numbered = numbered and any(press.get_form(name)[0].identity for name in forms)
    issued = (
        downtime_numbers.issue_numbers(vault, settings, copies, actor, reason)
        if numbered
        else [""] * copies
    )
    jobs = [
        documents.blank_document(press, name, ward, number) for number in issued for name in forms
    ]
    name = file_name(press, "blank")
    outcome = press.run(
        jobs,
        out,
        name=name,
        title="Blank downtime forms",
        wards=[ward],
        snapshot="",
        as_at="Blank form: filled in by hand.",
        reason=reason,
    )
    return result(press, outcome, jobs, name)


def check_wards(snapshot: Snapshot, wards: Sequence[str]) -> None:
    """InputError for a ward that the snapshot does not have."""
    known = {row.code for row in snapshot.list_wards()}
    for ward in wards:
        if ward not in known:
            raise InputError(
                "ward.unknown",
                f"The snapshot has no ward '{ward}'.",
                f"Choose from: {', '.join(sorted(known))}.",
            )


def named(snapshot: Snapshot, wards: Sequence[str]) -> str:
    """`A1 Acute Medical Unit, B2 Surgery`."""
    names = {row.code: row.name for row in snapshot.list_wards()}
    return ", ".join(f"{w} {names[w]}" if names[w] != w else w for w in wards)


def file_name(press: PrintRun, what: str, view: SnapshotView | None = None) -> str:
    """It says ward, time of the data (or of printing) and DRILL; it never names a patient."""
    moment = from_text(view.snapshot.header.created) if view else press.made
    when = f"{'as-at-' if view else ''}{moment.astimezone(press.zone):%Y-%m-%d-%H%M}"
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{what}_{when}")
    return f"{'DRILL_' if press.drill else ''}{safe}.pdf"


def result(
    press: PrintRun, outcome: PrintOutcome, jobs: Sequence[PrintDocument], name: str
) -> PackResult:
    """What a printing gave, counted."""
    returning = [job.draft for job in jobs if job.draft.returns]
    mine = sum(bool(draft.subject.patient) for draft in returning)
    return PackResult(
        outcome.pack.id, outcome.total, mine, len(returning) - mine, name, outcome.checksum
    )
