"""Labels for specimen tubes as the site's laboratory names them, and wristbands of newborn babies."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

from downtime.errors import InputError
from downtime.paper.labels import label_content
from downtime.paper.labels.label_content import BirthOrder
from downtime.paper.labels.model import LabelKind
from downtime.paper.labels.policies import (
    check_birth_order,
    check_is_newborn,
    check_is_no_transfusion,
    check_tube_labels,
)
from downtime.paper.labels.print_labels import LabelRequest, LabelSheets, PlannedLabel
from downtime.paper.model import make_subject
from downtime.paper.packs.model import PackPlan
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintScope
from downtime.settings import Settings
from downtime.snapshot.model import PatientRow

BANDS_OF_A_BABY = 2
"""One at each ankle, or wrist and ankle."""


class SpecimenTube(NamedTuple):
    """A container as the site's setting says it: its own words, and how many labels go with it."""

    name: str
    tests: str
    labels: int


def list_tubes(settings: Settings) -> list[SpecimenTube]:
    """The containers of `paper.specimen_tubes`; InputError for one that is wrong or for transfusion."""
    return [_read_tube(name, table) for name, table in settings.paper.specimen_tubes.items()]


def _read_tube(name: str, table: Any) -> SpecimenTube:
    values = table if isinstance(table, Mapping) else {"tests": table}
    tube = SpecimenTube(
        name, str(values.get("tests", "")), check_tube_labels(values.get("labels", 1))
    )
    check_is_no_transfusion(f"{tube.name} {tube.tests}")
    return tube


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecimenLabels(LabelRequest):
    """Labels for the tubes of one patient's specimens, as many of each as the site's setting says."""

    label: LabelKind = LabelKind.SPECIMEN
    patient: str
    tubes: tuple[str, ...]
    """Their names in the setting `paper.specimen_tubes`."""

    title: ClassVar[str] = "Specimen labels"

    @property
    def scope(self) -> PrintScope:
        """That patient."""
        return PrintScope(patient=self.patient)

    def plan(self, context: PrintContext) -> PackPlan:
        """InputError for a tube that the setting does not have, or a name that is too long."""
        row = context.hospital.find_row(self.patient)
        sheets = LabelSheets(context, self)
        known = {tube.name: tube for tube in list_tubes(context.settings)}
        if not self.tubes or not known.keys() >= set(self.tubes):
            raise InputError(
                "labels.tubes",
                "No tube was chosen, or one that the setting paper.specimen_tubes does not have.",
                f"Choose from: {', '.join(known) or 'none, the setting is empty'}.",
            )
        labels = [
            PlannedLabel(
                partial(label_content.specimen_label, sheets.source, row, tube.name, tube.tests)
            )
            for tube in (known[name] for name in self.tubes)
            for _ in range(tube.labels)
        ]
        wards = [row.encounter.ward] if row.encounter and row.encounter.ward else []
        return sheets.plan(
            labels, make_subject(row.patient), wards, context.view.snapshot.id, self.copies or 1
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewbornBands(LabelRequest):
    """Two wristbands of a newborn baby: its own number, its mother, which of how many it is."""

    label: LabelKind = LabelKind.NEWBORN
    patient: str
    mother: str
    order: int = 1
    """Which of the babies of one birth this is."""
    babies: int = 1

    title: ClassVar[str] = "Wristbands of a newborn"

    @property
    def scope(self) -> PrintScope:
        """That baby."""
        return PrintScope(patient=self.patient)

    def plan(self, context: PrintContext) -> PackPlan:
        """NotFoundError for baby or mother; InputError when it cannot be a newborn of hers."""
        baby = context.hospital.find_row(self.patient)
        mother = context.hospital.find_row(self.mother)
        sheets = LabelSheets(context, self)
        check_birth_order(self.order, self.babies)
        check_is_newborn(baby.patient, mother.patient, sheets.source.today)
        return self._plan_bands(context, sheets, baby, mother)

    def _plan_bands(
        self, context: PrintContext, sheets: LabelSheets, baby: PatientRow, mother: PatientRow
    ) -> PackPlan:
        birth = BirthOrder(self.order, self.babies)
        design = partial(label_content.newborn_band, sheets.source, baby, mother.patient, birth)
        wards = [baby.encounter.ward] if baby.encounter and baby.encounter.ward else []
        return sheets.plan(
            [PlannedLabel(design)],
            make_subject(baby.patient),
            wards,
            context.view.snapshot.id,
            self.copies or BANDS_OF_A_BABY,
        )
