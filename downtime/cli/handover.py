"""Gather: seal what a laptop holds for the records station, take it there, see who is awaited."""

from dataclasses import asdict
from pathlib import Path

import click

from downtime.cli.app import Output, Session, command
from downtime.cli.options import REMARK, WHY
from downtime.cli.program import handover
from downtime.entry import duplicates
from downtime.errors import UserError
from downtime.outage import carried, outages
from downtime.paper.serials import shown
from downtime.sync import clashes, grouping, store_clashes, store_doubts
from downtime.sync import reports as reporting
from downtime.sync import seal as sealing
from downtime.sync import take as taking
from downtime.sync.bundle import SUFFIX
from downtime.vault.files import write_atomic

CODE = click.argument("device", metavar="DEVICE")


@command(handover, "seal", action="handover.seal")
@click.option(
    "--to",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder or stick that receives the bundle.",
)
@click.option("--for", "station", default="", metavar="CARD", help="Device code of the station.")
@click.option("--broken", is_flag=True, help="Although this laptop's audit chain does not hold.")
@REMARK
def seal(session: Session, to: Path, station: str, broken: bool, why: str) -> Output:
    """Seal all that this laptop holds, for the records station only."""
    vault, settings = session.vault, session.settings
    sealed = sealing.seal(vault, settings, station, session.who, why, broken=broken)
    path = sealing.write(sealed, to)
    header = sealed.header
    document = {
        "bundle": str(path),
        "station": header.station,
        "sequence": header.sequence,
        "sha256": sealed.envelope.sha256,
        "rows": sealed.rows,
    }
    return Output(document, [f"Wrote {path}, for {header.station} only."])


@command(handover, "take", action="handover.take")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@REMARK
def take(session: Session, files: tuple[Path, ...], why: str) -> Output:
    """Check bundles of laptops and take them, in any order; exit 1 if one was refused."""
    documents: list[dict[str, object]] = []
    lines, refused = [], 0
    vault, who = session.vault, session.who
    for file in files:
        try:
            data = taking.read(file, session.settings)
            taken = taking.take(vault, session.settings, data, who, why)
        except UserError as error:
            refused += 1
            documents.append({"file": file.name, "refused": error.code})
            lines.append(f"{file.name}: {error.sentence} {error.next_step}")
            continue
        documents.append({"file": file.name, **_document(taken)})
        lines.append(f"{file.name}: {taken.sentence}")
    return Output(documents, lines, 1 if refused else 0)


@command(handover, "take-over", action="handover.take-over")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@WHY
def take_over(session: Session, file: Path, why: str) -> Output:
    """Take a bundle whose audit chain does not hold, in your name; the statement will say so."""
    vault = session.vault  # who may not unlock it hears of nothing else
    data = taking.read(file, session.settings)
    taken = taking.take_over(vault, session.settings, data, session.who, why)
    return Output(_document(taken), [f"{file.name}: {taken.sentence}"])


@command(handover, "taken-over", action="handover.view")
@click.option(
    "--save",
    default=None,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that receives the files as they came, sealed.",
)
def taken_over(session: Session, save: Path | None) -> Output:
    """What was taken over although a laptop's audit chain does not hold."""
    db = session.vault.db
    found = store_doubts.every(db)
    if save:
        for one in found:
            name = f"{one.device}-{one.sha256[:12]}{SUFFIX}"
            write_atomic(save / name, store_doubts.file(db, one.sha256))
    documents = [
        {
            "device": one.device, "sha256": one.sha256, "doubt": one.doubt, "taken": one.taken,
            "by": one.taken_name, "why": one.why, "clashes": list(one.clashes),
        }
        for one in found
    ]  # fmt: skip
    lines = [f"{one.taken}  {one.doubt} {one.taken_name}: {one.why}" for one in found]
    return Output(documents, lines or ["Nothing was taken over."])


@command(handover, "given-twice", action="handover.view")
def given_twice(session: Session) -> Output:
    """Serials and downtime numbers that stand for two things, and what became of the second."""
    found = store_clashes.every(session.vault.db)
    lines = [
        f"{one.sentence} " + (f"{one.settled_name}: {one.why}" if one.settled else "Open.")
        for one in found
    ]
    return Output([asdict(one) for one in found], lines or ["No number was given out twice."])


@command(handover, "settle-twice", action="handover.settle")
@click.argument("number")
@WHY
def settle_twice(session: Session, number: str, why: str) -> Output:
    """Say what became of the second paper, or patient, under a number that was given out twice."""
    clashes.settle(session.vault, number, session.who, why)
    return Output({"number": number, "why": why}, [f"{number}: settled."])


def _document(taken: taking.Taken) -> dict[str, object]:
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


@command(handover, "list", action="handover.view")
def list_(session: Session) -> Output:
    """Every laptop: when it last handed over, and what is still awaited of it."""
    outage = next(iter(outages.history(session.vault)), None)
    found = reporting.reports(session.vault, outage)
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


@command(handover, "outages", action="handover.view")
def outages_(session: Session) -> Output:
    """Outages as laptops declared them, and the one here that each belongs to."""
    found = carried.declared(session.vault.db)
    documents = [
        {
            "device": one.device,
            "outage": one.outage_there.id,
            "drill": one.outage_there.drill,
            "systems": [system.name for system in one.outage_there.systems],
            "opened": one.outage_there.opened,
            "here": one.outage,
        }
        for one in found
    ]
    lines = [
        f"{one.device}  {one.outage_there.label:<22} since {one.outage_there.opened}"
        f"  belongs to {one.outage or 'none here: join it'}"
        for one in found
    ]
    return Output(documents, lines or ["No laptop has handed over an outage."])


@command(handover, "join", action="handover.settle")
@CODE
@click.argument("outage", metavar="OUTAGE")
@click.option("--to", "here", default="", metavar="ID", help="Outage here; else open the books.")
@WHY
def join(session: Session, device: str, outage: str, here: str, why: str) -> Output:
    """Put a laptop's outage under one here, or open an outage here with it."""
    if here:
        grouping.join(session.vault, device, outage, here, session.who, why)
    else:
        here = grouping.open_books(session.vault, device, outage, session.who, why)
    document = {"device": device, "outage": outage, "here": here}
    return Output(document, [f"Outage {outage} of {device} belongs to {here}."])


@command(handover, "excuse", action="handover.settle")
@CODE
@WHY
def excuse(session: Session, device: str, why: str) -> Output:
    """Await nothing of a machine: it prints no paper, or is lost for good."""
    reporting.excuse(session.vault, device, session.who, why)
    return Output({"device": device, "awaited": False}, [f"Nothing is awaited of {device}."])


@command(handover, "expect", action="handover.settle")
@CODE
@REMARK
def expect(session: Session, device: str, why: str) -> Output:
    """Await bundles of a machine again."""
    reporting.expect(session.vault, device, session.who, why)
    return Output({"device": device, "awaited": True}, [f"Bundles of {device} are awaited."])


@command(handover, "keep", action="entry.verify")
@click.argument("number", metavar="SERIAL")
@CODE
@click.argument("keep", type=click.Choice([duplicates.HERE, duplicates.THERE]))
@WHY
def keep(session: Session, number: str, device: str, keep: str, why: str) -> Output:
    """Say which entry counts of a form that was keyed here and on a laptop too."""
    entry = duplicates.settle(session.vault, number, device, keep, session.who, why)
    document = {"serial": entry.serial, "kept": keep, "state": entry.state}
    return Output(document, [f"{shown(entry.serial)}: the entry {keep} counts ({entry.state})."])
