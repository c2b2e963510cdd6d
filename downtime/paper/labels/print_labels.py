"""Sheets of labels: for a patient, for a ward, as wristbands, for boxes of blank forms.

No label is ever made for a transfusion sample tube, which is written by hand at the bedside
(transfusionguidelines.org.uk, Handbook 4.7); the labels for patients say so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, NamedTuple

from downtime.clinical import display
from downtime.errors import InputError
from downtime.paper.forms.load_form import load_form
from downtime.paper.labels import label_content, label_sheets
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
from downtime.paper.labels.label_sheets import LabelSheet
from downtime.paper.layout.model import PlainPagePrinter
from downtime.paper.model import Subject, make_subject
from downtime.paper.packs.model import DEFAULT_OPTIONS, PrintOptions
from downtime.paper.packs.pack import PackResult
from downtime.paper.packs.print_run import PrintRun
from downtime.paper.serials import format_serial
from downtime.pdf.drawing import DRILL
from downtime.settings import Settings
from downtime.snapshot.model import PatientRow
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

PATIENT, WRISTBAND, STOCK = "patient", "wristband", "stock"
TITLES = {PATIENT: "Patient labels", WRISTBAND: "Wristbands", STOCK: "Labels for blank forms"}
NARROWEST = {PATIENT: 0.0, WRISTBAND: 60.0, STOCK: 30.0}
"""Least width in millimetres of a label that holds what this kind says."""
MOST_COPIES = 500
_NARROWEST_DRILL = 30.0
_PAGE = (label_sheets.A4[0] * MM, label_sheets.A4[1] * MM)
_FACES = {PATIENT: label_content.patient_label, WRISTBAND: label_content.wristband_label}
MakeDesign = Callable[[str], LabelDesign]
"""What stands on a label, given the serial of the print."""


class _PlannedLabel(NamedTuple):
    face: MakeDesign
    instead: LabelDesign | None = None
    """What is printed where the face does not fit; without it the print is refused."""


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """Which sheet, from which of its labels on (from 1), and how many labels of each.

    Without a sheet it is that of the setting `paper.label_sheet`; without copies one patient's
    labels fill the sheet, and all others are made once.
    """

    sheet: str = ""
    start: int = 1
    copies: int = 0


def print_patient_labels(
    vault: Vault,
    snapshot: Snapshot,
    settings: Settings,
    patient_id: str,
    kind: str,
    wanted: LabelOptions,
    actor: Actor,
    reason: str,
    out: BinaryIO,
    *,
    options: PrintOptions = DEFAULT_OPTIONS,
) -> PackResult:
    """Labels or wristbands (`kind`) of one patient; the file name names nobody.

    NotFoundError for the patient or the sheet; InputError when the start is not on the sheet, or
    when the label is too small for the name.
    """
    row = PatientRow(snapshot.get_patient(patient_id), snapshot.find_encounter(patient_id))
    wards = [row.encounter.ward] if row.encounter and row.encounter.ward else []
    run = _LabelPrint(vault, settings, kind, wanted, actor, options)
    return run.print(
        [_PlannedLabel(run.of(row))], make_subject(row.patient), wards, snapshot.id, reason, out
    )


def print_ward_labels(
    vault: Vault,
    snapshot: Snapshot,
    settings: Settings,
    wards: Sequence[str],
    kind: str,
    wanted: LabelOptions,
    actor: Actor,
    reason: str,
    out: BinaryIO,
    *,
    options: PrintOptions = DEFAULT_OPTIONS,
) -> PackResult:
    """Labels or wristbands of every patient of wards in bed order.

    Where a name does not fit, the label says so and where the patient lies. Other errors are those
    of `patient_labels`.
    """
    rows = [row for ward in wards for row in snapshot.list_inpatients(ward)]
    if not rows:
        raise InputError(
            "labels.none",
            f"The snapshot has no patient on {', '.join(wards) or 'no ward'}.",
            "Choose another ward.",
        )
    run = _LabelPrint(vault, settings, kind, wanted, actor, options)
    labels = [_PlannedLabel(run.of(row), label_content.handwritten_label(row)) for row in rows]
    return run.print(labels, Subject(), wards, snapshot.id, reason, out)


def print_stock_labels(
    vault: Vault,
    settings: Settings,
    forms: Sequence[str],
    wanted: LabelOptions,
    actor: Actor,
    reason: str,
    out: BinaryIO,
    *,
    options: PrintOptions = DEFAULT_OPTIONS,
) -> PackResult:
    """Labels for boxes and dividers of blank forms: title, purpose and version of each."""
    run = _LabelPrint(vault, settings, STOCK, wanted, actor, options)
    labels = [
        _PlannedLabel(partial(label_content.stock_label, run.source, load_form(name, vault.home)))
        for name in forms
    ]
    if not labels:
        raise InputError("labels.none", "No form was chosen.", "Choose the forms to label.")
    return run.print(labels, Subject(), [], "", reason, out)


def label_corner(settings: Settings, sheet: LabelSheet, number: int) -> tuple[float, float]:
    """Upper left corner of a label in points from the page's lower left, the printer's offset in."""
    left, top = sheet.corner(number)
    x = left + settings.paper.label_offset_x_mm
    return x * MM, _PAGE[1] - (top + settings.paper.label_offset_y_mm) * MM


class _LabelPrint:
    """One printing of labels of one kind; refused when the sheet cannot take them."""

    def __init__(
        self,
        vault: Vault,
        settings: Settings,
        kind: str,
        wanted: LabelOptions,
        actor: Actor,
        options: PrintOptions,
    ) -> None:
        self.press = PrintRun(vault, settings, actor, "labels", options)
        self.settings, self.kind, self.wanted, self.actor = settings, kind, wanted, actor
        self.sheet = label_sheets.find_label_sheet(wanted.sheet or settings.paper.label_sheet)
        printed = display.format_moment(vault.now(), self.press.zone)
        today = self.press.made.astimezone(self.press.zone).date()
        self.source = LabelSource(settings.site, today, printed, self.press.drill)
        self._check()

    def _check(self) -> None:
        sheet, narrowest = self.sheet, NARROWEST[self.kind]
        if self.press.drill:
            narrowest = max(narrowest, _NARROWEST_DRILL)
        if sheet.width < narrowest:
            wide = ", ".join(
                s.name for s in label_sheets.LABEL_SHEETS.values() if s.width >= narrowest
            )
            raise InputError(
                "labels.small", f"The labels of {sheet.name} are too small.", f"Use one of: {wide}."
            )
        if not 1 <= self.wanted.start <= sheet.label_count:
            raise InputError(
                "labels.start",
                f"A sheet of {sheet.name} has {sheet.label_count} labels.",
                "Give the number of the first free one, counted along the rows.",
            )
        if not 0 <= self.wanted.copies <= MOST_COPIES:
            raise InputError(
                "labels.copies", f"At most {MOST_COPIES} labels of each.", "Print them in parts."
            )

    def of(self, row: PatientRow) -> MakeDesign:
        """The label or the wristband of a patient."""
        return partial(_FACES[self.kind], self.source, row)

    def print(
        self,
        labels: Sequence[_PlannedLabel],
        subject: Subject,
        wards: Sequence[str],
        snapshot: str,
        reason: str,
        out: BinaryIO,
    ) -> PackResult:
        """Check that everything fits, then issue and print."""
        title = TITLES[self.kind]
        begun = self.sheet.label_count - self.wanted.start + 1
        copies = self.wanted.copies or (begun if len(labels) == 1 else 1)
        labels = [label for label in labels for _ in range(copies)]
        self._pages(labels, "")

        def printed(printer: PlainPagePrinter, serial: str) -> int:
            pages = self._pages(labels, serial)
            for page in pages:
                printer.print_plain_page(_PAGE, page.lines, "".join(page.operators))
            return len(pages)

        drill = f"{DRILL}_" if self.press.drill else ""
        when = f"{self.press.made.astimezone(self.press.zone):%Y-%m-%d-%H%M}"
        name = f"{drill}labels-{self.kind}_{self.sheet.name}_{when}.pdf"
        ward = wards[0] if len(wards) == 1 else ""
        outcome = self.press.run(
            [self.press.loose_document("labels", title, subject, ward, printed)],
            out,
            title=title,
            wards=wards,
            snapshot=snapshot,
            as_at="",
            reason=reason,
            name=name,
        )
        return PackResult(outcome.pack.id, outcome.total, 0, 0, name, outcome.checksum)

    def _pages(self, labels: Sequence[_PlannedLabel], serial: str) -> list[LabelPage]:
        """All labels drawn, from the first free one of the first sheet on."""
        pages: list[LabelPage] = []
        for place, label in enumerate(labels, self.wanted.start - 1):
            sheet, number = divmod(place, self.sheet.label_count)
            if sheet == len(pages):
                pages.append(self._sheet(serial))
            self._draw(
                label, serial, label_corner(self.settings, self.sheet, number + 1), pages[sheet]
            )
        return pages

    def _draw(
        self, label: _PlannedLabel, serial: str, where: tuple[float, float], page: LabelPage
    ) -> None:
        begun = len(page.lines)
        try:
            draw_label(label.face(serial), self.sheet, *where, page)
        except TooSmallError:
            if label.instead is None:
                raise InputError(
                    "labels.name",
                    f"A name is too long for the labels of {self.sheet.name}.",
                    "Choose a sheet with larger labels.",
                ) from None
            del page.lines[begun:]
            draw_label(label.instead, self.sheet, *where, page)

    def _sheet(self, serial: str) -> LabelPage:
        if self.sheet.top < LINE_ABOVE:
            return LabelPage()
        words = (
            f"{self.settings.site.name}. {TITLES[self.kind]}, printed {self.source.printed}"
            f" by {self.actor.name}. {format_serial(serial)}. {NOT_FOR_TUBES}."
        )
        return LabelPage(page_wide_line(f"{NOT_FOR_CARE}. {words}" if self.press.drill else words))
