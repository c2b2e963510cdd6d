"""The pack of wards: cover, and for each ward a sheet that parts it from the one before, bed list, medicines due, patients in bed order, blank spares."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from downtime.outage import downtime_numbers
from downtime.paper.forms import prefill
from downtime.paper.forms.form_sets import FormSet, is_numbered
from downtime.paper.model import PackKind
from downtime.paper.packs import documents, medicines_due
from downtime.paper.packs.cover import cover_document
from downtime.paper.packs.model import PackPlan, PrintDocument, RequestKind
from downtime.paper.packs.policies import check_spares, check_wards
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest, PrintScope
from downtime.paper.packs.ward_separator import name_ward, separator_document


@dataclass(frozen=True, slots=True, kw_only=True)
class WardPack(PrintRequest):
    """Print wards, or the whole site.

    What is printed for each patient after the summary, and which spares, is said by the form set of
    the ward's type (see `form_sets`).
    """

    kind: ClassVar[RequestKind] = RequestKind.WARDS
    title: ClassVar[str] = "Ward pack"
    wards: tuple[str, ...] = ()
    """Empty for all of them."""
    forms: tuple[str, ...] | None = None
    """For each patient; None for those of the ward's form set."""
    blanks: int | None = None
    """Of every spare; None for what the form set says."""

    @property
    def scope(self) -> PrintScope:
        """Those wards."""
        return PrintScope(self.wards)

    def plan(self, context: PrintContext) -> PackPlan:
        """InputError for a ward that the snapshot does not have, or for too many spares."""
        view = context.view
        wards = self.wards or tuple(row.code for row in view.snapshot.list_wards())
        check_wards(view.snapshot, wards)
        check_spares(self.blanks)
        sets = context.get_ward_sets(wards)
        unplaced_set = context.get_ward_sets([""])[""]
        blank_sets = _BlankSets(context, sets, self.blanks)
        planned: list[PrintDocument] = []
        for ward in wards:
            if len(wards) > 1:
                planned.append(separator_document(context, ward))
            planned.append(documents.bed_list_document(context, ward))
            planned += medicines_due.list_pack_documents(context, ward)
            planned += self._patient_documents(context, ward, sets[ward])
            planned += blank_sets.for_ward(ward)
        unplaced = [] if self.wards else self._patient_documents(context, "", unplaced_set)
        if unplaced:
            planned += [separator_document(context, ""), *unplaced]
        name = wards[0] if len(wards) == 1 else "all-wards"
        facts = {"Wards": ", ".join(name_ward(context, ward) for ward in wards)}
        return context.snapshot_plan(
            PackKind.WARD if len(wards) == 1 else PackKind.SITE,
            f"Downtime pack {name}",
            name,
            planned,
            wards,
            lambda outcome: cover_document(context, outcome, "Downtime pack", facts),
        )

    def _patient_documents(
        self, context: PrintContext, ward: str, form_set: FormSet
    ) -> list[PrintDocument]:
        forms = form_set.patient if self.forms is None else self.forms
        patients = [
            documents.patient_documents(
                context,
                row,
                ward,
                forms,
                summary=form_set.summary and row.patient.id not in context.hospital.registered,
                all_charts=self.forms is None,
            )
            for row in context.hospital.list_stays(ward)
        ]
        return documents.collate(patients, by_form=self.by_form)


class _BlankSets:
    """Blank forms for new patients, ward by ward; each set carries one downtime number."""

    def __init__(
        self, context: PrintContext, sets: Mapping[str, FormSet], blanks: int | None
    ) -> None:
        self._context = context
        self._counts = {
            ward: {
                name: count if blanks is None else blanks for name, count in form_set.blanks.items()
            }
            for ward, form_set in sets.items()
        }
        self._numbered = {
            ward: {
                name
                for name, count in self._counts[ward].items()
                if count and is_numbered(context.forms[name], form_set)
            }
            for ward, form_set in sets.items()
        }
        needed = sum(
            max((n for name, n in counts.items() if name in self._numbered[ward]), default=0)
            for ward, counts in self._counts.items()
        )
        self._numbers = iter(issue_numbers(context, needed))

    def for_ward(self, ward: str) -> list[PrintDocument]:
        """The spares of a ward, set after set; the first of a list of its patients is filled."""
        counts, numbered = self._counts[ward], self._numbered[ward]
        planned: list[PrintDocument] = []
        for copy in range(max(counts.values(), default=0)):
            names = [name for name, count in counts.items() if count > copy]
            if copy == 0:
                lists = [name for name in names if self._lists_ward(name)]
                names = [name for name in names if name not in lists]
                for name in lists:
                    planned += documents.ward_list_documents(self._context, name, ward)
            number = next(self._numbers) if numbered.intersection(names) else ""
            planned += [
                documents.blank_document(
                    self._context, name, ward, number if name in numbered else ""
                )
                for name in names
            ]
        return planned

    def _lists_ward(self, name: str) -> bool:
        return prefill.find_ward_list(self._context.forms[name]) is not None


def issue_numbers(context: PrintContext, count: int) -> list[str]:
    """Downtime numbers for blank sets."""
    if not count:
        return []
    return downtime_numbers.issue_for_paper(
        context.vault, context.settings, count, context.actor, context.reason
    )
