"""What changed on a ward since its last print: only those pages, and which earlier ones they supersede.

A patient whose summary says the same keeps it. One whose summary or place changed gets a new one. Of the
ward's forms each patient gets those that they lack on paper, one by one: who came with one request form
gets the charts. Forms that were issued for a patient stay good. Summaries of those who left, and the old
lists of beds and of medicines due, are taken out; their forms are part of the record, and are handed in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import orjson

from downtime.clinical.model import Encounter
from downtime.errors import ConflictError
from downtime.outage import outages
from downtime.paper.forms.load_form import load_form, parse_form
from downtime.paper.forms.medicine_charts import find_missing_charts, holds_medicines, list_kinds
from downtime.paper.forms.model import FormDefinition
from downtime.paper.model import IssuedForm, PackKind, PackState, make_subject
from downtime.paper.packs import content_recorder, documents, medicines_due
from downtime.paper.packs.cover import cover_document
from downtime.paper.packs.documents import BED_LIST, SUMMARY
from downtime.paper.packs.earlier_paper import WARD_SETS
from downtime.paper.packs.medicines_due import MEDICINES_DUE
from downtime.paper.packs.model import PackPlan, PrintDocument, RequestKind
from downtime.paper.packs.pages_to_move import list_pages_to_move
from downtime.paper.packs.patient_summary import summary_content
from downtime.paper.packs.policies import check_knows_who_is_there, check_wards
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest, PrintScope
from downtime.paper.packs.superseded_pages import (
    ON_BED_LIST,
    ON_MEDICINES_DUE,
    ON_SUMMARY,
    Succession,
    find_superseded,
)
from downtime.paper.packs.ward_separator import name_ward
from downtime.paper.packs.whereabouts import Whereabouts
from downtime.paper.store import form_contents, issued_forms, layouts, packs, people_on_paper
from downtime.paper.store.people_on_paper import PaperForm
from downtime.snapshot.model import PatientRow
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class WardChanges(PrintRequest):
    """Print what changed on a ward since its last print; superseded pages become void."""

    kind: ClassVar[RequestKind] = RequestKind.CHANGES
    title: ClassVar[str] = "Changes of a ward"
    ward: str
    forms: tuple[str, ...] | None = None
    """For each patient who lacks them; None for those of the ward's last whole pack."""

    @property
    def scope(self) -> PrintScope:
        """That ward."""
        return PrintScope((self.ward,))

    def plan(self, context: PrintContext) -> PackPlan:
        """InputError for a ward that the snapshot does not have; ConflictError for a first print."""
        view, ward = context.view, self.ward
        snapshot = view.snapshot
        check_wards(snapshot, [ward])
        where = Whereabouts(context)
        earlier = _EarlierPages(context, where, ward)
        if not earlier.bed_lists:
            raise ConflictError(
                "delta.first", f"No pack of ward '{ward}' was printed yet.", "Print its whole pack."
            )
        check_knows_who_is_there(snapshot, earlier.list_summaries_on(ward))
        forms = _choose_forms(context, ward) if self.forms is None else self.forms
        rows = context.hospital.list_stays(ward)
        patients = [_changed_documents(context, row, ward, forms, earlier) for row in rows]
        bed_lists = earlier.find_superseded(BED_LIST, ON_BED_LIST, earlier.bed_lists)
        gone = [form.serial for form in earlier.list_summaries_on(ward) if where.is_gone(form)]
        bed_lists = replace(bed_lists, replaced=(*bed_lists.replaced, *gone))
        due = earlier.find_superseded(MEDICINES_DUE, ON_MEDICINES_DUE, earlier.medicines_due)
        planned = [documents.bed_list_document(context, ward, bed_lists)]
        planned += medicines_due.list_pack_documents(context, ward, due)
        planned += documents.collate(patients, by_form=self.by_form)
        to_bring = [form for row in rows for form in earlier.list_left_behind(row)]
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
                context,
                outcome,
                title,
                facts,
                list_pages_to_move(context, outcome, ward, where, to_bring),
            ),
        )


def list_printed_wards(vault: Vault) -> set[str]:
    """Wards of which a print lies on the ward, so that the changes since can be printed."""
    outage = outages.find_current(vault)
    is_drill = outage is not None and outage.drill
    bed_lists = issued_forms.fetch_standing_prints(vault.db, BED_LIST, drill=is_drill)
    return {form.ward for form in bed_lists}


