"""Gather: seal what a laptop holds for the records station, take it there, see who is awaited."""

from dataclasses import asdict
from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.app import Output, Session, command
from downtime.cli.options import OPTIONAL_REASON, REASON
from downtime.cli.program import sync
from downtime.entry import duplicate_entries
from downtime.errors import UserError
from downtime.outage import laptop_outages, outages
from downtime.paper.serials import format_serial
from downtime.sync import duplicate_numbers, join_outages, store_clashes, store_doubts
from downtime.sync import export_bundle as sealing
from downtime.sync import laptop_reports as reporting
from downtime.sync import merge_bundle as taking
from downtime.sync.bundle import SUFFIX
from downtime.vault.files import write_atomic

CODE = click.argument("device", metavar="DEVICE")


@command(sync, "export", permission=Permission.SYNC_EXPORT)
@click.option(
    "--to",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder or stick that receives the bundle.",
)
@click.option("--for", "station", default="", metavar="CARD", help="Device code of the station.")
@click.option("--broken", is_flag=True, help="Although this laptop's audit chain does not hold.")
@OPTIONAL_REASON
def export(session: Session, to: Path, station: str, broken: bool, reason: str) -> Output:
    """Seal all that this laptop holds, for the records station only."""
    vault, settings = session.vault, session.settings
    sealed = sealing.export_bundle(vault, settings, station, session.actor, reason, broken=broken)
    path = sealing.write_bundle(sealed, to)
    header = sealed.header
    document = {
        "bundle": str(path),
        "station": header.station,
        "sequence": header.sequence,
        "sha256": sealed.envelope.sha256,
        "rows": sealed.rows,
    }
    return Output(document, [f"Wrote {path}, for {header.station} only."])


@command(sync, "merge", permission=Permission.SYNC_MERGE)
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@OPTIONAL_REASON
def merge(session: Session, files: tuple[Path, ...], reason: str) -> Output:
    """Check bundles of laptops and take them, in any order; exit 1 if one was refused."""
    documents: list[dict[str, object]] = []
    lines, refused = [], 0
    vault, actor = session.vault, session.actor
    for file in files:
        try:
            data = taking.read_bundle(file, session.settings)
            taken = taking.merge_bundle(vault, session.settings, data, actor, reason)
        except UserError as error:
            refused += 1
            documents.append({"file": file.name, "refused": error.code})
            lines.append(f"{file.name}: {error.sentence} {error.next_step}")
            continue
        documents.append({"file": file.name, **_document(taken)})
        lines.append(f"{file.name}: {taken.sentence}")
    return Output(documents, lines, 1 if refused else 0)


@command(sync, "merge-untrusted", permission=Permission.SYNC_MERGE_UNTRUSTED)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@REASON
def merge_untrusted(session: Session, file: Path, reason: str) -> Output:
    """Take a bundle whose audit chain does not hold, in your name; the statement will say so."""
    vault = session.vault  # who may not unlock it hears of nothing else
    data = taking.read_bundle(file, session.settings)
    taken = taking.merge_untrusted_bundle(vault, session.settings, data, session.actor, reason)
    return Output(_document(taken), [f"{file.name}: {taken.sentence}"])


@command(sync, "untrusted", permission=Permission.SYNC_VIEW)
@click.option(
    "--save",
    default=None,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that receives the files as they came, sealed.",
)
def list_untrusted(session: Session, save: Path | None) -> Output:
    """What was taken over although a laptop's audit chain does not hold."""
    db = session.vault.db
    found = store_doubts.fetch_untrusted_bundles(db)
    if save:
        for one in found:
            name = f"{one.device}-{one.sha256[:12]}{SUFFIX}"
            write_atomic(save / name, store_doubts.fetch_untrusted_file(db, one.sha256))
    documents = [
        {
            "device": one.device, "sha256": one.sha256, "doubt": one.doubt, "taken": one.taken,
            "by": one.taken_name, "why": one.why, "clashes": list(one.clashes),
        }
        for one in found
    ]  # fmt: skip
    lines = [f"{one.taken}  {one.doubt} {one.taken_name}: {one.why}" for one in found]
    return Output(documents, lines or ["Nothing was taken over."])


@command(sync, "duplicate-numbers", permission=Permission.SYNC_VIEW)
def list_duplicate_numbers(session: Session) -> Output:
    """Serials and downtime numbers that stand for two things, and what became of the second."""
    found = store_clashes.fetch_duplicate_numbers(session.vault.db)
    lines = [
        f"{one.sentence} " + (f"{one.settled_name}: {one.why}" if one.settled else "Open.")
        for one in found
    ]
    return Output([asdict(one) for one in found], lines or ["No number was given out twice."])


