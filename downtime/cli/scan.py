"""Read a box of paper: every page to the form that its own code names, and a list of the others."""

from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.program import downtime
from downtime.cli.session import Output, Session, command
from downtime.entry import take_in_batch
from downtime.paper import serials
from downtime.scanning.model import OUTCOME_TITLES


@command(downtime, "scan", permission=Permission.ENTRY_SCAN)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--name", default="", metavar="TEXT", help="What the box is called; else the folder.")
def scan(session: Session, paths: tuple[Path, ...], name: str) -> Output:
    """Read scanned pages from a folder or files: PDF, TIFF of many pages, JPEG, PNG.

    Each page is filed by its own code. What has none waits in the tray, on the page 'Scanned boxes'; then
    the exit code is 1. Started again under the same name after a stop, it goes on where it was.
    """
    files = take_in_batch.list_scan_files(paths)
    wanted = name or paths[0].absolute().name
    report = take_in_batch.take_in_files(
        session.vault, session.settings, files, wanted, session.actor
    )
    missing = list(take_in_batch.list_missing_pages(session.vault, report.batch.id))
    lines = [f"Batch {report.batch.id}, {report.batch.name}: {report.pages} pages."]
    lines += [f"{n:>6}  {OUTCOME_TITLES[outcome]}" for outcome, n in report.counts.items() if n]
    if report.batch.repeated:
        lines.append(f"{report.batch.repeated:>6}  Files that were read before")
    lines += [
        f"{serials.format_serial(serial)} ({title}): {_name_pages(pages)} not scanned yet."
        for serial, title, pages in missing
    ]
    document = {
        "batch": report.batch.id,
        "name": report.batch.name,
        "pages": report.pages,
        "repeated": report.batch.repeated,
        "outcomes": {str(outcome): n for outcome, n in report.counts.items()},
        "missing": [
            {"serial": serial, "form": title, "pages": pages} for serial, title, pages in missing
        ],
    }
    return Output(document, lines, 1 if report.homeless else 0)


def _name_pages(pages: list[int]) -> str:
    return f"page{'s' if len(pages) > 1 else ''} {', '.join(map(str, pages))}"
