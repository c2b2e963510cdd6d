"""What people keyed from paper, what waits to be keyed, how many fields are wrong, and scans."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from downtime.accounts.model import Permission
from downtime.cli.options import FILE, OPTIONAL_REASON, REASON, EnumChoice
from downtime.cli.program import entry
from downtime.cli.session import Output, Session, command, command_for_each, pick
from downtime.entry import (
    confirm_empty,
    confirm_entry,
    file_form,
    import_responses,
    quality,
    recovery_debt,
    scans,
    send_back_entry,
    verify_entry,
    work_queues,
)
from downtime.entry.model import Entry
from downtime.entry.plausibility.model import ConfirmReason, ConfirmRequest
from downtime.entry.plausibility.wording import word_finding
from downtime.entry.validation import keyed_fields
from downtime.errors import NotFoundError
from downtime.outage.outage_at_hand import find_outage_at_hand
from downtime.paper import ledger, serials
from downtime.paper.model import IssuedForm


@command(entry, "import", permission=Permission.ENTRY_IMPORT)
@FILE
@click.option(
    "--empty",
    is_flag=True,
    help="On the papers of responses without an answer nobody wrote one; else they are refused.",
)
def import_(session: Session, file: Path, empty: bool) -> Output:
    """Import QuestionnaireResponses (JSON, a Bundle, or NDJSON); exit 1 if one was refused."""
    report = import_responses.import_file(
        session.vault, session.settings, file, session.actor, says_empty=empty
    )
    lines = [
        f"{report.responses} responses: {report.imported} imported, {report.to_confirm} of them to be"
        f" confirmed, {report.unchanged} already there, {len(report.problems)} refused.",
        *(
            f"  response {problem.index} ({problem.serial or 'no serial'}): {sentence}"
            for problem in report.problems
            for sentence in problem.sentences
        ),
    ]
    return Output(report.as_json(), lines, 1 if report.problems else 0)


def _states(rows: Iterable[Entry | IssuedForm]) -> Output:
    return Output.of_rows(
        rows,
        lambda row: pick(row, "serial", "state"),
        lambda row: f"{serials.format_serial(row.serial)}: {row.state}",
    )


@command_for_each(entry, "verify", Permission.ENTRY_VERIFY, _states)
@OPTIONAL_REASON
def verify(session: Session, number: str, reason: str) -> Entry:
    """Agree that entries say what their paper says; not for the one who keyed them."""
    return verify_entry.verify_entry(session.vault, number, session.actor, reason)


@command(entry, "confirm", permission=Permission.ENTRY_KEY)
@click.argument("serial")
@click.option(
    "--value",
    "tokens",
    multiple=True,
    metavar="MARK",
    help="The mark of a value that stands, as the list shows it; as often as needed.",
)
@click.option(
    "--because",
    type=EnumChoice(ConfirmReason),
    default=ConfirmReason.ON_PAPER.value,
    help="Why these values stand.",
)
@click.option("--note", default="", help="The reason in words; needed for 'other'.")
def confirm(
    session: Session, serial: str, tokens: tuple[str, ...], because: str, note: str
) -> Output:
    """List implausible values of an imported or merged form, each with its mark; or confirm them."""
    vault, settings = session.vault, session.settings
    form, findings = confirm_entry.list_to_confirm(vault, settings, serial)
    if tokens or not findings:
        request = ConfirmRequest(frozenset(tokens), ConfirmReason(because), note)
        requests = {finding.key: request for finding in findings}
        done = confirm_entry.confirm_entry(vault, settings, serial, requests, session.actor)
        return _states([done])
    fields, zone = keyed_fields(form.definition), ZoneInfo(settings.site.time_zone)
    rows = [
        {
            "mark": finding.token,
            "field": finding.key,
            "value": form.answers.get(finding.key, ""),
            "refused": finding.is_hard,
            "sentence": word_finding(finding, fields, zone),
        }
        for finding in findings
    ]
    lines = [f"{row['mark']}  {row['value']}  {row['sentence']}" for row in rows]
    return Output(rows, lines)


@command_for_each(entry, "confirm-empty", Permission.ENTRY_VERIFY, _states)
@OPTIONAL_REASON
def agree_empty(session: Session, number: str, reason: str) -> Entry:
    """Agree that nobody wrote an answer on these papers; not for the one who keyed them."""
    return confirm_empty.confirm_empty(
        session.vault, session.settings, number, session.actor, reason
    )


@command_for_each(entry, "send-back", Permission.ENTRY_VERIFY, _states)
@REASON
def send_back(session: Session, number: str, reason: str) -> Entry:
    """Make wrong entries drafts again, to be keyed anew; what they said is kept."""
    return send_back_entry.send_back(session.vault, number, session.actor, reason)


@command_for_each(entry, "file", Permission.ENTRY_KEY, _states)
@OPTIONAL_REASON
def file_away(session: Session, number: str, reason: str) -> IssuedForm:
    """Say that the paper lies in its file: once verified, or at once if it is not keyed."""
    file_form.file_form(session.vault, session.settings, number, session.actor, reason)
    return ledger.get_form(session.vault, number)


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


@command(entry, "debt", permission=Permission.ENTRY_QUEUE)
def show_debt(session: Session) -> Output:
    """Say how many hours of keying wait, by how long forms took that were keyed here."""
    debt = recovery_debt.measure_debt(session.vault, session.settings)
    return Output(asdict(debt), [debt.sentence])


@command(entry, "quality", permission=Permission.ENTRY_QUALITY)
def show_quality(session: Session) -> Output:
    """Estimate the share of wrong fields of each form in the outage at hand, with its 95 % interval."""
    outage = find_outage_at_hand(session.vault)
    if outage is None:
        raise NotFoundError("outage.none", "There has been no outage.", "Nothing was keyed yet.")
    estimates = quality.estimate_all(session.vault, session.settings, outage.id)
    return Output.of_rows(estimates, asdict, _estimate_line, "No entry has been checked yet.")


def _estimate_line(estimate: quality.Estimate) -> str:
    return (
        f"{estimate.form:<26} {estimate.errors} of {estimate.fields} fields wrong,"
        f" at most {estimate.high:.1%};"
        f" critical {estimate.critical_errors} of {estimate.critical_fields};"
        f" {estimate.sample_percent:g} % are keyed again"
    )


@command(entry, "attach", permission=Permission.ENTRY_SCAN)
@click.argument("serial")
@FILE
@click.option(
    "--without-code",
    is_flag=True,
    help="You compared the serial printed on the paper: no code can be read. Kept with the scan.",
)
def attach(session: Session, serial: str, file: Path, without_code: bool) -> Output:
    """Keep a scanned form (PDF, PNG, JPEG) beside its entry; the file itself may then be deleted.

    The code on the paper decides: that of another form is refused.
    """
    scan = scans.attach_scan(
        session.vault, session.settings, serial, file.read_bytes(), session.actor,
        without_code=without_code,
    )  # fmt: skip
    pages = f"{scan.pages} page{'s' if scan.pages > 1 else ''}"
    unread = ", no code read" if scan.without_code else ""
    return Output(asdict(scan), [f"{serials.format_serial(scan.serial)}: {pages} kept{unread}."])


@command(entry, "confirm-scan", permission=Permission.ENTRY_SCAN)
@click.argument("serial")
@REASON
def confirm_scan(session: Session, serial: str, reason: str) -> Output:
    """Say of a scan that another machine sent without a code that it is this form's."""
    scan = scans.confirm_scan(session.vault, serial, session.actor, reason)
    return Output(asdict(scan), [f"{serials.format_serial(scan.serial)}: its scan, no code read."])


@command(entry, "detach", permission=Permission.ENTRY_SCAN)
@click.argument("serial")
@REASON
def detach(session: Session, serial: str, reason: str) -> Output:
    """Take away a scan that was attached to the wrong form."""
    scans.detach_scan(session.vault, serial, session.actor, reason)
    return Output({"serial": serials.parse_serial(serial)}, ["Taken away."])
