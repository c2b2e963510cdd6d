"""Print downtime packs, blank forms and single forms from the command line."""

from contextlib import closing
from dataclasses import replace
from typing import Any

import click

from downtime.accounts.model import Permission
from downtime.cli.options import OPTIONAL_REASON, REASON
from downtime.cli.printing import PrintDestination, print_request, printer_options, result_output
from downtime.cli.program import downtime, packs
from downtime.cli.session import Output, Session, command, pick
from downtime.errors import NotFoundError
from downtime.paper import ledger
from downtime.paper.model import Pack, PackState
from downtime.paper.packs import content_recorder, pack_ledger
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.continue_print import ContinuedPrint
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.policies import MOST_BLANK_COPIES, MOST_SPARES
from downtime.paper.packs.print_request import PrintRequest
from downtime.paper.packs.reprint import Reprint
from downtime.paper.packs.session_pack import ClinicPack, TheatrePack
from downtime.paper.packs.ward_changes import WardChanges
from downtime.paper.packs.ward_pack import WardPack
from downtime.paper.print_requests import get_pack_request
from downtime.snapshot import local_snapshots

FORMS = click.option(
    "--form",
    "forms",
    multiple=True,
    help="A form for each patient, once for each form; else those of the ward's form set.",
)
BY_FORM = click.option("--by-form", is_flag=True, help="Form after form, not patient by patient.")


@command(downtime, "pack", permission=Permission.PACK_PRINT)
@click.argument("wards", nargs=-1, metavar="[WARD]...")
@click.option("--all", "everything", is_flag=True, help="Every ward of the snapshot.")
@click.option("--changes", is_flag=True, help="Only what changed on the ward since its last print.")
@click.option("--patient", default="", metavar="NUMBER", help="One patient, by a number of theirs.")
@click.option("--clinic", default="", metavar="PLACE", help="The list of a clinic, with --day.")
@click.option("--theatre", default="", metavar="PLACE", help="The list of a theatre, with --day.")
@click.option("--day", default="", metavar="DAY", help="Day of the list, as 2026-11-02.")
@FORMS
@click.option(
    "--blanks",
    type=click.IntRange(0, MOST_SPARES),
    help="Blanks of each spare form for each ward; else as many as its form set says.",
)
@BY_FORM
@click.option(
    "--recall",
    is_flag=True,
    help="Void what was printed of the same before; a list names each page to take out.",
)
@printer_options
@OPTIONAL_REASON
def pack(
    session: Session,
    wards: tuple[str, ...],
    everything: bool,
    changes: bool,
    patient: str,
    clinic: str,
    theatre: str,
    day: str,
    forms: tuple[str, ...],
    blanks: int | None,
    by_form: bool,
    recall: bool,
    destination: PrintDestination,
    reason: str,
) -> Output:
    """Print the downtime pack of wards, of one patient, or of a clinic's or theatre's list.

    What is out already is not printed again without --changes or --recall: two live sets of charts
    are two sets of doses.

    Every page goes into the ledger. Without --out, --printer or --spool the pages go to the queue of
    the setting printing.queue; they count as printed only when it has taken them.
    """
    chosen = (bool(wards), everything, bool(patient), bool(clinic), bool(theatre))
    if sum(chosen) != 1:
        raise click.UsageError("Name the wards, or give --all, --patient, --clinic or --theatre.")
    if changes and len(wards) != 1:
        raise click.UsageError("Name one ward for --changes.")
    if bool(day) != bool(clinic or theatre):
        raise click.UsageError("Give --day with --clinic or --theatre.")
    common: Any = {
        "forms": forms or None,
        "by_form": by_form,
        "recall": recall,
        "two_sided": destination.is_two_sided(session.settings.printing),
    }
    request: PrintRequest
    if patient:
        request = PatientPack(patient=find_patient_id(session, patient), **common)
    elif clinic:
        request = ClinicPack(day=day, location=clinic, **common)
    elif theatre:
        request = TheatrePack(day=day, location=theatre, **common)
    elif changes:
        request = WardChanges(ward=wards[0], **common)
    else:
        request = WardPack(wards=wards, blanks=blanks, **common)
    result = print_request(session, request, destination, reason)
    return result_output(result, destination)


