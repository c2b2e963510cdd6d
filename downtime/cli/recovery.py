"""After the outage: import what was keyed, compare, decide, return, and state what is accounted for."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from downtime.cli.app import Output, Session, command, each
from downtime.cli.options import REMARK, WHY, NewFile
from downtime.cli.program import downtime as root
from downtime.cli.program import entry, reconcile, returns
from downtime.entry import entries, imports
from downtime.paper import ledger, serials
from downtime.reconcile import bulk, listing
from downtime.reconcile import decide as deciding
from downtime.reconcile import run as running
from downtime.reconcile.harm import review
from downtime.reconcile.states import ALLOWED, LEAVE, OPEN, RESOLVED, RETURN
from downtime.reconcile.store import Filter, ItemRow
from downtime.returns import export as exporting
from downtime.returns.report import report, report_file
from downtime.returns.statement import signing, statement, statement_file

SERIALS = click.argument("numbers", nargs=-1, required=True, metavar="SERIAL...")


@command(entry, "import", action="entry.import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(session: Session, file: Path) -> Output:
    """Import QuestionnaireResponses (JSON, a Bundle, or NDJSON); exit 1 if one was refused."""
    report = imports.import_file(session.vault, session.settings, file, session.who)
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


@command(entry, "verify", action="entry.verify")
@SERIALS
@REMARK
def verify(session: Session, numbers: tuple[str, ...], why: str) -> Output:
    """Agree that entries say what their paper says; not for the one who keyed them."""
    checked = each(numbers, lambda n: entries.verify(session.vault, n, session.who, why))
    return _entries([entry.serial for entry in checked], [entry.state for entry in checked])


@command(entry, "send-back", action="entry.verify")
@SERIALS
@WHY
def send_back(session: Session, numbers: tuple[str, ...], why: str) -> Output:
    """Make wrong entries drafts again, to be keyed anew; what they said is kept."""
    wrong = each(numbers, lambda n: entries.send_back(session.vault, n, session.who, why))
    return _entries([entry.serial for entry in wrong], [entry.state for entry in wrong])


@command(entry, "file", action="entry.key")
@SERIALS
@REMARK
def file_away(session: Session, numbers: tuple[str, ...], why: str) -> Output:
    """Say that the paper lies in its file: once verified, or at once if it is not keyed."""
    each(numbers, lambda n: entries.file_away(session.vault, n, session.who, why))
    filed = [ledger.issued(session.vault, number) for number in numbers]
    return _entries([form.serial for form in filed], [form.state for form in filed])


def _entries(numbers: list[str], states: list[str]) -> Output:
    pairs = list(zip(numbers, states, strict=True))
    return Output(
        [{"serial": number, "state": state} for number, state in pairs],
        [f"{serials.shown(number)}: {state}" for number, state in pairs],
    )


@command(reconcile, "run", action="reconcile.run")
@REMARK
def run(session: Session, why: str) -> Output:
    """Compare what was entered with the snapshot of the recovered hospital."""
    compared = running.run(session.vault, session.settings, session.who, why)
    review.run(session.vault, session.settings, session.who, why)
    document = {
        "outage": compared.outage,
        "snapshot": compared.snapshot,
        "forms": compared.forms,
        "items": compared.items,
        "open": compared.open,
        "states": compared.states,
    }
    lines = [
        f"{compared.items} items from {compared.forms} forms; {compared.open} wait for a decision.",
        *(f"  {state:<14} {compared.states.get(state, 0):>6}" for state in ALLOWED),
    ]
    return Output(document, lines)


def _filters(function: Callable[..., Output]) -> Callable[..., Output]:
    """Options that narrow which items are meant."""
    for name, words in (
        ("form", "Only items of this form."),
        ("ward", "Only items of this ward."),
        ("system", "Only items of this system."),
        ("type", "Only items of this type of record."),
    ):
        function = click.option(f"--{name}", name, default="", help=words)(function)
    states = click.Choice(list(ALLOWED))
    return click.option("--state", type=states, default=None, help="Only items in this state.")(
        function
    )


def _wanted(given: dict[str, Any]) -> Filter:
    return Filter(**{name: text for name, text in given.items() if text})


@command(reconcile, "list", action="reconcile.list")
@_filters
def list_(session: Session, **given: str | None) -> Output:
    """The items of the latest outage with their states and decisions."""
    outage = running.latest(session.vault)
    rows = listing.every(session.vault, outage.id, _wanted(given))
    lines = [
        f"{row.key}  {row.item.state:<13} {row.decided.decision:<18} {row.item.fact.type}"
        for row in rows
    ]
    return Output([_document(row) for row in rows], lines or ["There is nothing to compare yet."])


@command(reconcile, "decide-all", action="reconcile.decide")
@click.argument("decision", type=click.Choice(bulk.BULK))
@_filters
@click.option("--token", default="", help="The token of the preview, to decide just that.")
@REMARK
def decide_all(
    session: Session, decision: str, token: str, why: str, **given: str | None
) -> Output:
    """Decide about all open items of a filter: without --token only a preview that gives one."""
    outage, wanted = running.latest(session.vault), _wanted(given)
    if token:
        batch = bulk.apply(session.vault, outage.id, wanted, decision, token, session.who, why)
        return Output(asdict(batch), [f"{batch.items} items: {decision}. Undo with {batch.id}."])
    found = bulk.preview(session.vault, outage.id, wanted, decision, session.who)
    lines = [
        f"{len(found.rows)} items would be decided '{decision}', {found.proposed} of them proposed.",
        *(f"  {n:>6} {state}" for state, n in found.counts("state")),
        *(f"  {n:>6} left as they are: {sentence}" for sentence, n in found.left.items()),
        f"Repeat with --token {found.token} and --why to do it.",
    ]
    document = {
        "token": found.token,
        "items": [row.key for row in found.rows],
        "proposed": found.proposed,
        "confirmed": found.confirmed,
        "left": dict(found.left),
    }
    return Output(document, lines)


@command(reconcile, "undo", action="reconcile.decide")
@click.argument("batch", metavar="BATCH")
@WHY
def undo(session: Session, batch: str, why: str) -> Output:
    """Put every item of a decision in bulk back as it was, unless it has moved on since."""
    done = bulk.undo(session.vault, batch, session.who, why)
    return Output(
        {"batch": batch, "back": done.back, "kept": done.kept},
        [f"{done.back} items are as they were; {done.kept} have moved on and stay."],
    )


@command(reconcile, "decide", action="reconcile.decide")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.argument("decision", type=click.Choice([RETURN, LEAVE, RESOLVED, OPEN]))
@WHY
def decide(session: Session, keys: tuple[str, ...], decision: str, why: str) -> Output:
    """Decide about items by their keys; not for the one who entered them.

    'return' sends an item to its system, 'leave' keeps what the system has, 'resolved-elsewhere'
    says that people put it right, and 'open' takes a decision back.
    """
    rows = each(keys, lambda key: deciding.decide(session.vault, key, decision, session.who, why))
    return Output(
        [_document(row) for row in rows], [f"{row.key}: {row.decided.decision}" for row in rows]
    )


@command(returns, "export", action="return.export")
@click.option(
    "--format",
    "format_name",
    required=True,
    type=click.Choice(["hl7v2", "worklist"]),
    help="Messages for systems, or lists for people.",
)
@click.option(
    "--to",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to.",
)
def export(session: Session, format_name: str, to: Path) -> Output:
    """Write what was decided to return; nothing goes out twice."""
    done = exporting.export(session.vault, session.settings, format_name, to, session.who)
    document = {
        "files": [str(file) for file in done.files],
        "messages": done.messages,
        "already": done.already,
        "waiting": list(done.outdated),
    }
    return Output(document, [done.sentence, *map(str, done.files)])


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


@command(root, "statement", action="statement.make")
@OUTAGE
@OUT
def state(session: Session, out: Path, outage: str) -> Output:
    """State which forms are accounted for, and name everything that is still open."""
    made = statement.make(session.vault, session.settings, session.who, outage=outage)
    written = statement_file.save(made, session.settings, out)
    late = [f"{made.overdue} OVERDUE."] if made.overdue else []
    lines = [f"{made.verdict}.", *late, *_open(made)]
    return Output(made.as_json(), [*lines, *(f"Wrote {path}" for path in written)])


def _open(made: statement.Statement) -> list[str]:
    """What is open, and below it who sees to which of it."""
    lines = []
    for one in made.facts["open"]:
        lines.append(f"  {one['sentence']}")
        for owned in one["owners"]:
            late = "  OVERDUE" if owned["due"] < made.made else ""
            lines.append(f"    {len(owned['names'])}: {owned['owner']}, due {owned['due']}{late}")
    return lines


@command(root, "report", action="report.make")
@OUTAGE
@OUT
def post_incident(session: Session, out: Path, outage: str) -> Output:
    """Report on the outage: time line, charts with tables, harm, and what is open."""
    made = report.make(session.vault, session.settings, session.who, outage=outage)
    written = report_file.save(made, session.settings, out)
    lines = [f"{event.at}  {event.what}" for event in made.timeline]
    return Output(made.as_json(), [*lines, *(f"Wrote {path}" for path in written)])


@command(root, "sign", action="statement.sign")
@click.argument("lead", type=click.Choice(list(signing.LEADS)))
@OUTAGE
@REMARK
def sign(session: Session, lead: str, outage: str, why: str) -> Output:
    """Sign the completeness statement as one of its leads."""
    signed = signing.sign(session.vault, session.settings, lead, session.who, why, outage)
    return Output(signed.as_json(), [f"Signed: {signed.verdict}."])


def _document(row: ItemRow) -> dict[str, object]:
    return {
        "key": row.key,
        "state": row.item.state,
        "type": row.item.fact.type,
        "system": row.item.fact.system,
        "serial": row.item.fact.serial,
        "form": row.item.fact.form,
        "explanation": row.item.explanation,
        "decision": row.decided.decision,
        "proposal": row.decided.proposal,
        "second": row.item.second,
        "decided_by": row.decided.decided_by_name,
        "reason": row.decided.reason,
    }
