"""The pack of one patient: summary and forms."""

from dataclasses import dataclass
from typing import ClassVar

from downtime.paper.model import PackKind
from downtime.paper.packs import documents
from downtime.paper.packs.model import PackPlan, RequestKind
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest, PrintScope


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientPack(PrintRequest):
    """Print one patient's summary and forms; the file names nobody."""

    kind: ClassVar[RequestKind] = RequestKind.PATIENT
    title: ClassVar[str] = "Patient's pages"
    patient: str
    """The opaque id in the snapshot, or of somebody registered on the screen."""
    forms: tuple[str, ...] | None = None
    """None for those of the ward's form set."""
    summary: bool = True
    """Whether the summary is printed in front of them."""

    @property
    def scope(self) -> PrintScope:
        """That patient."""
        return PrintScope(patient=self.patient)

    def plan(self, context: PrintContext) -> PackPlan:
        """NotFoundError when there is no such patient.

        Of somebody whom no system knows there is no summary.
        """
        row = context.hospital.find_row(self.patient)
        is_known = row.patient.id not in context.hospital.registered
        summary = self.summary and is_known
        ward = row.encounter.ward if row.encounter else ""
        sets = context.get_ward_sets([ward])
        forms = sets[ward].patient if self.forms is None else self.forms
        planned = documents.patient_documents(
            context, row, ward, forms, summary=summary, all_charts=self.forms is None
        )
        title = "Downtime pack of one patient"
        return context.snapshot_plan(PackKind.PATIENT, title, "patient", planned, [ward])