def find_patient_id(session: Session, number: str) -> str:
    """The opaque id of the patient who has that number; NotFoundError."""
    with closing(local_snapshots.open_current_snapshot(session.vault)) as snapshot:
        patient = snapshot.find_patient_by_identifier(number)
    if patient is None:
        raise NotFoundError(
            "patient.number", "Nobody in the snapshot has that number.", "Look for the patient."
        )
    return patient.id


@command(downtime, "blank", permission=Permission.FORM_PRINT)
@click.argument("forms", nargs=-1, required=True, metavar="FORM...")
@click.option(
    "--copies", type=click.IntRange(1, MOST_BLANK_COPIES), default=1, help="Copies of each; 1."
)
@click.option("--ward", default="", help="The ward that they are for.")
@click.option("--numbered", is_flag=True, help="For new patients: a downtime number on each set.")
@printer_options
@OPTIONAL_REASON
def blank(
    session: Session,
    forms: tuple[str, ...],
    copies: int,
    ward: str,
    numbered: bool,
    destination: PrintDestination,
    reason: str,
) -> Output:
    """Print blank forms, each with a serial of its own."""
    request = BlankForms(
        forms=forms,
        copies=copies,
        ward=ward,
        numbered=numbered,
        two_sided=destination.is_two_sided(session.settings.printing),
    )
    return result_output(print_request(session, request, destination, reason), destination)


@command(downtime, "reprint", permission=Permission.FORM_PRINT)
@click.argument("serial", metavar="SERIAL")
@printer_options
@REASON
def reprint(session: Session, serial: str, destination: PrintDestination, reason: str) -> Output:
    """Print one form again, as it was, under a new serial; the old one becomes void."""
    two_sided = destination.is_two_sided(session.settings.printing)
    request = Reprint(serial=serial, two_sided=two_sided)
    return result_output(print_request(session, request, destination, reason), destination)


@command(packs, "list", permission=Permission.LEDGER_VIEW)
@click.option("--failed", is_flag=True, help="Only those that nobody got.")
def list_(session: Session, failed: bool) -> Output:
    """What was printed, newest first: pack, state, wards, pages, by whom, checksum."""
    pack_ledger.void_interrupted(session.vault, session.settings)
    printed = ledger.list_packs(session.vault)
    if failed:
        printed = [pack for pack in printed if pack.state == PackState.FAILED]
    return Output.of_rows(printed, _pack_document, _pack_line, "There is none.")


@command(packs, "repeat", permission=Permission.PACK_PRINT)
@click.argument("pack_id", metavar="PACK")
@printer_options
@OPTIONAL_REASON
def repeat(session: Session, pack_id: str, destination: PrintDestination, reason: str) -> Output:
    """Print anew, with new serials, what failed."""
    failed = pack_ledger.get_failed(session.vault, pack_id)
    request = get_pack_request(failed)
    if destination.both_sides is not None:
        request = replace(request, two_sided=destination.both_sides)
    result = print_request(session, request, destination, reason)
    pack_ledger.mark_repeated(session.vault, failed, session.actor, result.id)
    return result_output(result, destination)


@command(packs, "continue", permission=Permission.PACK_PRINT)
@click.argument("serial", metavar="SERIAL")
@printer_options
@OPTIONAL_REASON
def continue_(session: Session, serial: str, destination: PrintDestination, reason: str) -> Output:
    """Print what of a pack did not come out, after the last form that did (its SERIAL).

    It gets new serials; the first print's are void, so that a page of it which still comes is known.
    """
    two_sided = destination.is_two_sided(session.settings.printing)
    request = ContinuedPrint(last=serial, two_sided=two_sided)
    return result_output(print_request(session, request, destination, reason), destination)


def _pack_document(pack: Pack) -> dict[str, object]:
    renamed = {"pack": "id", "printed": "issued_at", "by": "issued_name"}
    names = ("kind", "wards", "state", "pages", "snapshot", "checksum")
    return pick(pack, *names, **renamed, failure="failure_sentence")


def _pack_line(pack: Pack) -> str:
    note = pack.failure_sentence or (
        pack.checksum and content_recorder.format_checksum(pack.checksum)
    )
    wards = ",".join(pack.wards) or "-"
    return f"{pack.id}  {pack.state:<9} {pack.kind:<8} {wards:<16} {pack.pages:>6} pages  {note}"
