"""What changed on a ward since its last print: only those pages, and which earlier ones they supersede.

A patient whose summary says the same keeps it. One whose summary or place changed gets a new one;
one who is new to the ward and has no forms yet gets the ward's whole set. Forms that were issued
for a patient stay good. Summaries of those who left, and the old lists of beds and of medicines due, are taken
out; their forms are part of the record, and are handed in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from downtime.clinical.model import Patient
from downtime.errors import ConflictError
from downtime.outage import outages
from downtime.paper import serials
from downtime.paper.model import FormState, IssuedForm, PackKind
from downtime.paper.packs import content_recorder, documents, medicines_due
from downtime.paper.packs.cover import cover_document
from downtime.paper.packs.documents import BED_LIST, SUMMARY
from downtime.paper.packs.earlier_paper import describe_page
from downtime.paper.packs.medicines_due import MEDICINES_DUE
from downtime.paper.packs.model import PackPlan, PrintDocument, PrintOutcome, RequestKind
from downtime.paper.packs.patient_summary import summary_content
from downtime.paper.packs.policies import check_wards
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest, PrintScope
from downtime.paper.packs.ward_separator import name_ward
from downtime.paper.store import issued_forms
from downtime.snapshot.model import PatientRow
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class WardChanges(PrintRequest):
    """Print what changed on a ward since its last print; superseded pages become void."""

    kind: ClassVar[RequestKind] = RequestKind.CHANGES
    title: ClassVar[str] = "Changes of a ward"
    ward: str
    forms: tuple[str, ...] | None = None
    """For each new patient; None for those of the ward's form set."""

    @property
    def scope(self) -> PrintScope:
        """That ward."""
        return PrintScope((self.ward,))

    def plan(self, context: PrintContext) -> PackPlan:
        """InputError for a ward that the snapshot does not have; ConflictError for a first print."""
        view, ward = context.view, self.ward
        snapshot = view.snapshot
        check_wards(snapshot, [ward])
        earlier = _find_earlier_pages(context, ward)
        if not earlier.bed_lists:
            raise ConflictError(
                "delta.first", f"No pack of ward '{ward}' was printed yet.", "Print its whole pack."
            )
        sets = context.get_ward_sets([ward])
        forms = sets[ward].patient if self.forms is None else self.forms
        rows = context.hospital.list_stays(ward)
        patients = [_changed_documents(context, row, ward, forms, earlier) for row in rows]
        present = {row.patient.id for row in rows}
        outdated = _list_summaries_of_others(earlier, ward, present)
        planned = [documents.bed_list_document(context, ward, (*earlier.bed_lists, *outdated))]
        planned += medicines_due.list_pack_documents(context, ward, earlier.medicines_due)
        planned += documents.collate(patients, by_form=self.by_form)
        title = f"Changes on {ward} since its last print"
        printed = {document.draft.subject.patient for document in planned} - {""}
        facts = {
            "Ward": name_ward(context, ward),
            "Holds": f"Only what changed since the last print: pages of {len(printed)} patients.",
        }
        return context.snapshot_plan(
            PackKind.DELTA,
            title,
            f"{ward}_changes",
            planned,
            [ward],
            lambda outcome: cover_document(
                context, outcome, title, facts,
                [
                    *_list_replacements(context, outcome, earlier.bed_lists),
                    *_list_forms_of_others(context, ward, present),
                ],
            ),
        )  # fmt: skip


def list_printed_wards(vault: Vault) -> set[str]:
    """Wards of which a print lies on the ward, so that the changes since can be printed."""
    outage = outages.find_current(vault)
    is_drill = outage is not None and outage.drill
    bed_lists = issued_forms.fetch_standing_prints(vault.db, BED_LIST, drill=is_drill)
    return {form.ward for form in bed_lists}