class _EarlierPages:
    """What is on paper already: lists of this ward, everybody's summaries and forms.

    Drills and outages are kept apart: neither supersedes pages of the other.
    """

    def __init__(self, context: PrintContext, where: Whereabouts, ward: str) -> None:
        self._context, self._where, self._ward = context, where, ward
        db, drill = context.vault.db, context.is_drill
        self._standing = {
            form: list(issued_forms.fetch_standing_prints(db, form, drill=drill))
            for form in (SUMMARY, BED_LIST, MEDICINES_DUE)
        }
        self._contents = {
            form: form_contents.fetch_list_contents(db, form, drill=drill)
            for form in self._standing
        }
        outage = context.outage.id if context.outage else ""
        self._forms = people_on_paper.fetch_forms_by_id(db, outage, drill=drill)
        self._definitions: dict[str, FormDefinition] = {}

    @property
    def bed_lists(self) -> list[IssuedForm]:
        """Those of this ward."""
        return [form for form in self._standing[BED_LIST] if form.ward == self._ward]

    @property
    def medicines_due(self) -> list[IssuedForm]:
        """The same of the lists of medicines due."""
        return [form for form in self._standing[MEDICINES_DUE] if form.ward == self._ward]

    def list_summaries_on(self, ward: str) -> list[IssuedForm]:
        """The summaries that lie on a ward."""
        return [form for form in self._standing[SUMMARY] if form.ward == ward]

    def list_summaries_of(self, row: PatientRow) -> list[IssuedForm]:
        """The summaries of a patient, by whatever id paper knows them, the newest last."""
        ids = self._list_ids(row)
        summaries = (form for form in self._standing[SUMMARY] if form.patient in ids)
        return sorted(summaries, key=lambda form: form.issued_at)

    def find_superseded(
        self, name: str, types: Sequence[str], earlier: Iterable[IssuedForm]
    ) -> Succession:
        """What a new copy of a list takes the place of."""
        return find_superseded(self._context.view.snapshot, types, earlier, self._contents[name])

    def is_said(self, summaries: Sequence[IssuedForm], digest: str) -> bool:
        """Whether the newest of a patient's summaries lies on this ward and says just this."""
        if not summaries or summaries[-1].ward != self._ward:
            return False
        content = self._contents[SUMMARY].get(summaries[-1].serial)
        return content is not None and content.digest == digest

    def list_forms_of(self, row: PatientRow) -> list[FormDefinition]:
        """The forms that a patient has on paper, as they were printed."""
        forms = set[PaperForm]().union(*(self._forms.get(id_, ()) for id_ in self._list_ids(row)))
        return [self._get_definition(form) for form in sorted(forms)]

    def list_left_behind(self, row: PatientRow) -> list[IssuedForm]:
        """Forms that lie on another ward, of a patient of whom this one has no summary yet."""
        if any(form.ward == self._ward for form in self.list_summaries_of(row)):
            return []
        db, names = self._context.vault.db, {form.name for form in self.list_forms_of(row)}
        out = issued_forms.fetch_out_of_patients(
            db, self._list_ids(row), names, drill=self._context.is_drill
        )
        return [form for form in out if form.ward not in ("", self._ward)]

    def _list_ids(self, row: PatientRow) -> set[str]:
        return self._where.list_ids(make_subject(row.patient))

    def _get_definition(self, form: PaperForm) -> FormDefinition:
        if form.layout not in self._definitions:
            text = layouts.fetch_definition_text(self._context.vault.db, form.layout)
            self._definitions[form.layout] = (
                parse_form(text) if text else load_form(form.name, self._context.vault.home)
            )
        return self._definitions[form.layout]


def _choose_forms(context: PrintContext, ward: str) -> Sequence[str]:
    """The forms with which the ward's last whole pack was printed: its form set, unless others were chosen."""
    form_set = context.get_ward_sets([ward])[ward]
    for pack in packs.fetch_packs(context.vault.db):
        is_of_ward = (
            ward in pack.wards and pack.kind in WARD_SETS and pack.drill == context.is_drill
        )
        if is_of_ward and pack.state == PackState.PRINTED:
            chosen = orjson.loads(pack.request or "{}").get("forms")
            return form_set.patient if chosen is None else [n for n in chosen if n in context.forms]
    return form_set.patient


def _changed_documents(
    context: PrintContext,
    row: PatientRow,
    ward: str,
    forms: Sequence[str],
    earlier: _EarlierPages,
) -> list[PrintDocument]:
    """What a patient who is on the ward now needs: nothing, a new summary, forms that they lack."""
    is_known = row.patient.id not in context.hospital.registered
    sheets = []
    if is_known:  # of whom no system says anything there is nothing to summarise
        old = earlier.list_summaries_of(row)
        digest = content_recorder.content_digest(summary_content(context.view, row))
        if not earlier.is_said(old, digest):
            succession = earlier.find_superseded(SUMMARY, ON_SUMMARY, old)
            sheets.append(documents.summary_document(context, row, ward, succession))
    lacking = _list_lacking(context, row, forms, earlier.list_forms_of(row))
    return sheets + documents.patient_documents(context, row, ward, lacking, summary=False)


def _list_lacking(
    context: PrintContext, row: PatientRow, forms: Sequence[str], on_paper: Sequence[FormDefinition]
) -> list[str]:
    """Which of these forms a patient lacks on paper, and charts of other medicines that are active.

    A chart of the same medicines is that chart, whatever form it is: two of them are two sets of doses.
    """
    names = {form.name for form in on_paper}
    charted = set[str]().union(*map(list_kinds, on_paper))
    wanted = [context.get_form(name)[0] for name in forms]
    lacking = [
        form for form in wanted if form.name not in names and charted.isdisjoint(list_kinds(form))
    ]
    if any(map(holds_medicines, wanted)):
        prescriptions = context.view.snapshot.list_medicines(row.patient.id)
        printed = [*on_paper, *lacking]
        missing = find_missing_charts(context.forms, printed, prescriptions)
        lacking += [context.get_form(name)[0] for name in missing]
    return [form.name for form in lacking]
