"""At the end: state what is accounted for, sign it, and report on the outage."""

from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.app import Output, Session, command
from downtime.cli.options import OPTIONAL_REASON, NewFile
from downtime.cli.program import downtime
from downtime.returns.report import incident_report, report_files
from downtime.returns.statement import completeness_statement, sign_statement, statement_files

OUTAGE = click.option(
    "--outage",
    default="",
    metavar="ID",
    help="An earlier outage, by its number; else the last one.",
)


OUT = click.option(
    "--out",
    required=True,
    type=NewFile(),
    metavar="FILE",
    help="File to write: .pdf or .json; the other one is written beside it.",
)


@command(downtime, "statement", permission=Permission.STATEMENT_MAKE)
@OUTAGE
@OUT
def state(session: Session, out: Path, outage: str) -> Output:
    """State which forms are accounted for, and name everything that is still open."""
    made = completeness_statement.make_statement(
        session.vault, session.settings, session.actor, outage=outage
    )
    written = statement_files.save_statement(made, session.settings, out)
    late = [f"{made.overdue} OVERDUE."] if made.overdue else []
    unproved = [f"NOT PROVED: {words}" for words in made.unproved]
    lines = [f"{made.verdict}.", *late, *unproved, *_open(made)]
    return Output(made.as_json(), [*lines, *(f"Wrote {path}" for path in written)])


def _open(made: completeness_statement.Statement) -> list[str]:
    """What is open, and below it who sees to which of it."""
    lines = []
    for one in made.facts["open"]:
        lines.append(f"  {one['sentence']}")
        for owned in one["owners"]:
            late = "  OVERDUE" if owned["due"] < made.made else ""
            lines.append(f"    {len(owned['names'])}: {owned['owner']}, due {owned['due']}{late}")
    return lines


@command(downtime, "report", permission=Permission.REPORT_MAKE)
@OUTAGE
@OUT
def post_incident(session: Session, out: Path, outage: str) -> Output:
    """Report on the outage: time line, charts with tables, harm, and what is open."""
    made = incident_report.make_report(
        session.vault, session.settings, session.actor, outage=outage
    )
    written = report_files.save_report(made, session.settings, out)
    lines = [f"{event.at}  {event.what}" for event in made.timeline]
    return Output(made.as_json(), [*lines, *(f"Wrote {path}" for path in written)])


@command(downtime, "sign", permission=Permission.STATEMENT_SIGN)
@click.argument("lead", type=click.Choice(list(sign_statement.LEADS)))
@OUTAGE
@OPTIONAL_REASON
def sign(session: Session, lead: str, outage: str, reason: str) -> Output:
    """Sign the completeness statement as one of its leads."""
    signed = sign_statement.sign_statement(
        session.vault, session.settings, lead, session.actor, reason, outage
    )
    return Output(signed.as_json(), [f"Signed: {signed.verdict}."])
