"""Export what a laptop holds for the records station, merge it there, see which laptops are awaited."""

from dataclasses import asdict
from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.options import FOLDER, OPTIONAL_REASON, REASON, EnumChoice
from downtime.cli.program import sync
from downtime.cli.session import Output, Session, command, pick
from downtime.entry.duplicate_entries import settle_duplicate_entry
from downtime.entry.judge_second_scans import read_sent_scans
from downtime.entry.model import EntryChoice
from downtime.errors import UserError
from downtime.outage import laptop_outages
from downtime.outage.outage_at_hand import find_outage_at_hand
from downtime.paper.serials import format_serial
from downtime.sync import (
    duplicate_numbers,
    exchange_receipts,
    excuse_laptop,
    export_bundle,
    join_outages,
    laptop_reports,
    merge_bundle,
)
from downtime.sync.bundle import SUFFIX
from downtime.sync.merge_rows import MergeResult
from downtime.vault.files import write_atomic

DEVICE = click.argument("device", metavar="DEVICE")


@command(sync, "export", permission=Permission.SYNC_EXPORT)
@click.option("--to", required=True, type=FOLDER, help="Folder or stick that receives the bundle.")
@click.option("--for", "station", default="", metavar="CARD", help="Device code of the station.")
@click.option("--broken", is_flag=True, help="Although this laptop's audit chain does not hold.")
@OPTIONAL_REASON
def export(session: Session, to: Path, station: str, broken: bool, reason: str) -> Output:
    """Seal all that this laptop holds, for the records station only."""
    warnings = exchange_receipts.take_receipts(session.vault, to, session.actor)
    exported = export_bundle.export_bundle(
        session.vault, session.settings, station, session.actor, reason, broken=broken
    )
    path = export_bundle.write_bundle(exported, to)
    header = exported.header
    document = {
        "bundle": str(path),
        "station": header.station,
        "sequence": header.sequence,
        "sha256": exported.sealed_file.sha256,
        "rows": exported.rows,
        "receipt_problems": warnings,
    }
    return Output(document, [f"Wrote {path}, for {header.station} only.", *warnings])


@command(sync, "merge", permission=Permission.SYNC_MERGE)
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@OPTIONAL_REASON
def merge(session: Session, files: tuple[Path, ...], reason: str) -> Output:
    """Check bundles of laptops and merge them, in any order; exit 1 if one was refused."""
    documents: list[dict[str, object]] = []
    lines, refused = [], 0
    vault, settings = session.vault, session.settings
    for file in files:
        try:
            result = merge_bundle.merge_bundle(vault, settings, file, session.actor, reason)
        except UserError as error:
            refused += 1
            documents.append({"file": file.name, "refused": error.code})
            lines.append(f"{file.name}: {error.sentence} {error.next_step}")
            continue
        exchange_receipts.leave_receipt(vault, file.parent, result.header, result.head)
        documents.append({"file": file.name, **_describe_result(result)})
        lines.append(f"{file.name}: {result.sentence}")
    read_sent_scans(vault, settings, session.actor)
    return Output(documents, lines, 1 if refused else 0)


@command(sync, "merge-untrusted", permission=Permission.SYNC_MERGE_UNTRUSTED)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@REASON
def merge_untrusted(session: Session, file: Path, reason: str) -> Output:
    """Merge a bundle whose audit chain does not hold, in your name; the statement will say so."""
    vault, settings = session.vault, session.settings
    result = merge_bundle.merge_untrusted_bundle(vault, settings, file, session.actor, reason)
    exchange_receipts.leave_receipt(vault, file.parent, result.header, result.head)
    read_sent_scans(vault, settings, session.actor)
    return Output(_describe_result(result), [f"{file.name}: {result.sentence}"])


def _describe_result(result: MergeResult) -> dict[str, object]:
    return {
        **pick(result.header, "device", "sequence"),
        **pick(result, "sha256", "forms", "moves", "entries", "duplicates", news="has_new_entries"),
        **pick(result, "unjoined_outages", "duplicate_numbers"),
        "failure": result.failure.kind if result.failure else "",
    }


@command(sync, "untrusted", permission=Permission.SYNC_VIEW)
@click.option(
    "--save",
    default=None,
    type=FOLDER,
    help="Folder that receives the files as they came, sealed.",
)
def list_untrusted(session: Session, save: Path | None) -> Output:
    """What was merged although a laptop's audit chain does not hold."""
    bundles = laptop_reports.list_untrusted_bundles(session.vault)
    for bundle in bundles if save else ():
        path = Path(save or "") / f"{bundle.device}-{bundle.sha256[:12]}{SUFFIX}"
        write_atomic(path, laptop_reports.read_untrusted_file(session.vault, bundle.sha256))
    names = ("device", "sha256", "merged", "reason", "duplicate_numbers")
    return Output.of_rows(
        bundles,
        lambda b: pick(b, *names, failure="sentence", by="merged_name"),
        lambda b: f"{b.merged}  {b.sentence} {b.merged_name}: {b.reason}",
        "Every bundle that was merged was trusted.",
    )


