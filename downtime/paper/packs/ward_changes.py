"""What changed on a ward since its last print: only those pages, and which earlier ones they supersede.

A patient whose summary says the same keeps it. One whose summary or place changed gets a new one;
one who is new to the ward and has no forms yet gets the ward's whole set. Forms that were issued
for a patient stay good. Summaries of those who left, and the old bed list, are taken out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from downtime.errors import ConflictError
from downtime.outage import outages
from downtime.paper import serials
from downtime.paper.forms import form_sets
from downtime.paper.model import FormState, IssuedForm
from downtime.paper.packs import content_recorder, documents, pack, snapshot_pages
from downtime.paper.packs.cover import cover_document
from downtime.paper.packs.documents import BED_LIST, SUMMARY
from downtime.paper.packs.model import DEFAULT_OPTIONS, PrintDocument, PrintOptions, PrintOutcome
from downtime.paper.packs.pack import PackResult
from downtime.paper.packs.print_run import PrintRun
from downtime.paper.packs.snapshot_pages import SnapshotView
from downtime.paper.store import issued_forms
from downtime.settings import Settings
from downtime.snapshot.model import PatientRow
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

_GOOD = "drill = ? AND state = ? AND pack IN (SELECT id FROM pack WHERE state = 'printed')"


@dataclass(frozen=True, slots=True)
class _EarlierPages:
    """What lies on the wards already: bed lists of this one, summaries by patient, their digests."""

    beds: tuple[str, ...]
    summaries: Mapping[str, list[IssuedForm]]
    digests: Mapping[str, str]
    with_forms: frozenset[str]

    def says(self, patient: str, digest: str, ward: str) -> bool:
        """Whether the newest summary of a patient lies on this ward and says just this."""
        newest = self.summaries[patient][-1]
        return newest.ward == ward and self.digests.get(newest.serial) == digest


def print_ward_changes(
    vault: Vault,
    snapshot: Snapshot,
    settings: Settings,
    ward: str,
    actor: Actor,
    reason: str,
    out: BinaryIO,
    *,
    forms: Sequence[str] | None = None,
    options: PrintOptions = DEFAULT_OPTIONS,
) -> PackResult:
    """Print what changed on a ward since its last print; superseded pages become void.

    InputError for a ward that the snapshot does not have; ConflictError when none was printed yet.
    """
    pack.check_wards(snapshot, [ward])
    press = PrintRun(vault, settings, actor, "delta", options)
    view = documents.make_view(press, snapshot)
    earlier = _earlier(press, ward)
    if not earlier.beds:
        raise ConflictError(
            "delta.first", f"No pack of ward '{ward}' was printed yet.", "Print its whole pack."
        )
    found = form_sets.get_ward_sets(settings, [ward], vault.home)[ward]
    chosen = found.patient if forms is None else tuple(forms)
    here = snapshot.list_inpatients(ward)
    patients = [_changed(press, view, row, ward, chosen, earlier) for row in here]
    left = _left(earlier, ward, {row.patient.id for row in here})
    jobs = [documents.bed_list_document(press, view, ward, (*earlier.beds, *left))]
    jobs += documents.collate(patients, by_form=options.by_form)
    title = f"Changes on {ward} since its last print"
    name = pack.file_name(press, f"{ward}_changes", view)
    outcome = press.run(
        jobs,
        out,
        name=name,
        title=title,
        wards=[ward],
        snapshot=snapshot.id,
        as_at=snapshot_pages.format_ages(view),
        reason=reason,
        last=lambda so_far: cover_document(
            press, view, so_far, jobs, title, _facts(snapshot, ward, jobs),
            _changes(jobs, so_far, earlier.beds),
        ),
    )  # fmt: skip
    return pack.result(press, outcome, jobs, name)


def list_printed_wards(vault: Vault) -> set[str]:
    """Wards of which a print lies on the ward, so that the changes since can be printed."""
    outage = outages.find_current(vault)
    drill = int(outage is not None and outage.drill)
    beds = issued_forms.fetch_forms(
        vault.db, f"form = ? AND {_GOOD}", BED_LIST, drill, FormState.ISSUED
    )
    return {form.ward for form in beds}


def _changed(
    press: PrintRun,
    view: SnapshotView,
    row: PatientRow,
    ward: str,
    forms: Sequence[str],
    earlier: _EarlierPages,
) -> list[PrintDocument]:
    """What a patient who is on the ward now needs: nothing, a new summary, or everything."""
    patient = row.patient.id
    old = tuple(form.serial for form in earlier.summaries.get(patient, ()))
    if not old and patient not in earlier.with_forms:
        return documents.patient_documents(press, view, row, ward, forms, summary=True)
    said = (
        snapshot_pages.summary_identity_values(view, row),
        snapshot_pages.summary_blocks(view, row),
    )
    if old and earlier.says(patient, content_recorder.content_digest(said), ward):
        return []
    return [documents.summary_document(press, view, row, ward, old)]


def _left(earlier: _EarlierPages, ward: str, here: set[str]) -> tuple[str, ...]:
    """Summaries on this ward of patients who are no longer there."""
    return tuple(
        form.serial
        for patient, summaries in earlier.summaries.items()
        if patient not in here
        for form in summaries
        if form.ward == ward
    )


def _earlier(press: PrintRun, ward: str) -> _EarlierPages:
    """Drills and outages are kept apart: neither supersedes pages of the other."""
    db, drill = press.vault.db, int(press.drill)
    beds = issued_forms.fetch_forms(
        db, f"form = ? AND ward = ? AND {_GOOD}", BED_LIST, ward, drill, FormState.ISSUED
    )
    summaries: dict[str, list[IssuedForm]] = {}
    for form in issued_forms.fetch_forms(
        db, f"form = ? AND {_GOOD}", SUMMARY, drill, FormState.ISSUED
    ):
        summaries.setdefault(form.patient, []).append(form)
    forms = issued_forms.fetch_forms(
        db, "returns AND patient <> '' AND drill = ? AND state <> ?", drill, FormState.VOID
    )  # what was filed counts too: the patient's record on paper has begun
    return _EarlierPages(
        tuple(form.serial for form in beds),
        summaries,
        issued_forms.fetch_digests(
            db, "f.form = ? AND f.drill = ? AND f.state = ?", SUMMARY, drill, FormState.ISSUED
        ),
        frozenset(form.patient for form in forms),
    )


def _facts(snapshot: Snapshot, ward: str, jobs: Sequence[PrintDocument]) -> dict[str, str]:
    printed = {job.draft.subject.patient for job in jobs} - {""}
    return {
        "Ward": pack.named(snapshot, [ward]),
        "Holds": f"Only what changed since the last print: pages of {len(printed)} patients.",
    }


def _changes(
    jobs: Sequence[PrintDocument], outcome: PrintOutcome, beds: Sequence[str]
) -> list[tuple[str, str, str]]:
    """(page to take out, page to put in, why) for every page that is superseded."""
    rows = []
    for job, new in zip(jobs, outcome.serials, strict=False):
        for old in job.draft.replaces:
            left = job.draft.form == BED_LIST and old not in beds
            reason = "patient left the ward" if left else f"new {job.draft.title.lower()}"
            rows.append(
                (serials.format_serial(old), "" if left else serials.format_serial(new), reason)
            )
    return rows
