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
from downtime.paper import serials, store
from downtime.paper.forms import sets
from downtime.paper.issue import ISSUED, VOID, Issued
from downtime.paper.packs import contents, lists, pack, record
from downtime.paper.packs.contents import BED_LIST, SUMMARY
from downtime.paper.packs.cover import cover
from downtime.paper.packs.job import USUAL, Job, Options, Outcome
from downtime.paper.packs.lists import View
from downtime.paper.packs.pack import PackResult
from downtime.paper.packs.printing import Press
from downtime.settings import Settings
from downtime.snapshot.rows import PatientRow
from downtime.snapshot.store import Snapshot
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

_GOOD = "drill = ? AND state = ? AND pack IN (SELECT id FROM pack WHERE state = 'printed')"


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What lies on the wards already: bed lists of this one, summaries by patient, their digests."""

    beds: tuple[str, ...]
    summaries: Mapping[str, list[Issued]]
    digests: Mapping[str, str]
    with_forms: frozenset[str]

    def says(self, patient: str, digest: str, ward: str) -> bool:
        """Whether the newest summary of a patient lies on this ward and says just this."""
        newest = self.summaries[patient][-1]
        return newest.ward == ward and self.digests.get(newest.serial) == digest


def delta_pack(
    vault: Vault,
    snapshot: Snapshot,
    settings: Settings,
    ward: str,
    who: Actor,
    why: str,
    out: BinaryIO,
    *,
    forms: Sequence[str] | None = None,
    options: Options = USUAL,
) -> PackResult:
    """Print what changed on a ward since its last print; superseded pages become void.

    InputError for a ward that the snapshot does not have; ConflictError when none was printed yet.
    """
    pack.check_wards(snapshot, [ward])
    press = Press(vault, settings, who, "delta", options)
    view = contents.view_of(press, snapshot)
    earlier = _earlier(press, ward)
    if not earlier.beds:
        raise ConflictError(
            "delta.first", f"No pack of ward '{ward}' was printed yet.", "Print its whole pack."
        )
    found = sets.of_wards(settings, [ward], vault.home)[ward]
    chosen = found.patient if forms is None else tuple(forms)
    here = snapshot.inpatients(ward)
    patients = [_changed(press, view, row, ward, chosen, earlier) for row in here]
    left = _left(earlier, ward, {row.patient.id for row in here})
    jobs = [contents.bed_list(press, view, ward, (*earlier.beds, *left))]
    jobs += contents.collated(patients, by_form=options.by_form)
    title = f"Changes on {ward} since its last print"
    name = pack.file_name(press, f"{ward}_changes", view)
    outcome = press.run(
        jobs,
        out,
        name=name,
        title=title,
        wards=[ward],
        snapshot=snapshot.id,
        as_at=lists.as_at(view),
        why=why,
        last=lambda so_far: cover(
            press, view, so_far, jobs, title, _facts(snapshot, ward, jobs),
            _changes(jobs, so_far, earlier.beds),
        ),
    )  # fmt: skip
    return pack.result(press, outcome, jobs, name)


def printed_wards(vault: Vault) -> set[str]:
    """Wards of which a print lies on the ward, so that the changes since can be printed."""
    outage = outages.current(vault)
    drill = int(outage is not None and outage.drill)
    beds = store.forms(vault.db, f"form = ? AND {_GOOD}", BED_LIST, drill, ISSUED)
    return {form.ward for form in beds}


def _changed(
    press: Press,
    view: View,
    row: PatientRow,
    ward: str,
    forms: Sequence[str],
    earlier: _Earlier,
) -> list[Job]:
    """What a patient who is on the ward now needs: nothing, a new summary, or everything."""
    patient = row.patient.id
    old = tuple(form.serial for form in earlier.summaries.get(patient, ()))
    if not old and patient not in earlier.with_forms:
        return contents.patient(press, view, row, ward, forms, summary=True)
    said = (lists.summary_identity(view, row), lists.summary(view, row))
    if old and earlier.says(patient, record.digest(said), ward):
        return []
    return [contents.summary_of(press, view, row, ward, old)]


def _left(earlier: _Earlier, ward: str, here: set[str]) -> tuple[str, ...]:
    """Summaries on this ward of patients who are no longer there."""
    return tuple(
        form.serial
        for patient, summaries in earlier.summaries.items()
        if patient not in here
        for form in summaries
        if form.ward == ward
    )


def _earlier(press: Press, ward: str) -> _Earlier:
    """Drills and outages are kept apart: neither supersedes pages of the other."""
    db, drill = press.vault.db, int(press.drill)
    beds = store.forms(db, f"form = ? AND ward = ? AND {_GOOD}", BED_LIST, ward, drill, ISSUED)
    summaries: dict[str, list[Issued]] = {}
    for form in store.forms(db, f"form = ? AND {_GOOD}", SUMMARY, drill, ISSUED):
        summaries.setdefault(form.patient, []).append(form)
    forms = store.forms(
        db, "returns AND patient <> '' AND drill = ? AND state <> ?", drill, VOID
    )  # what was filed counts too: the patient's record on paper has begun
    return _Earlier(
        tuple(form.serial for form in beds),
        summaries,
        store.digests(db, "f.form = ? AND f.drill = ? AND f.state = ?", SUMMARY, drill, ISSUED),
        frozenset(form.patient for form in forms),
    )


def _facts(snapshot: Snapshot, ward: str, jobs: Sequence[Job]) -> dict[str, str]:
    printed = {job.draft.subject.patient for job in jobs} - {""}
    return {
        "Ward": pack.named(snapshot, [ward]),
        "Holds": f"Only what changed since the last print: pages of {len(printed)} patients.",
    }


def _changes(
    jobs: Sequence[Job], outcome: Outcome, beds: Sequence[str]
) -> list[tuple[str, str, str]]:
    """(page to take out, page to put in, why) for every page that is superseded."""
    rows = []
    for job, new in zip(jobs, outcome.serials, strict=False):
        for old in job.draft.replaces:
            left = job.draft.form == BED_LIST and old not in beds
            why = "patient left the ward" if left else f"new {job.draft.title.lower()}"
            rows.append((serials.shown(old), "" if left else serials.shown(new), why))
    return rows