@command(sync, "duplicate-numbers", permission=Permission.SYNC_VIEW)
def list_duplicate_numbers(session: Session) -> Output:
    """Serials and downtime numbers that stand for two things, and what became of the second."""
    numbers = duplicate_numbers.list_duplicate_numbers(session.vault)
    lines = [
        f"{n.sentence} " + (f"{n.settled_name}: {n.reason}" if n.settled else "Open.")
        for n in numbers
    ]
    documents = [asdict(n) | {"description": n.description} for n in numbers]
    return Output(documents, lines or ["No number was given out twice."])


@command(sync, "settle-number", permission=Permission.SYNC_SETTLE)
@click.argument("number")
@REASON
def settle_number(session: Session, number: str, reason: str) -> Output:
    """Say what became of the second paper, or patient, under a number that was given out twice."""
    duplicate_numbers.settle_number(session.vault, number, session.actor, reason)
    return Output({"number": number, "reason": reason}, [f"{number}: settled."])


@command(sync, "status", permission=Permission.SYNC_VIEW)
def show_status(session: Session) -> Output:
    """Every laptop: when its last bundle was merged, and what is still awaited of it."""
    reports = laptop_reports.report_laptops(session.vault, find_outage_at_hand(session.vault))
    names = ("device", "name", "merged", "sequence", "state", "explanation", "unreported")
    return Output.of_rows(
        reports,
        lambda report: pick(report, *names),
        lambda report: (
            f"{report.device}  {'complete' if report.is_complete else 'AWAITED '}"
            f"  {report.merged or 'never':<20}  {report.name}  {report.explanation}"
        ),
        "No other machine is known here.",
    )


@command(sync, "outages", permission=Permission.SYNC_VIEW)
def list_outages(session: Session) -> Output:
    """Outages as laptops declared them, and the one here that each belongs to."""
    return Output.of_rows(
        laptop_outages.list_laptop_outages(session.vault.db),
        lambda item: {
            **pick(item, "device", here="outage"),
            **pick(item.outage_on_laptop, "drill", "opened", outage="id"),
            "systems": [system.name for system in item.outage_on_laptop.systems],
        },
        lambda item: (
            f"{item.device}  {item.outage_on_laptop.label:<22} since {item.outage_on_laptop.opened}"
            f"  belongs to {item.outage or 'none here: join it'}"
        ),
        "No laptop has sent an outage.",
    )


@command(sync, "join", permission=Permission.SYNC_SETTLE)
@DEVICE
@click.argument("laptop_outage", metavar="OUTAGE")
@click.option("--to", "outage", default="", metavar="ID", help="Outage here; else it is opened.")
@REASON
def join(session: Session, device: str, laptop_outage: str, outage: str, reason: str) -> Output:
    """Put a laptop's outage under one here, or open an outage here with it."""
    vault, actor = session.vault, session.actor
    if outage:
        join_outages.join_outage(vault, device, laptop_outage, outage, actor, reason)
    else:
        outage = join_outages.open_joined_outage(vault, device, laptop_outage, actor, reason)
    document = {"device": device, "outage": laptop_outage, "here": outage}
    return Output(document, [f"Outage {laptop_outage} of {device} belongs to {outage}."])


@command(sync, "excuse", permission=Permission.SYNC_SETTLE)
@DEVICE
@REASON
def excuse(session: Session, device: str, reason: str) -> Output:
    """Await nothing of a machine: it prints no paper, or is lost for good."""
    excuse_laptop.excuse_laptop(session.vault, device, session.actor, reason)
    return Output({"device": device, "awaited": False}, [f"Nothing is awaited of {device}."])


@command(sync, "await", permission=Permission.SYNC_SETTLE)
@DEVICE
@OPTIONAL_REASON
def await_laptop(session: Session, device: str, reason: str) -> Output:
    """Await bundles of a machine again."""
    excuse_laptop.await_laptop(session.vault, device, session.actor, reason)
    return Output({"device": device, "awaited": True}, [f"Bundles of {device} are awaited."])


@command(sync, "settle-entry", permission=Permission.ENTRY_VERIFY)
@click.argument("number", metavar="SERIAL")
@DEVICE
@click.argument("choice", type=EnumChoice(EntryChoice))
@REASON
def settle_entry(
    session: Session, number: str, device: str, choice: EntryChoice, reason: str
) -> Output:
    """Say which entry counts of a form that was keyed here and on a laptop too."""
    entry = settle_duplicate_entry(
        session.vault, session.settings, number, device, choice, session.actor, reason
    )
    document = {"serial": entry.serial, "kept": choice, "state": entry.state}
    sentence = f"{format_serial(entry.serial)}: the entry {choice} counts ({entry.state})."
    return Output(document, [sentence])
