"""Print downtime packs, blank forms and single forms from the command line."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.app import Output, Session, command
from downtime.cli.options import OPTIONAL_REASON, REASON
from downtime.cli.printing import Way, answer, send, to_somewhere, two_sided
from downtime.cli.program import downtime, packs
from downtime.errors import NotFoundError
from downtime.paper import ledger, print_requests
from downtime.paper.model import Pack, PackState
from downtime.paper.packs import content_recorder
from downtime.paper.packs import pack_ledger as printings
from downtime.paper.print_requests import PrintRequest
from downtime.snapshot import load_bundle

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
    type=click.IntRange(0, 100),
    help="Blanks of each spare form for each ward; else as many as its form set says.",
)
@BY_FORM
@to_somewhere
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
    out: Path | None,
    printer: str,
    spool: bool,
    both_sides: bool | None,
    reason: str,
) -> Output:
    """Print the downtime pack of wards, of one patient, or of a clinic's or theatre's list.

    Every page goes into the ledger. Without --out, --printer or --spool the pages go to the queue of
    the setting printing.queue; they count as printed only when it has taken them.
    """
    asked = (bool(wards), everything, bool(patient), bool(clinic), bool(theatre))
    if sum(asked) != 1:
        raise click.UsageError("Name the wards, or give --all, --patient, --clinic or --theatre.")
    if changes and len(wards) != 1:
        raise click.UsageError("Name one ward for --changes.")
    if bool(day) != bool(clinic or theatre):
        raise click.UsageError("Give --day with --clinic or --theatre.")
    kind = print_requests.CHANGES if changes else print_requests.WARDS
    kind = print_requests.CLINIC if clinic else print_requests.THEATRE if theatre else kind
    order = PrintRequest(
        kind=print_requests.PATIENT if patient else kind,
        wards=wards,
        patient=patient_of(session, patient) if patient else "",
        day=day,
        location=clinic or theatre,
        forms=forms or None,
        copies=blanks,
        by_form=by_form,
        two_sided=two_sided(session, both_sides),
    )
    way = Way(out, printer, spool)
    return answer(send(session, order, way, reason), way)


def patient_of(session: Session, number: str) -> str:
    """The opaque id of the patient who has that number; NotFoundError."""
    with closing(load_bundle.open_current_snapshot(session.vault)) as snapshot:
        found = snapshot.find_patient_by_identifier(number)
    if found is None:
        raise NotFoundError(
            "patient.number", "Nobody in the snapshot has that number.", "Look for the patient."
        )
    return found.id


@command(downtime, "blank", permission=Permission.FORM_PRINT)
@click.argument("forms", nargs=-1, required=True, metavar="FORM...")
@click.option("--copies", type=click.IntRange(1, 200), default=1, help="Copies of each; 1.")
@click.option("--ward", default="", help="The ward that they are for.")
@click.option("--numbered", is_flag=True, help="For new patients: a downtime number on each set.")
@to_somewhere
@OPTIONAL_REASON
def blank(
    session: Session,
    forms: tuple[str, ...],
    copies: int,
    ward: str,
    numbered: bool,
    out: Path | None,
    printer: str,
    spool: bool,
    both_sides: bool | None,
    reason: str,
) -> Output:
    """Print blank forms, each with a serial of its own."""
    order = PrintRequest(
        kind=print_requests.BLANK,
        wards=(ward,) if ward else (),
        forms=forms,
        copies=copies,
        numbered=numbered,
        two_sided=two_sided(session, both_sides),
    )
    way = Way(out, printer, spool)
    return answer(send(session, order, way, reason), way)


@command(downtime, "reprint", permission=Permission.FORM_PRINT)
@click.argument("serial", metavar="SERIAL")
@to_somewhere
@REASON
def reprint(
    session: Session,
    serial: str,
    out: Path | None,
    printer: str,
    spool: bool,
    both_sides: bool | None,
    reason: str,
) -> Output:
    """Print one form again, as it was, under a new serial; the old one becomes void."""
    order = PrintRequest(
        kind=print_requests.AGAIN, serial=serial, two_sided=two_sided(session, both_sides)
    )
    way = Way(out, printer, spool)
    return answer(send(session, order, way, reason), way)


@command(packs, "list", permission=Permission.LEDGER_VIEW)
@click.option("--failed", is_flag=True, help="Only those that nobody got.")
def list_(session: Session, failed: bool) -> Output:
    """What was printed, newest first: pack, state, wards, pages, by whom, checksum."""
    printings.void_interrupted(session.vault, session.settings)
    found = [
        one
        for one in ledger.list_packs(session.vault)
        if not failed or one.state == PackState.FAILED
    ]
    lines = [_line(one) for one in found]
    return Output([_document(one) for one in found], lines or ["There is none."])


@command(packs, "repeat", permission=Permission.PACK_PRINT)
@click.argument("pack_id", metavar="PACK")
@to_somewhere
@OPTIONAL_REASON
def repeat(
    session: Session,
    pack_id: str,
    out: Path | None,
    printer: str,
    spool: bool,
    both_sides: bool | None,
    reason: str,
) -> Output:
    """Print anew, with new serials, what failed."""
    failed = printings.get_failed(session.vault, pack_id)
    way = Way(out, printer, spool)
    order = print_requests.get_pack_request(failed)
    if both_sides is not None:
        order = replace(order, two_sided=both_sides)
    made = send(session, order, way, reason)
    printings.mark_repeated(session.vault, failed, session.actor, made.id)
    return answer(made, way)


def _document(one: Pack) -> dict[str, object]:
    return {
        "pack": one.id,
        "kind": one.kind,
        "wards": list(one.wards),
        "state": one.state,
        "pages": one.pages,
        "printed": one.issued_at,
        "by": one.issued_name,
        "snapshot": one.snapshot,
        "checksum": one.checksum,
        "failure": one.failure,
    }


def _line(one: Pack) -> str:
    said = one.failure or (one.checksum and content_recorder.format_checksum(one.checksum))
    wards = ",".join(one.wards) or "-"
    return f"{one.id}  {one.state:<9} {one.kind:<8} {wards:<16} {one.pages:>6} pages  {said}"
