"""At the end: state what is accounted for, sign it, and report on the outage."""

from pathlib import Path

import click

from downtime.accounts.confirm_person import confirm_person
from downtime.accounts.model import Permission
from downtime.cli.books import list_open_lines
from downtime.cli.options import OPTIONAL_REASON, EnumChoice, out_option
from downtime.cli.program import downtime
from downtime.cli.session import Output, Session, command, prompt_for
from downtime.returns.model import LEAD_TITLES, Lead
from downtime.returns.report import incident_report, report_files
from downtime.returns.statement import completeness_statement, sign_statement, statement_files

OUTAGE = click.option(
    "--outage",
    default="",
    metavar="ID",
    help="An earlier outage, by its number; else the last one.",
)


OUT = out_option("File to write: .pdf or .json; the other one is written beside it.")


@command(downtime, "statement", permission=Permission.STATEMENT_MAKE)
@OUTAGE
@OUT
def state(session: Session, out: Path, outage: str) -> Output:
    """Write the completeness statement: every form, and everything still open."""
    statement = completeness_statement.make_statement(
        session.vault, session.settings, session.actor, outage=outage
    )
    paths = statement_files.save_statement(session.vault, statement, session.settings, out)
    lines = [f"{statement.verdict}."]
    lines += [f"{statement.overdue} OVERDUE."] if statement.overdue else []
    lines += [f"NOT PROVED: {sentence}" for sentence in statement.unproved]
    lines += list_open_lines(statement)
    return Output(statement.as_json(), [*lines, *(f"Wrote {path}" for path in paths)])


@command(downtime, "report", permission=Permission.REPORT_MAKE)
@OUTAGE
@OUT
def post_incident(session: Session, out: Path, outage: str) -> Output:
    """Write the post-incident report: time line, charts, harm and open items."""
    report = incident_report.make_report(
        session.vault, session.settings, session.actor, outage=outage
    )
    paths = report_files.save_report(report, session.settings, out)
    lines = [f"{event.at}  {event.sentence}" for event in report.timeline]
    return Output(report.as_json(), [*lines, *(f"Wrote {path}" for path in paths)])


@command(downtime, "sign", permission=Permission.STATEMENT_SIGN)
@click.argument("lead", type=EnumChoice(Lead))
@OUTAGE
@OPTIONAL_REASON
def sign(session: Session, lead: Lead, outage: str, reason: str) -> Output:
    """Sign the completeness statement as one of its leads: says what is open, and asks for the password."""
    vault, settings, actor = session.vault, session.settings, session.actor
    unsigned = completeness_statement.gather_statement(vault, settings, outage)
    for line in () if session.as_json else (f"{unsigned.verdict}.", *list_open_lines(unsigned)):
        click.echo(line, err=True)
    needs_code = settings.returns.sign_with_code
    confirmation = confirm_person(
        vault,
        settings,
        actor,
        prompt_for(f"Password, to sign as {LEAD_TITLES[lead].lower()}", secret=True),
        prompt_for("One-time code") if needs_code else "",
        needs_code=needs_code,
    )
    statement = sign_statement.sign_statement(
        vault, settings, lead, actor, confirmation, reason, outage, shown=unsigned.digest
    )
    return Output(statement.as_json(), [f"Signed: {statement.verdict}."])
