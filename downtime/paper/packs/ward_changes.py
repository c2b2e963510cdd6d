"""What changed on a ward since its last print: only those pages, and which earlier ones they supersede.

A patient whose summary says the same keeps it. One whose summary or place changed gets a new one;
one who is new to the ward and has no forms yet gets the ward's whole set. Forms that were issued
for a patient stay good. Summaries of those who left, and the old lists of beds and of medicines due, are taken
out; their forms are part of the record, and are handed in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from downtime.clinical.model import Encounter, Patient
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
from downtime.paper.packs.policies import check_knows_who_is_there, check_wards
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest, PrintScope
from downtime.paper.packs.ward_separator import name_ward
from downtime.paper.packs.whereabouts import has_left, is_of, is_same_person
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
        check_knows_who_is_there(snapshot, earlier.list_summaries_on(ward))
        sets = context.get_ward_sets([ward])
        forms = sets[ward].patient if self.forms is None else self.forms
        rows = context.hospital.list_stays(ward)
        patients = [_changed_documents(context, row, ward, forms, earlier) for row in rows]
        outdated = [
            form.serial for form in earlier.list_summaries_on(ward) if has_left(context, form)
        ]
        planned = [documents.bed_list_document(context, ward, (*earlier.bed_lists, *outdated))]
        planned += medicines_due.list_pack_documents(context, ward, earlier.medicines_due)
        planned += documents.collate(patients, by_form=self.by_form)
        title = f"Changes on {ward} since its last print"
        printed = {document.draft.subject.patient for document in planned} - {""}
        facts = {
            "Ward": name_ward(context, ward),
            "Holds": f"Only what changed since the last print: pages of {len(printed)} patients.",
        }
        if unsent := view.word_unavailable(Encounter.__name__):
            facts["Who left"] = (
                f"Not known, {unsent}: the pages of whom no system places here stay."
            )
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
                    *_list_forms_of_others(context, ward),
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
    """What lies on the wards already: lists of this one, everybody's summaries, their digests."""

    bed_lists: tuple[str, ...]
    medicines_due: tuple[str, ...]
    summaries: Sequence[IssuedForm]
    digests: Mapping[str, str]
    people: set[tuple[str, ...]]
    """Of everybody who has forms: id, hospital number, NHS number, birth (`fetch_people_with_forms`)."""

    def list_summaries_on(self, ward: str) -> list[IssuedForm]:
        """The summaries that lie on a ward."""
        return [form for form in self.summaries if form.ward == ward]

    def list_summaries_of(self, patient: Patient) -> list[IssuedForm]:
        """The summaries of a patient, the newest last."""
        return [form for form in self.summaries if is_of(form, patient)]

    def has_forms(self, patient: Patient) -> bool:
        """Whether charts are out already, also where an earlier copy knew them by another id."""
        return any(is_same_person(patient, *person) for person in self.people)


def _find_earlier_pages(context: PrintContext, ward: str) -> _EarlierPages:
    """Drills and outages are kept apart: neither supersedes pages of the other."""
    db, drill = context.vault.db, context.is_drill
    bed_lists = issued_forms.fetch_standing_prints(db, BED_LIST, drill=drill)
    due_lists = issued_forms.fetch_standing_prints(db, MEDICINES_DUE, drill=drill)
    return _EarlierPages(
        tuple(form.serial for form in bed_lists if form.ward == ward),
        tuple(form.serial for form in due_lists if form.ward == ward),
        tuple(issued_forms.fetch_standing_prints(db, SUMMARY, drill=drill)),
        issued_forms.fetch_digests(db, SUMMARY, drill=drill),
        issued_forms.fetch_people_with_forms(db, drill=drill),
    )


def _changed_documents(
    context: PrintContext, row: PatientRow, ward: str, forms: Sequence[str], earlier: _EarlierPages
) -> list[PrintDocument]:
    """What a patient who is on the ward now needs: nothing, a new summary, or everything."""
    patient = row.patient.id
    is_known = patient not in context.hospital.registered
    old = earlier.list_summaries_of(row.patient)
    if not old and not earlier.has_forms(row.patient):
        return documents.patient_documents(
            context, row, ward, forms, summary=is_known, all_charts=True
        )
    if not is_known:  # of whom no system says anything there is nothing to summarise
        return []
    digest = content_recorder.content_digest(summary_content(context.view, row))
    if old and old[-1].ward == ward and earlier.digests.get(old[-1].serial) == digest:
        return []
    replaced = tuple(form.serial for form in old)
    return [documents.summary_document(context, row, ward, replaced)]


def _list_replacements(
    context: PrintContext, outcome: PrintOutcome, bed_lists: Sequence[str]
) -> list[tuple[str, ...]]:
    """(bed, patient, form, serial, page to put in, reason) for every page that is superseded."""
    rows = []
    for document, new in zip(outcome.documents, outcome.serials, strict=False):
        old_forms = issued_forms.fetch_by_serials(context.vault.db, document.draft.replaces)
        for old in old_forms:
            is_of_gone = document.draft.form == BED_LIST and old.serial not in bed_lists
            title = document.draft.title
            why = "patient left the ward" if is_of_gone else f"new {title[:1].lower()}{title[1:]}"
            replacement = "" if is_of_gone else serials.format_serial(new)
            rows.append((*describe_page(context, old), replacement, why))
    return sorted(rows)


def _list_forms_of_others(context: PrintContext, ward: str) -> Iterator[tuple[str, ...]]:
    """The same for forms that are out on the ward for patients who are no longer there."""
    wanted = {"ward": ward, "state": FormState.ISSUED}
    for form in issued_forms.fetch_returning(context.vault.db, wanted):
        if form.patient and form.drill == context.is_drill and has_left(context, form):
            yield *describe_page(context, form), "", "patient left the ward: hand it in"
