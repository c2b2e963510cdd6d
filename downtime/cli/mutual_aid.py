"""Mutual aid on the command line: keys of partners, read a sheet, print our partner_file."""

from pathlib import Path
from typing import Any

import click

from downtime.accounts.model import Permission
from downtime.cli.options import FILE, OPTIONAL_REASON, REASON, out_option
from downtime.cli.pack import find_patient_id
from downtime.cli.printing import PrintDestination, print_request, printer_options, result_output
from downtime.cli.program import mutual_aid
from downtime.cli.session import Output, Session, command, pick
from downtime.paper.mutual_aid import partners, receive_document
from downtime.paper.mutual_aid.aid_sheets import CapacitySheet, TransferSheets
from downtime.paper.mutual_aid.model import Partner, ReceivedDocument
from downtime.paper.mutual_aid.read_codes import read_codes
from downtime.paper.mutual_aid.signed_codes import collect_parts
from downtime.vault.files import write_atomic

DESTINATION = click.option("--to", "receiver", default="", metavar="TEXT", help="To whom it goes.")
CONTACT = click.option("--contact", default="", metavar="TEXT", help="Who can be asked about it.")


@command(mutual_aid, "export-keys", permission=Permission.PARTNER_MANAGE)
@out_option("File to write: the public keys of this hospital's machines, for another hospital.")
def export_keys(session: Session, out: Path) -> Output:
    """Write our machines' public keys, and say the fingerprint to read over the telephone."""
    partner_file = partners.make_partner_file(session.home, session.settings)
    write_atomic(out, partner_file.to_bytes())
    return Output(
        {"out": str(out), "fingerprint": partner_file.fingerprint},
        [f"Fingerprint: {partner_file.fingerprint}"],
    )


@command(mutual_aid, "add-partner", permission=Permission.PARTNER_MANAGE)
@FILE
@click.option(
    "--fingerprint", required=True, help="As the other hospital reads it over the telephone."
)
@REASON
def add_partner(session: Session, file: Path, fingerprint: str, reason: str) -> Output:
    """Believe another hospital's machines, in place of keys that it gave before. On a publisher."""
    partner = partners.add_partner(
        session.vault, session.settings, file.read_bytes(), fingerprint, session.actor, reason
    )
    return Output(_partner_document(partner), [_partner_line(partner)])


@command(mutual_aid, "withdraw-partner", permission=Permission.PARTNER_MANAGE)
@click.argument("code")
@REASON
def withdraw_partner(session: Session, code: str, reason: str) -> Output:
    """Believe a hospital's machines no longer. On a publisher."""
    partners.withdraw_partner(session.vault, code, session.actor, reason)
    return Output({"code": code, "withdrawn": True}, [f"{code} is believed no longer."])


@command(mutual_aid, "partners", permission=Permission.PARTNER_MANAGE)
def list_partners(session: Session) -> Output:
    """The hospitals whose machines are believed."""
    rows = partners.list_partners(session.vault)
    return Output.of_rows(rows, _partner_document, _partner_line, "No hospital is believed.")


@command(mutual_aid, "receive", permission=Permission.AID_RECEIVE)
@FILE
def receive(session: Session, file: Path) -> Output:
    """Read the codes of a sheet: from a picture or PDF of it, or from a text file of scans."""
    content = file.read_bytes()
    is_text = content.lstrip()[:4] == b"DT1."
    texts = (
        [content.decode("ascii", "replace")]
        if is_text
        else read_codes(content, session.settings.entry)
    )
    received = receive_document.receive_document(session.vault, collect_parts(texts), session.actor)
    return Output(_document(received), [_line(received)])


@command(mutual_aid, "list", permission=Permission.AID_VIEW)
def list_(session: Session) -> Output:
    """The summaries that were read, and what each hospital said last of its capacity."""
    rows = [
        *receive_document.list_transfers(session.vault),
        *receive_document.list_capacity(session.vault),
    ]
    return Output.of_rows(rows, _document, _line, "Nothing was read.")


@command(mutual_aid, "print-transfer", permission=Permission.PACK_PRINT)
@click.argument("number")
@DESTINATION
@CONTACT
@printer_options
@OPTIONAL_REASON
def print_transfer(session: Session, number: str, **options: Any) -> Output:
    """Print the transfer summary of one patient, by a number of theirs, with its codes."""
    patient = find_patient_id(session, number)
    return _print(session, TransferSheets, patient=patient, **options)


@command(mutual_aid, "print-capacity", permission=Permission.PACK_PRINT)
@DESTINATION
@CONTACT
@printer_options
@OPTIONAL_REASON
def print_capacity(session: Session, **options: Any) -> Output:
    """Print what this hospital can take and what it diverts, with its codes."""
    return _print(session, CapacitySheet, **options)


def _print(
    session: Session,
    request_type: type[TransferSheets] | type[CapacitySheet],
    *,
    destination: PrintDestination,
    reason: str,
    receiver: str,
    **fields: Any,
) -> Output:
    two_sided = destination.is_two_sided(session.settings.printing)
    request = request_type(destination=receiver, two_sided=two_sided, **fields)
    return result_output(print_request(session, request, destination, reason), destination)


def _partner_document(partner: Partner) -> dict[str, Any]:
    names = ("code", "name", "fingerprint", "added", "added_name")
    return pick(partner, *names) | {"machines": len(partner.keys)}


def _partner_line(partner: Partner) -> str:
    return f"{partner.code:<8} {partner.name}, {len(partner.keys)} machines, {partner.fingerprint}"


def _document(received: ReceivedDocument) -> dict[str, Any]:
    document = received.document
    names = ("kind", "hospital_code", "hospital_name", "device", "created", "is_drill", "contact")
    more = pick(received, "id", "received", "received_name", "arrival")
    return more | pick(document, *names) | {"lines": [list(line) for line in document.lines]}


def _line(received: ReceivedDocument) -> str:
    document = received.document
    drill = "DRILL " if document.is_drill else ""
    return f"{received.id[:16]}  {drill}{document.kind} of {document.hospital_name}, {document.created}"
