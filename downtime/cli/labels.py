"""Print sheets of labels: for patients, as wristbands, for boxes of forms, and to align the printer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from downtime.accounts.model import Permission
from downtime.cli.options import OPTIONAL_REASON, out_option
from downtime.cli.pack import find_patient_id
from downtime.cli.printing import (
    PrintDestination,
    destination_options,
    print_request,
    result_output,
)
from downtime.cli.program import labels
from downtime.cli.session import Output, Session, command
from downtime.paper.forms.load_form import load_forms
from downtime.paper.labels.alignment_test import print_alignment_test
from downtime.paper.labels.bedside_labels import NewbornBands, SpecimenLabels
from downtime.paper.labels.model import LABEL_SHEETS, LabelKind
from downtime.paper.labels.policies import MOST_BABIES, MOST_COPIES
from downtime.paper.labels.print_labels import LabelRequest, PatientLabels, StockLabels, WardLabels
from downtime.vault.files import replace_atomically

SHEET = click.option(
    "--sheet",
    type=click.Choice(list(LABEL_SHEETS), case_sensitive=False),
    help="Label sheet type; else the setting paper.label_sheet.",
)
WRISTBAND = click.option("--wristband", is_flag=True, help="Wristbands instead of labels.")


def sheet_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options `--sheet`, `--start` and `--copies`."""
    copies = click.IntRange(1, MOST_COPIES)
    for option in (
        click.option("--copies", type=copies, help="Labels of each; one patient's fill the sheet."),
        click.option(
            "--start",
            type=click.IntRange(1),
            default=1,
            help="First free label of a sheet that was used before, counted along the rows.",
        ),
        SHEET,
    ):
        function = option(function)
    return function


@command(labels, "ward", permission=Permission.PACK_PRINT)
@click.argument("wards", nargs=-1, required=True, metavar="WARD...")
@WRISTBAND
@sheet_options
@destination_options
@OPTIONAL_REASON
def ward(session: Session, wards: tuple[str, ...], wristband: bool, **options: Any) -> Output:
    """Labels of every patient of wards, in the order of beds."""
    return _print(session, WardLabels, label=_label_kind(wristband), wards=wards, **options)


@command(labels, "patient", permission=Permission.PACK_PRINT)
@click.argument("number", metavar="NUMBER")
@WRISTBAND
@sheet_options
@destination_options
@OPTIONAL_REASON
def patient(session: Session, number: str, wristband: bool, **options: Any) -> Output:
    """Labels of one patient, by a number of theirs."""
    patient_id = find_patient_id(session, number)
    return _print(
        session, PatientLabels, label=_label_kind(wristband), patient=patient_id, **options
    )


@command(labels, "specimen", permission=Permission.PACK_PRINT)
@click.argument("number", metavar="NUMBER")
@click.option(
    "--tube", "tubes", multiple=True, required=True, help="A tube of the setting, by name."
)
@sheet_options
@destination_options
@OPTIONAL_REASON
def specimen(session: Session, number: str, tubes: tuple[str, ...], **options: Any) -> Output:
    """Labels for specimen tubes of one patient, as paper.specimen_tubes says; never for transfusion."""
    patient_id = find_patient_id(session, number)
    return _print(session, SpecimenLabels, patient=patient_id, tubes=tubes, **options)


@command(labels, "newborn", permission=Permission.PACK_PRINT)
@click.argument("number", metavar="NUMBER")
@click.option("--mother", required=True, metavar="NUMBER", help="A number of the mother.")
@click.option("--order", type=click.IntRange(1, MOST_BABIES), default=1, help="Which baby: 1.")
@click.option("--of", "babies", type=click.IntRange(1, MOST_BABIES), default=1, help="Babies born.")
@sheet_options
@destination_options
@OPTIONAL_REASON
def newborn(
    session: Session, number: str, mother: str, order: int, babies: int, **options: Any
) -> Output:
    """Two wristbands of a newborn under its own NUMBER, with its mother and which baby it is."""
    baby, mother_id = find_patient_id(session, number), find_patient_id(session, mother)
    return _print(
        session, NewbornBands, patient=baby, mother=mother_id, order=order, babies=babies, **options
    )


@command(labels, "stock", permission=Permission.FORM_PRINT)
@click.argument("forms", nargs=-1, metavar="[FORM]...")
@sheet_options
@destination_options
@OPTIONAL_REASON
def stock(session: Session, forms: tuple[str, ...], **options: Any) -> Output:
    """Labels for boxes and dividers of blank forms; without FORM, one for every form."""
    chosen = forms or tuple(load_forms(session.home))
    return _print(session, StockLabels, forms=chosen, **options)


@command(labels, "test", permission=Permission.PUBLIC)
@SHEET
@out_option("PDF to write.")
def test(session: Session, sheet: str | None, out: Path) -> Output:
    """Outline every label of a sheet on plain paper, to see whether the printer meets it.

    Correct it with the settings paper.label_offset_x_mm and paper.label_offset_y_mm.
    """
    settings = session.settings_or_default
    with replace_atomically(out) as file:
        print_alignment_test(settings, sheet or "", session.clock(), file)
    return Output(
        {"sheet": sheet or settings.paper.label_sheet, "out": str(out)},
        [f"Print {out} on plain paper at 100% and hold it against a sheet of labels."],
    )


def _label_kind(wristband: bool) -> LabelKind:
    return LabelKind.WRISTBAND if wristband else LabelKind.PATIENT


def _print(
    session: Session,
    request_type: type[LabelRequest],
    *,
    sheet: str | None,
    copies: int | None,
    destination: PrintDestination,
    reason: str,
    **fields: Any,
) -> Output:
    request = request_type(sheet=sheet or "", copies=copies or 0, **fields)
    return result_output(print_request(session, request, destination, reason), destination)