@command(sync, "settle-number", permission=Permission.SYNC_SETTLE)
@click.argument("number")
@REASON
def settle_number(session: Session, number: str, reason: str) -> Output:
    """Say what became of the second paper, or patient, under a number that was given out twice."""
    duplicate_numbers.settle_number(session.vault, number, session.actor, reason)
    return Output({"number": number, "why": reason}, [f"{number}: settled."])


def _document(taken: taking.MergeResult) -> dict[str, object]:
    return {
        "device": taken.header.device,
        "sequence": taken.header.sequence,
        "sha256": taken.sha256,
        "news": taken.news,
        "forms": taken.forms,
        "moves": taken.moves,
        "entries": taken.entries,
        "duplicates": taken.duplicates,
        "homeless": list(taken.homeless),
        "doubt": taken.doubt.code if taken.doubt else "",
        "clashes": list(taken.clashes),
    }


@command(sync, "status", permission=Permission.SYNC_VIEW)
def show_status(session: Session) -> Output:
    """Every laptop: when it last handed over, and what is still awaited of it."""
    outage = next(iter(outages.list_outages(session.vault)), None)
    found = reporting.report_laptops(session.vault, outage)
    documents = [
        {
            "device": one.device,
            "name": one.name,
            "taken": one.taken,
            "sequence": one.sequence,
            "complete": one.complete,
            "why": one.why,
            "unknown": list(one.unknown),
        }
        for one in found
    ]
    lines = [
        f"{one.device}  {'complete' if one.complete else 'AWAITED '}  {one.taken or 'never':<20} "
        f" {one.name}  {one.why}"
        for one in found
    ]
    return Output(documents, lines or ["No other machine is known here."])


@command(sync, "outages", permission=Permission.SYNC_VIEW)
def outages_(session: Session) -> Output:
    """Outages as laptops declared them, and the one here that each belongs to."""
    found = laptop_outages.list_laptop_outages(session.vault.db)
    documents = [
        {
            "device": one.device,
            "outage": one.outage_on_laptop.id,
            "drill": one.outage_on_laptop.drill,
            "systems": [system.name for system in one.outage_on_laptop.systems],
            "opened": one.outage_on_laptop.opened,
            "here": one.outage,
        }
        for one in found
    ]
    lines = [
        f"{one.device}  {one.outage_on_laptop.label:<22} since {one.outage_on_laptop.opened}"
        f"  belongs to {one.outage or 'none here: join it'}"
        for one in found
    ]
    return Output(documents, lines or ["No laptop has handed over an outage."])


@command(sync, "join", permission=Permission.SYNC_SETTLE)
@CODE
@click.argument("outage", metavar="OUTAGE")
@click.option("--to", "here", default="", metavar="ID", help="Outage here; else open the books.")
@REASON
def join(session: Session, device: str, outage: str, here: str, reason: str) -> Output:
    """Put a laptop's outage under one here, or open an outage here with it."""
    if here:
        join_outages.join_outage(session.vault, device, outage, here, session.actor, reason)
    else:
        here = join_outages.open_joined_outage(session.vault, device, outage, session.actor, reason)
    document = {"device": device, "outage": outage, "here": here}
    return Output(document, [f"Outage {outage} of {device} belongs to {here}."])


@command(sync, "excuse", permission=Permission.SYNC_SETTLE)
@CODE
@REASON
def excuse(session: Session, device: str, reason: str) -> Output:
    """Await nothing of a machine: it prints no paper, or is lost for good."""
    reporting.excuse_laptop(session.vault, device, session.actor, reason)
    return Output({"device": device, "awaited": False}, [f"Nothing is awaited of {device}."])


@command(sync, "await", permission=Permission.SYNC_SETTLE)
@CODE
@OPTIONAL_REASON
def await_(session: Session, device: str, reason: str) -> Output:
    """Await bundles of a machine again."""
    reporting.await_laptop(session.vault, device, session.actor, reason)
    return Output({"device": device, "awaited": True}, [f"Bundles of {device} are awaited."])


@command(sync, "settle-entry", permission=Permission.ENTRY_VERIFY)
@click.argument("number", metavar="SERIAL")
@CODE
@click.argument("keep", type=click.Choice([duplicate_entries.HERE, duplicate_entries.THERE]))
@REASON
def settle_entry(session: Session, number: str, device: str, keep: str, reason: str) -> Output:
    """Say which entry counts of a form that was keyed here and on a laptop too."""
    entry = duplicate_entries.settle_duplicate_entry(
        session.vault, number, device, keep, session.actor, reason
    )
    document = {"serial": entry.serial, "kept": keep, "state": entry.state}
    return Output(
        document, [f"{format_serial(entry.serial)}: the entry {keep} counts ({entry.state})."]
    )