@dataclass(frozen=True, slots=True)
class _EarlierPages:
    """What lies on the wards already: lists of this one, summaries by patient, their digests."""

    bed_lists: tuple[str, ...]
    medicines_due: tuple[str, ...]
    summaries: Mapping[str, list[IssuedForm]]
    digests: Mapping[str, str]
    people: set[tuple[str, ...]]
    """Of everybody who has forms: id, hospital number, NHS number, birth (`fetch_people_with_forms`)."""

    def has_summary(self, patient: str, digest: str, ward: str) -> bool:
        """Whether the newest summary of a patient lies on this ward and says just this."""
        newest = self.summaries[patient][-1]
        return newest.ward == ward and self.digests.get(newest.serial) == digest

    def has_forms(self, patient: Patient) -> bool:
        """Whether charts are out already, also where an earlier copy knew them by another id."""
        return any(_is_same_person(patient, *person) for person in self.people)


def _is_same_person(patient: Patient, key: str, mrn: str, nhs_number: str, birth: str) -> bool:
    has_number = patient.mrn in {mrn} - {""} or patient.nhs_number in {nhs_number} - {""}
    return key == patient.id or (has_number and birth == patient.birth_date)


def _find_earlier_pages(context: PrintContext, ward: str) -> _EarlierPages:
    """Drills and outages are kept apart: neither supersedes pages of the other."""
    db, drill = context.vault.db, context.is_drill
    bed_lists = issued_forms.fetch_standing_prints(db, BED_LIST, drill=drill)
    due_lists = issued_forms.fetch_standing_prints(db, MEDICINES_DUE, drill=drill)
    summaries: dict[str, list[IssuedForm]] = {}
    for form in issued_forms.fetch_standing_prints(db, SUMMARY, drill=drill):
        summaries.setdefault(form.patient, []).append(form)
    return _EarlierPages(
        tuple(form.serial for form in bed_lists if form.ward == ward),
        tuple(form.serial for form in due_lists if form.ward == ward),
        summaries,
        issued_forms.fetch_digests(db, SUMMARY, drill=drill),
        issued_forms.fetch_people_with_forms(db, drill=drill),
    )


def _changed_documents(
    context: PrintContext, row: PatientRow, ward: str, forms: Sequence[str], earlier: _EarlierPages
) -> list[PrintDocument]:
    """What a patient who is on the ward now needs: nothing, a new summary, or everything."""
    patient = row.patient.id
    is_known = patient not in context.hospital.registered
    old = tuple(form.serial for form in earlier.summaries.get(patient, ()))
    if not old and not earlier.has_forms(row.patient):
        return documents.patient_documents(
            context, row, ward, forms, summary=is_known, all_charts=True
        )
    if not is_known:  # of whom no system says anything there is nothing to summarise
        return []
    digest = content_recorder.content_digest(summary_content(context.view, row))
    if old and earlier.has_summary(patient, digest, ward):
        return []
    return [documents.summary_document(context, row, ward, old)]


def _list_summaries_of_others(
    earlier: _EarlierPages, ward: str, patients: set[str]
) -> tuple[str, ...]:
    """Summaries on this ward of patients who are no longer there."""
    return tuple(
        form.serial
        for patient, summaries in earlier.summaries.items()
        if patient not in patients
        for form in summaries
        if form.ward == ward
    )


def _list_replacements(
    context: PrintContext, outcome: PrintOutcome, bed_lists: Sequence[str]
) -> list[tuple[str, ...]]:
    """(bed, patient, form, serial, page to put in, reason) for every page that is superseded."""
    rows = []
    for document, new in zip(outcome.documents, outcome.serials, strict=False):
        old_forms = issued_forms.fetch_by_serials(context.vault.db, document.draft.replaces)
        for old in old_forms:
            has_left = document.draft.form == BED_LIST and old.serial not in bed_lists
            reason = "patient left the ward" if has_left else f"new {document.draft.title.lower()}"
            replacement = "" if has_left else serials.format_serial(new)
            rows.append((*describe_page(context, old), replacement, reason))
    return sorted(rows)


def _list_forms_of_others(
    context: PrintContext, ward: str, patients: set[str]
) -> Iterator[tuple[str, ...]]:
    """The same for forms that are out on the ward for patients who are no longer there."""
    wanted = {"ward": ward, "state": FormState.ISSUED}
    for form in issued_forms.fetch_returning(context.vault.db, wanted):
        if form.patient and form.patient not in patients and form.drill == context.is_drill:
            yield *describe_page(context, form), "", "patient left the ward: hand it in"
