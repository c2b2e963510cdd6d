"""The harm review: list what was found, say what harm came of it, explain what has no result."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from downtime.accounts.model import Permission
from downtime.cli.options import OPTIONAL_REASON, REASON, EnumChoice, NewFile, parse_shown
from downtime.cli.program import harm
from downtime.cli.session import Output, Session, command, pick
from downtime.reconcile.harm.model import (
    EXPLANATIONS,
    OUTCOMES,
    Explanation,
    FindingKind,
    Harm,
    ReviewedFinding,
)
from downtime.reconcile.harm.review import (
    findings_to_csv,
    list_findings,
    record_explanation,
    record_review,
    run_review,
)
from downtime.vault.files import write_atomic

KEYS = click.argument("keys", nargs=-1, required=True, metavar="KEY=VERSION...")
"""Findings as 'harm list' shows them."""


@command(harm, "run", permission=Permission.HARM_RUN)
@OPTIONAL_REASON
def run_(session: Session, reason: str) -> Output:
    """Look for harm as the paper was last compared; 'reconcile run' does so too."""
    cores = os.cpu_count() or 1
    run = run_review(session.vault, session.settings, session.actor, reason, cores=cores)
    return Output(pick(run, "outage", "findings", "figures"), [f"{run.findings} findings."])


@command(harm, "list", permission=Permission.HARM_LIST)
@click.option("--kind", type=EnumChoice(FindingKind), default=None, help="Only of this kind.")
@click.option("--open", "only_open", is_flag=True, help="Only what keeps the statement open.")
def list_(session: Session, kind: str | None, only_open: bool) -> Output:
    """The findings with what was said of them; no patient is named."""
    zone = ZoneInfo(session.settings.site.time_zone)
    findings = list_findings(session.vault, kind=FindingKind(kind) if kind else None)
    return Output.of_rows(
        [row for row in findings if row.is_open or not only_open],
        lambda row: _document(row, zone),
        lambda row: (
            f"{row.finding.key}={row.version}  {row.finding.state:<12} {row.finding.explain(zone)}"
        ),
        "Nothing was found.",
    )


@command(harm, "csv", permission=Permission.HARM_EXPORT)
@click.argument("out", type=NewFile(), metavar="FILE")
def csv(session: Session, out: Path) -> Output:
    """Write all findings with their patients to a new CSV file."""
    rows = list_findings(session.vault)
    write_atomic(out, findings_to_csv(rows, ZoneInfo(session.settings.site.time_zone)))
    return Output({"file": str(out), "findings": len(rows)}, [f"Wrote {out}"])


@command(harm, "review", permission=Permission.HARM_REVIEW)
@KEYS
@click.argument("outcome", type=EnumChoice(Harm))
@click.option("--note", default="", help="What happened; needed unless the outcome is 'none'.")
def review(session: Session, keys: tuple[str, ...], outcome: str, note: str) -> Output:
    """Say, as a clinician, what harm came of findings, as 'harm list' showed them: KEY=VERSION."""
    shown = parse_shown(keys)
    reviewed = record_review(session.vault, [*shown], outcome, note, session.actor, shown=shown)
    document = {"reviewed": reviewed, "outcome": outcome}
    return Output(document, [f"{reviewed}: {OUTCOMES[Harm(outcome)]}."])


@command(harm, "explain", permission=Permission.HARM_EXPLAIN)
@KEYS
@click.argument("how", type=EnumChoice(Explanation))
@REASON
def explain(session: Session, keys: tuple[str, ...], how: str, reason: str) -> Output:
    """Say what became of requests that had no result when the outage began, as 'harm list' showed them."""
    shown = parse_shown(keys)
    explained = record_explanation(session.vault, [*shown], how, reason, session.actor, shown=shown)
    title = EXPLANATIONS[Explanation(how)]
    return Output({"explained": explained, "how": how}, [f"{explained}: {title}."])


def _document(row: ReviewedFinding, zone: ZoneInfo) -> dict[str, object]:
    finding = row.finding
    return {
        **pick(finding, "key", "kind", "state", "title", "ward", "serials"),
        "words": finding.explain(zone),
        "times": dict(finding.times),
        "version": row.version,
        "open": row.is_open,
        "harm": row.reviewed.outcome if row.reviewed else "",
        "explained": row.explained.outcome if row.explained else "",
    }
