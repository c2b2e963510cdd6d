"""Look at what hospital systems sent, without keeping any of it."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from downtime.accounts.model import Permission
from downtime.cli.program import feeds
from downtime.cli.session import Output, Session, command
from downtime.feeds.check_feeds import FeedProblem, FeedReason, FeedReport
from downtime.feeds.model import Outcome
from downtime.snapshot.check_lists import check_feeds_and_lists

_OUTCOME_TITLES = {
    Outcome.USED: "used",
    Outcome.USED_IN_PART: "used in part",
    Outcome.NOT_USED: "not used",
    Outcome.REJECTED: "rejected",
    Outcome.QUARANTINED: "in quarantine",
}
NOTHING_USED = "Nothing of it can be used: a build would take nothing from it."
_SHOWN = 5
"""Messages that are named under one reason; `--json` names all of them."""


@command(feeds, "check", permission=Permission.PUBLIC)
@click.option("--strict", is_flag=True, help="Exit 1 when anything was not used.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def check(session: Session, paths: tuple[Path, ...], strict: bool) -> Output:
    """Read files and folders of messages; say what is used, and why the rest is not.

    Nothing is kept and nothing is unlocked. A home's settings (table mappings, names of systems)
    are used where there is one. A message is named by its file and place, its number (MSH-10), its
    sender and its time; what is quoted of it has its values masked. Ends with 1 when nothing at all
    can be used.
    """
    report = check_feeds_and_lists(paths, session.settings_or_default, session.clock())
    failed = not (report.is_all_used if strict else report.is_any_used)
    return Output(_document(report), list(_list_lines(report)), int(failed))


def _document(report: FeedReport) -> dict[str, Any]:
    types: dict[str, dict[str, int]] = {}
    for (kind, outcome), count in sorted(report.outcomes.items()):
        if count:
            types.setdefault(kind, {})[str(outcome)] = count
    return {
        "messages": report.messages,
        "repeated": report.repeated,
        "outcomes": {str(outcome): report.count(outcome) for outcome in _OUTCOME_TITLES},
        "types": types,
        "reasons": [
            {**reason._asdict(), "count": count} for reason, count in sorted(report.reasons.items())
        ],
        "problems": [_problem_document(problem) for problem in report.problems],
        "findings": [
            {**finding._asdict(), "count": count}
            for finding, count in sorted(report.findings.items())
        ],
        "records": dict(sorted(report.records.items())),
        "seconds": round(report.seconds, 3),
    }


def _problem_document(problem: FeedProblem) -> dict[str, Any]:
    position, origin = problem.position, problem.origin
    return {
        **problem.reason._asdict(),
        "file": position.file,
        "number": position.number,
        "line": origin.line,
        "control_id": origin.control_id,
        "sender": origin.sender,
        "sent": origin.sent,
        "quote": problem.quote,
    }


def _list_lines(report: FeedReport) -> Iterator[str]:
    titles = _OUTCOME_TITLES.items()
    counts = ", ".join(f"{report.count(outcome)} {title}" for outcome, title in titles)
    yield f"{report.messages} messages: {counts}, in {report.seconds:.1f} s."
    if report.repeated:
        yield f"  {report.repeated} more stand there again, byte for byte: a build takes them once."
    for kind, row in _document(report)["types"].items():
        amounts = ", ".join(
            f"{count} {_OUTCOME_TITLES[Outcome(name)]}" for name, count in row.items()
        )
        yield f"  {kind:<20} {amounts}"
    if report.records:
        yield "What was said, by type of record:"
        yield from (f"  {name:<24} {count:>8}" for name, count in sorted(report.records.items()))
    problems = sorted(report.problems, key=lambda problem: problem.reason)
    for reason, group in groupby(problems, key=lambda problem: problem.reason):
        yield from _reason_lines(reason, report.reasons[reason], list(group))
    for finding, count in sorted(report.findings.items()):
        place = " ".join(filter(None, (finding.source, finding.segment)))
        yield f"{finding.kind} ({count}) {place}: {finding.text}"
    if not report.is_any_used:
        yield NOTHING_USED


def _reason_lines(reason: FeedReason, count: int, problems: list[FeedProblem]) -> Iterator[str]:
    segment = f" {reason.segment}" if reason.segment else ""
    yield f"{_OUTCOME_TITLES[reason.outcome].capitalize()}: {count} {reason.kind}{segment}: {reason.reason}"
    for problem in problems[:_SHOWN]:
        yield f"  {_name_message(problem)}"
        if problem.quote:
            yield f"    {problem.quote}"
    if count > _SHOWN:
        yield f"  and {count - _SHOWN} more (--json names them)"


def _name_message(problem: FeedProblem) -> str:
    position, origin = problem.position, problem.origin
    place = f"{position.file} message {position.number}"
    parts = (
        f"{place}, line {origin.line}" if origin.line else place,
        origin.control_id and f"number {origin.control_id}",
        origin.sender and f"from {origin.sender}",
        origin.sent and f"made {origin.sent}",
    )
    return ", ".join(filter(None, parts))
