"""Read a box of paper: every page to the form that its own code names, and a list of the others."""

from contextlib import closing
from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.program import downtime
from downtime.cli.session import Output, Session, command, pick
from downtime.entry import take_in_batch
from downtime.entry.take_in_batch import BatchReport
from downtime.errors import UsageError
from downtime.paper import serials
from downtime.scanning import scan_device
from downtime.scanning.model import OUTCOME_TITLES


@command(downtime, "scan", permission=Permission.ENTRY_SCAN)
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--name", default="", metavar="TEXT", help="What the box is called; else the folder.")
@click.option(
    "--device", default="", metavar="NAME", help="Scan the paper on this scanner's feeder."
)
@click.option(
    "--scanner-option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another setting of the scanner, as 'scanimage --all-options' names it.",
)
@click.option("--list-devices", is_flag=True, help="List the scanners that there are, by name.")
def scan(
    session: Session,
    paths: tuple[Path, ...],
    name: str,
    device: str,
    options: tuple[str, ...],
    list_devices: bool,
) -> Output:
    """Read scanned pages from a folder or files (PDF, TIFF of many pages, JPEG, PNG), or from a scanner.

    Each page is filed by its own code. What has none waits in the tray, on the page 'Scanned boxes'; then
    the exit code is 1. Started again under the same name after a stop, it goes on where it was.

    A scanner is one that 'scanimage' knows (Debian: sane-utils). Its pages, at 200 dpi in grey and of both
    sides where it can, come into the vault and lie nowhere else. One without a feeder gives the page on its
    glass.
    """
    if bool(paths) + bool(device) + list_devices != 1:
        raise UsageError(
            "scan.source",
            "There is no one place to read pages from.",
            "Name a folder, or a scanner with --device.",
        )
    if list_devices:
        return _show_devices(session)
    if not device:
        files = take_in_batch.list_scan_files(paths)
        wanted = name or paths[0].absolute().name
        report = take_in_batch.take_in_files(
            session.vault, session.settings, files, wanted, session.actor
        )
        return _show_report(session, report)
    seconds = session.settings.entry.scanner_seconds
    with closing(scan_device.scan_pages(device, _read_options(options), seconds)) as pages:
        report = take_in_batch.take_in_scanner(
            session.vault, session.settings, pages, name, session.actor
        )
    return _show_report(session, report)


def _show_devices(session: Session) -> Output:
    return Output.of_rows(
        scan_device.list_devices(session.settings.entry.scanner_seconds),
        lambda device: pick(device, "name", "title"),
        lambda device: f"{device.name}  {device.title}",
    )


def _read_options(options: tuple[str, ...]) -> dict[str, str]:
    named = [option.partition("=") for option in options]
    if any(not (name and value) for name, _, value in named):
        raise UsageError(
            "scan.option-form", "That is no setting of a scanner.", "Write it as NAME=VALUE."
        )
    return {name: value for name, _, value in named}


def _show_report(session: Session, report: BatchReport) -> Output:
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
