"""Print downtime packs from the command line."""

from contextlib import closing
from pathlib import Path

import click

from downtime.cli.app import Output, Session, command, downtime
from downtime.cli.options import REMARK, NewFile
from downtime.paper import pack as packs
from downtime.snapshot import load
from downtime.vault.files import replacing


@command(downtime, "pack", action="pack.print")
@click.argument("wards", nargs=-1, metavar="[WARD]...")
@click.option("--all", "everything", is_flag=True, help="Every ward of the snapshot.")
@click.option(
    "--out",
    required=True,
    type=NewFile(),
    metavar="FILE",
    help="PDF to write. It holds patient data: carry it to the printer, then delete it.",
)
@click.option(
    "--form",
    "forms",
    multiple=True,
    help="A form for each patient, once for each form; else as the settings say.",
)
@click.option(
    "--blanks",
    type=click.IntRange(0, 100),
    help="Blanks of each form for each ward; else as the settings say.",
)
@REMARK
def pack(
    session: Session,
    wards: tuple[str, ...],
    everything: bool,
    out: Path,
    forms: tuple[str, ...],
    blanks: int | None,
    why: str,
) -> Output:
    """Print the downtime pack of wards; every page of it goes into the ledger."""
    if everything == bool(wards):
        raise click.UsageError("Name the wards, or give --all.")
    with (
        closing(load.current(session.vault)) as snapshot,
        session.progress("Printing") as progress,
        replacing(out) as file,
    ):
        chosen = wards or [row.code for row in snapshot.wards()]
        made = packs.ward_pack(
            session.vault,
            snapshot,
            session.settings,
            chosen,
            session.who,
            why,
            file,
            forms=forms or None,
            blanks=blanks,
            progress=progress,
        )
    document = {
        "pack": made.id,
        "out": str(out),
        "pages": made.pages,
        "forms": made.forms,
        "blank_forms": made.blank_forms,
        "file_name": made.file_name,
    }
    return Output(
        document,
        [f"{made.pages} pages ({made.forms} forms, {made.blank_forms} blank) in {out}."],
    )
