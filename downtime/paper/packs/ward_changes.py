"""What changed on a ward since its last print: only those pages, and which earlier ones they supersede.

A patient whose summary says the same keeps it. One whose summary or place changed gets a new one;
one who is new to the ward and has no forms yet gets the ward's whole set. Forms that were issued
for a patient stay good. Summaries of those who left, and the old lists of beds and of medicines due, are taken
out; their forms are part of the record, and are handed in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from downtime.clinical.model import Encounter
from downtime.errors import ConflictError
from downtime.outage import outages
from downtime.paper import serials
from downtime.paper.model import FormState, IssuedForm, PackKind, make_subject
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
from downtime.paper.packs.whereabouts import Whereabouts
from downtime.paper.store import issued_forms, people_on_paper
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
        earlier, where = _find_earlier_pages(context, ward), Whereabouts(context)
        if not earlier.bed_lists:
            raise ConflictError(
                "delta.first", f"No pack of ward '{ward}' was printed yet.", "Print its whole pack."
            )
        check_knows_who_is_there(snapshot, earlier.list_summaries_on(ward))
        sets = context.get_ward_sets([ward])
        forms = sets[ward].patient if self.forms is None else self.forms
        rows = context.hospital.list_stays(ward)
        patients = [_changed_documents(context, row, ward, forms, earlier, where) for row in rows]
        outdated = [form.serial for form in earlier.list_summaries_on(ward) if where.has_left(form)]
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
                    *_list_replacements(context, outcome, earlier.bed_lists, where),
                    *_list_forms_of_others(context, ward, where),
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
    begun: set[str]
    """Ids of those for whom something was printed in this outage, or whose forms are out since another."""

    def list_summaries_on(self, ward: str) -> list[IssuedForm]:
        """The summaries that lie on a ward."""
        return [form for form in self.summaries if form.ward == ward]

    def list_summaries_of(self, ids: set[str]) -> list[IssuedForm]:
        """The summaries of whom paper knows by these ids, the newest last."""
        return [form for form in self.summaries if form.patient in ids]

    def is_said(self, summaries: Sequence[IssuedForm], ward: str, digest: str) -> bool:
        """Whether the newest of a patient's summaries lies on this ward and says just this."""
        newest = summaries[-1] if summaries else None
        return newest is not None and (newest.ward, self.digests.get(newest.serial)) == (
            ward,
            digest,
        )

    def has_begun(self, ids: set[str]) -> bool:
        """Whether somebody whom paper knows by these ids has pages already."""
        return not self.begun.isdisjoint(ids)


def _find_earlier_pages(context: PrintContext, ward: str) -> _EarlierPages:
    """Drills and outages are kept apart: neither supersedes pages of the other."""
    db, drill = context.vault.db, context.is_drill
    outage = context.outage.id if context.outage else ""
    summaries = tuple(issued_forms.fetch_standing_prints(db, SUMMARY, drill=drill))
    with_forms = people_on_paper.fetch_ids_with_forms(db, outage, drill=drill)
    bed_lists = issued_forms.fetch_standing_prints(db, BED_LIST, drill=drill)
    due_lists = issued_forms.fetch_standing_prints(db, MEDICINES_DUE, drill=drill)
    return _EarlierPages(
        tuple(form.serial for form in bed_lists if form.ward == ward),
        tuple(form.serial for form in due_lists if form.ward == ward),
        summaries,
        issued_forms.fetch_digests(db, SUMMARY, drill=drill),
        with_forms | {form.patient for form in summaries if form.outage == outage},
    )


def _changed_documents(
    context: PrintContext,
    row: PatientRow,
    ward: str,
    forms: Sequence[str],
    earlier: _EarlierPages,
    where: Whereabouts,
) -> list[PrintDocument]:
    """What a patient who is on the ward now needs: nothing, a new summary, or everything."""
    is_known = row.patient.id not in context.hospital.registered
    ids = where.list_ids(make_subject(row.patient))
    old = earlier.list_summaries_of(ids)
    sheets = []
    if is_known:  # of whom no system says anything there is nothing to summarise
        digest = content_recorder.content_digest(summary_content(context.view, row))
        if not earlier.is_said(old, ward, digest):
            replaced = tuple(form.serial for form in old)
            sheets.append(documents.summary_document(context, row, ward, replaced))
    if not earlier.has_begun(ids):
        sheets += documents.patient_documents(
            context, row, ward, forms, summary=False, all_charts=True
        )
    return sheets


def _list_replacements(
    context: PrintContext, outcome: PrintOutcome, bed_lists: Sequence[str], where: Whereabouts
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
            rows.append((*describe_page(where, old), replacement, why))
    return sorted(rows)


def _list_forms_of_others(
    context: PrintContext, ward: str, where: Whereabouts
) -> Iterator[tuple[str, ...]]:
    """The same for forms that are out on the ward for patients who are no longer there."""
    wanted = {"ward": ward, "state": FormState.ISSUED}
    for form in issued_forms.fetch_returning(context.vault.db, wanted):
        if form.patient and form.drill == context.is_drill and where.has_left(form):
            yield *describe_page(where, form), "", "patient left the ward: hand it in"
