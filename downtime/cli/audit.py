"""The audit chain: walked through, signed as it is; and what speaks against the records."""

import click

from downtime.accounts.model import Permission
from downtime.cli.options import REASON
from downtime.cli.program import audit
from downtime.cli.session import Output, Session, command, pick
from downtime.errors import NotFoundError
from downtime.returns.statement import explain_problem
from downtime.returns.statement.closing_model import Explanation
from downtime.returns.statement.evidence import Problem
from downtime.vault import checkpoint


@command(audit, "verify", permission=Permission.AUDIT_VERIFY)
def verify(session: Session) -> Output:
    """Walk the whole chain and its checkpoints; exit 1 and the first bad number if one fails."""
    report = checkpoint.verify_checkpoints(session.vault)
    document = pick(report, "entries", "head", "first_bad", "checkpoints", "problems")
    good = f"{report.entries} entries and {report.checkpoints} checkpoints hold; head {report.head[:16]}."
    return Output(document, report.problems or [good], 0 if report.is_sound else 1)


@command(audit, "problems", permission=Permission.STATEMENT_MAKE)
@click.option("--outage", default="", metavar="ID", help="An earlier outage; else the last one.")
def list_problems(session: Session, outage: str) -> Output:
    """What speaks against this machine's records of an outage, and what people said of it."""
    rows = explain_problem.list_problems(session.vault, session.settings, outage)
    return Output.of_rows(rows, _document, _line, "Nothing speaks against them.")


@command(audit, "explain", permission=Permission.STATEMENT_EXPLAIN)
@click.argument("problem")
@click.option("--outage", default="", metavar="ID", help="An earlier outage; else the last one.")
@REASON
def explain(session: Session, problem: str, outage: str, reason: str) -> Output:
    """Say what happened, by the id that 'audit problems' shows; it counts when two people have."""
    vault, settings = session.vault, session.settings
    explanation = explain_problem.explain_problem(
        vault, settings, outage, problem, session.actor, reason
    )
    answer = (
        "Two people have said it." if explanation.is_accepted else "A second person has to as well."
    )
    return Output({"problem": problem, "accepted": explanation.is_accepted}, [answer])


def _document(row: tuple[Problem, Explanation | None]) -> dict[str, object]:
    problem, explanation = row
    accepted = bool(explanation and explanation.is_accepted)
    return {"id": problem.id, **problem.as_json(), "accepted": accepted}


def _line(row: tuple[Problem, Explanation | None]) -> str:
    problem, explanation = row
    mark = " (explained)" if explanation and explanation.is_accepted else ""
    return f"{problem.id}{mark}: {problem.item.sentence}"


@command(audit, "checkpoint", permission=Permission.AUDIT_VERIFY)
def make(session: Session) -> Output:
    """Sign the chain as it is now; print the line and keep it off this machine."""
    latest_checkpoint = checkpoint.make_checkpoint(session.vault)
    if latest_checkpoint is None:
        raise NotFoundError("audit.empty", "The chain is empty.", "Nothing needs signing yet.")
    return Output(latest_checkpoint.as_json(), [latest_checkpoint.short_text])
