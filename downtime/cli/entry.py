"""What people keyed from paper, what waits to be keyed, how many fields are wrong, and scans."""

from dataclasses import asdict
from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.options import OPTIONAL_REASON, REASON
from downtime.cli.program import entry
from downtime.cli.session import Output, Session, command
from downtime.entry import file_form, import_responses, quality, scans, verify_entry, work_queues
from downtime.errors import NotFoundError, apply_to_each
from downtime.outage import outages
from downtime.paper import ledger, serials

SERIALS = click.argument("numbers", nargs=-1, required=True, metavar="SERIAL...")


@command(entry, "import", permission=Permission.ENTRY_IMPORT)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(session: Session, file: Path) -> Output:
    """Import QuestionnaireResponses (JSON, a Bundle, or NDJSON); exit 1 if one was refused."""
    report = import_responses.import_file(session.vault, session.settings, file, session.actor)
    lines = [
        f"{report.responses} responses: {report.imported} imported, {report.unchanged} already"
        f" there, {len(report.problems)} refused.",
        *(
            f"  response {problem.index} ({problem.serial or 'no serial'}): {sentence}"
            for problem in report.problems
            for sentence in problem.sentences
        ),
    ]
    return Output(report.as_json(), lines, 1 if report.problems else 0)


@command(entry, "verify", permission=Permission.ENTRY_VERIFY)
@SERIALS
@OPTIONAL_REASON
def verify(session: Session, numbers: tuple[str, ...], reason: str) -> Output:
    """Agree that entries say what their paper says; not for the one who keyed them."""
    checked = apply_to_each(
        numbers, lambda n: verify_entry.verify_entry(session.vault, n, session.actor, reason)
    )
    return _entries([entry.serial for entry in checked], [entry.state for entry in checked])


@command(entry, "send-back", permission=Permission.ENTRY_VERIFY)
@SERIALS
@REASON
def send_back(session: Session, numbers: tuple[str, ...], reason: str) -> Output:
    """Make wrong entries drafts again, to be keyed anew; what they said is kept."""
    wrong = apply_to_each(
        numbers, lambda n: verify_entry.send_back(session.vault, n, session.actor, reason)
    )
    return _entries([entry.serial for entry in wrong], [entry.state for entry in wrong])


@command(entry, "file", permission=Permission.ENTRY_KEY)
@SERIALS
@OPTIONAL_REASON
def file_away(session: Session, numbers: tuple[str, ...], reason: str) -> Output:
    """Say that the paper lies in its file: once verified, or at once if it is not keyed."""
    apply_to_each(
        numbers,
        lambda n: file_form.file_form(session.vault, session.settings, n, session.actor, reason),
    )
    filed = [ledger.get_form(session.vault, number) for number in numbers]
    return _entries([form.serial for form in filed], [form.state for form in filed])


def _entries(numbers: list[str], states: list[str]) -> Output:
    pairs = list(zip(numbers, states, strict=True))
    return Output(
        [{"serial": number, "state": state} for number, state in pairs],
        [f"{serials.format_serial(number)}: {state}" for number, state in pairs],
    )


@command(entry, "queue", permission=Permission.ENTRY_QUEUE)
def queue(session: Session) -> Output:
    """Count what waits to be keyed, keyed again, decided and compared, the most urgent first."""
    queue_lines = work_queues.count_queues(session.vault, session.settings)
    lines = [
        f"{n:>7}  {work_queues.QUEUE_TITLES[name].lower()}"
        for name, n in work_queues.totals(queue_lines).items()
    ]
    lines += [
        f"{line.n:>7}  {line.queue:<10} {line.title}, ward {line.ward}" for line in queue_lines
    ]
    return Output([asdict(line) for line in queue_lines], lines)


@command(entry, "quality", permission=Permission.ENTRY_QUALITY)
def show_quality(session: Session) -> Output:
    """Estimate the share of wrong fields of each form in the latest outage, with its 95 % interval."""
    latest = next(iter(outages.list_outages(session.vault)), None)
    if latest is None:
        raise NotFoundError("outage.none", "There has been no outage.", "Nothing was keyed yet.")
    estimates = quality.estimate_all(session.vault, session.settings, latest.id)
    lines = [
        f"{e.form:<26} {e.errors} of {e.fields} fields wrong, at most {e.high:.1%};"
        f" critical {e.critical_errors} of {e.critical_fields};"
        f" {e.sample_percent:g} % are compared"
        for e in estimates
    ]
    return Output([asdict(e) for e in estimates], lines or ["No entry has been checked yet."])


@command(entry, "attach", permission=Permission.ENTRY_SCAN)
@click.argument("serial")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def attach(session: Session, serial: str, file: Path) -> Output:
    """Keep a scanned form (PDF, PNG, JPEG) beside its entry; the file itself may then be deleted."""
    scan = scans.attach_scan(
        session.vault, session.settings, serial, file.read_bytes(), session.actor
    )
    pages = f"{scan.pages} page{'s' if scan.pages > 1 else ''}"
    return Output(asdict(scan), [f"{serials.format_serial(scan.serial)}: {pages} kept."])


@command(entry, "detach", permission=Permission.ENTRY_SCAN)
@click.argument("serial")
@REASON
def detach(session: Session, serial: str, reason: str) -> Output:
    """Take away a scan that was attached to the wrong form."""
    scans.detach_scan(session.vault, serial, session.actor, reason)
    return Output({"serial": serials.parse_serial(serial)}, ["Taken away."])
