"""Sheets of labels: for a patient, for a ward, as wristbands, for boxes of blank forms.

No label is ever made for a transfusion sample tube, which is written by hand at the bedside
(transfusionguidelines.org.uk, Handbook 4.7); the labels for patients say so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple

from downtime.clinical import display
from downtime.errors import InputError
from downtime.paper.forms.load_form import load_form
from downtime.paper.labels import label_content
from downtime.paper.labels.label_content import NOT_FOR_CARE, NOT_FOR_TUBES, LabelSource
from downtime.paper.labels.label_design import (
    LINE_ABOVE,
    MM,
    LabelDesign,
    LabelPage,
    TooSmallError,
    draw_label,
    page_wide_line,
)
from downtime.paper.labels.model import A4, TITLES, LabelKind, LabelSheet, find_label_sheet
from downtime.paper.labels.policies import check_labels_on_sheet, check_sheet_fits
from downtime.paper.layout.model import PlainPagePrinter
from downtime.paper.model import PackKind, Subject, make_subject
from downtime.paper.packs.model import PackPlan, RequestKind
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest, PrintScope
from downtime.paper.serials import format_serial
from downtime.settings import Settings
from downtime.snapshot.model import PatientRow

_PAGE = (A4[0] * MM, A4[1] * MM)
_DESIGNS = {
    LabelKind.PATIENT: label_content.patient_label,
    LabelKind.WRISTBAND: label_content.wristband_label,
}
MakeDesign = Callable[[str], LabelDesign]
"""What stands on a label, given the serial of the print."""


class PlannedLabel(NamedTuple):
    """One label that is to be printed."""

    make_design: MakeDesign
    fallback: LabelDesign | None = None
    """What is printed where the design does not fit; without it the print is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRequest(PrintRequest):
    """Which sheet, from which of its labels on (from 1), and how many labels of each.

    Without a sheet it is that of the setting `paper.label_sheet`; without copies one patient's
    labels fill the sheet, and all others are made once. InputError when the start is not on the
    sheet, or when its labels are too small.
    """

    kind: ClassVar[RequestKind] = RequestKind.LABELS
    title: ClassVar[str] = "Labels"
    label: LabelKind
    sheet: str = ""
    start: int = 1
    copies: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientLabels(LabelRequest):
    """Labels or wristbands of one patient; the file name names nobody."""

    label: LabelKind = LabelKind.PATIENT
    patient: str

    @property
    def scope(self) -> PrintScope:
        """That patient."""
        return PrintScope(patient=self.patient)

    def plan(self, context: PrintContext) -> PackPlan:
        """NotFoundError for the patient; InputError when the label is too small for the name."""
        row = context.hospital.find_row(self.patient)
        wards = [row.encounter.ward] if row.encounter and row.encounter.ward else []
        sheets = LabelSheets(context, self)
        labels = [PlannedLabel(sheets.make_design(row))]
        return sheets.plan(labels, make_subject(row.patient), wards, context.view.snapshot.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class WardLabels(LabelRequest):
    """Labels or wristbands of every patient of wards in bed order.

    Where a name does not fit, the label says so and where the patient lies.
    """

    label: LabelKind = LabelKind.PATIENT
    wards: tuple[str, ...]

    @property
    def scope(self) -> PrintScope:
        """Those wards."""
        return PrintScope(self.wards)

    def plan(self, context: PrintContext) -> PackPlan:
        """InputError when nobody is on these wards."""
        snapshot = context.view.snapshot
        rows = [row for ward in self.wards for row in context.hospital.list_stays(ward)]
        if not rows:
            raise InputError(
                "labels.none",
                f"The snapshot has no patient on {', '.join(self.wards) or 'no ward'}.",
                "Choose another ward.",
            )
        sheets = LabelSheets(context, self)
        labels = [
            PlannedLabel(sheets.make_design(row), label_content.handwritten_label(row))
            for row in rows
        ]
        return sheets.plan(labels, Subject(), self.wards, snapshot.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLabels(LabelRequest):
    """Labels for boxes and dividers of blank forms: title, purpose and version of each."""

    names_nobody = True
    label: LabelKind = LabelKind.STOCK
    forms: tuple[str, ...]

    def plan(self, context: PrintContext) -> PackPlan:
        """InputError when no form was chosen."""
        sheets = LabelSheets(context, self)
        home = context.vault.home
        labels = [
            PlannedLabel(partial(label_content.stock_label, sheets.source, load_form(name, home)))
            for name in self.forms
        ]
        if not labels:
            raise InputError("labels.none", "No form was chosen.", "Choose the forms to label.")
        return sheets.plan(labels, Subject(), [], "")


def label_corner(settings: Settings, sheet: LabelSheet, number: int) -> tuple[float, float]:
    """Upper left corner of a label in points from the page's lower left, the printer's offset in."""
    x, y = sheet.corner(number)
    offset_x, offset_y = settings.paper.label_offset_x_mm, settings.paper.label_offset_y_mm
    return (x + offset_x) * MM, _PAGE[1] - (y + offset_y) * MM


class LabelSheets:
    """The sheets of one printing of labels; refused when the sheet cannot take them."""

    def __init__(self, context: PrintContext, request: LabelRequest) -> None:
        self.context, self.request, self.settings = context, request, context.settings
        self.kind, self.actor = LabelKind(request.label), context.actor
        name = request.sheet or self.settings.paper.label_sheet
        self.sheet = find_label_sheet(name)
        printed = display.format_moment(context.vault.now(), context.zone)
        today = context.printed_at.astimezone(context.zone).date()
        self.source = LabelSource(self.settings.site, today, printed, context.is_drill)
        check_sheet_fits(self.sheet, self.kind, context.is_drill)
        check_labels_on_sheet(self.sheet, request.start, request.copies)

    def make_design(self, row: PatientRow) -> MakeDesign:
        """The label or the wristband of a patient."""
        return partial(_DESIGNS[self.kind], self.source, row)

    def plan(
        self,
        labels: Sequence[PlannedLabel],
        subject: Subject,
        wards: Sequence[str],
        snapshot: str,
        copies: int = 0,
    ) -> PackPlan:
        """Check that everything fits, and plan one document of all sheets."""
        context, title = self.context, TITLES[self.kind]
        free = self.sheet.label_count - self.request.start + 1
        copies = copies or self.request.copies or (free if len(labels) == 1 else 1)
        labels = [label for label in labels for _ in range(copies)]
        self._draw_pages(labels, "")

        def draw(printer: PlainPagePrinter, serial: str) -> int:
            pages = self._draw_pages(labels, serial)
            for page in pages:
                printer.print_plain_page(_PAGE, page.lines, "".join(page.operators))
            return len(pages)

        ward = wards[0] if len(wards) == 1 else ""
        return PackPlan(
            kind=PackKind.LABELS,
            title=title,
            file_name=context.file_name(f"labels-{self.kind}_{self.sheet.name}"),
            documents=[context.loose_document("labels", title, subject, ward, draw)],
            wards=wards,
            snapshot=snapshot,
        )

    def _draw_pages(self, labels: Sequence[PlannedLabel], serial: str) -> list[LabelPage]:
        """All labels drawn, from the first free one of the first sheet on."""
        pages: list[LabelPage] = []
        for place, label in enumerate(labels, self.request.start - 1):
            page_index, number = divmod(place, self.sheet.label_count)
            if page_index == len(pages):
                pages.append(self._begin_page(serial))
            corner = label_corner(self.settings, self.sheet, number + 1)
            self._draw_label(label, serial, corner, pages[page_index])
        return pages

    def _draw_label(
        self, label: PlannedLabel, serial: str, corner: tuple[float, float], page: LabelPage
    ) -> None:
        line_count = len(page.lines)
        try:
            draw_label(label.make_design(serial), self.sheet, *corner, page)
        except TooSmallError:
            if label.fallback is None:
                raise InputError(
                    "labels.name",
                    f"A name is too long for the labels of {self.sheet.name}.",
                    "Choose a sheet with larger labels.",
                ) from None
            del page.lines[line_count:]
            draw_label(label.fallback, self.sheet, *corner, page)

    def _begin_page(self, serial: str) -> LabelPage:
        if self.sheet.first_y < LINE_ABOVE:
            return LabelPage()
        text = (
            f"{self.settings.site.name}. {TITLES[self.kind]}, printed {self.source.printed}"
            f" by {self.actor.name}. {format_serial(serial)}. {NOT_FOR_TUBES}."
        )
        return LabelPage(
            page_wide_line(f"{NOT_FOR_CARE}. {text}" if self.context.is_drill else text)
        )
