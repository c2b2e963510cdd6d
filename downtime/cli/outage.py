"""Declare systems down, mark them as restored, correct that, close the books, give out numbers."""

from enum import StrEnum
from zoneinfo import ZoneInfo

import click

from downtime.accounts.model import Permission
from downtime.cli.options import OPTIONAL_REASON, REASON
from downtime.cli.program import number, outage
from downtime.cli.session import Output, Session, command, pick
from downtime.entry.typed_times import parse_past_time
from downtime.errors import NotFoundError
from downtime.outage import correct_outage, downtime_numbers, outages
from downtime.outage.model import Outage
from downtime.outage.outage_at_hand import choose_outage
from downtime.paper.adopt_packs import adopt_packs

TIME = "TIME"


class Correction(StrEnum):
    """What was wrong."""

    SYSTEM = "system"
    END = "end"
    KIND = "kind"


@command(outage, "declare", permission=Permission.OUTAGE_DECLARE)
@click.argument("systems", nargs=-1, required=True)
@click.option("--drill", is_flag=True, help="A drill: everything is marked as one.")
@click.option(
    "--since", default="", metavar=TIME, help="Since when, in the site's time: 02:15; else now."
)
@REASON
def declare(
    session: Session, systems: tuple[str, ...], drill: bool, since: str, reason: str
) -> Output:
    """Say that systems are down.

    They join the outage that is open, else open a new one, also while an older one is being
    recovered. A real declaration ends a drill. The snapshot in use is kept for good: it is the
    hospital as it was when these systems were lost.
    """
    declared = outages.declare_systems_down(
        session.vault,
        systems,
        session.actor,
        reason,
        known=session.settings.systems.names,
        drill=drill,
        since=_read_time(session, since),
    )
    return _outage_output(declared)


@command(outage, "end", permission=Permission.OUTAGE_END)
@click.argument("systems", nargs=-1, required=True)
@click.option("--at", default="", metavar=TIME, help="When they came back; else now.")
@REASON
def end(session: Session, systems: tuple[str, ...], at: str, reason: str) -> Output:
    """Mark systems as restored; the books stay open until 'downtime outage close'."""
    restored = outages.mark_restored(
        session.vault, systems, session.actor, reason, at=_read_time(session, at)
    )
    return _outage_output(restored)


@command(outage, "correct", permission=Permission.OUTAGE_END)
@click.argument("outage_id", metavar="OUTAGE")
@click.argument("system", default="")
@click.option("--since", default="", metavar=TIME, help="The system was lost at another time.")
@click.option(
    "--wrong",
    type=click.Choice(list(Correction)),
    help="It was never down; it was not back after all; or a drill was real, or the other way round.",
)
@REASON
def correct(
    session: Session,
    outage_id: str,
    system: str,
    since: str,
    wrong: Correction | None,
    reason: str,
) -> Output:
    """Correct what was said of an outage: a system of it, when that was lost, or its kind."""
    if bool(since) == bool(wrong):
        raise click.UsageError("Give --since or --wrong.")
    if bool(system) == (wrong == Correction.KIND):
        raise click.UsageError("Name the system, or none for --wrong kind.")
    vault, actor = session.vault, session.actor
    match wrong:
        case Correction.KIND:
            corrected = correct_outage.correct_kind(vault, outage_id, actor, reason)
        case Correction.SYSTEM:
            corrected = correct_outage.withdraw_system(vault, outage_id, system, actor, reason)
        case Correction.END:
            corrected = correct_outage.resume_system(vault, outage_id, system, actor, reason)
        case None:
            start = _read_time(session, since)
            corrected = correct_outage.correct_start(vault, outage_id, system, start, actor, reason)
    return _outage_output(corrected)


@command(outage, "adopt", permission=Permission.OUTAGE_END)
@click.argument("outage_id", metavar="OUTAGE")
@click.argument("packs", nargs=-1, required=True, metavar="PACK...")
@REASON
def adopt(session: Session, outage_id: str, packs: tuple[str, ...], reason: str) -> Output:
    """Make packs that were printed before a planned downtime part of its outage."""
    return _outage_output(adopt_packs(session.vault, outage_id, packs, session.actor, reason))


@command(outage, "work-on", permission=Permission.ENTRY_QUEUE)
@click.argument("outage_id", metavar="OUTAGE")
@OPTIONAL_REASON
def work_on(session: Session, outage_id: str, reason: str) -> Output:
    """Choose whose recovery this machine works on, where several are not closed."""
    return _outage_output(choose_outage(session.vault, outage_id, session.actor, reason))


@command(outage, "close", permission=Permission.OUTAGE_CLOSE)
@click.argument("outage_id", default="", metavar="[OUTAGE]")
@click.option(
    "--incomplete",
    is_flag=True,
    help="With things open or unsigned: it says what; the first person proposes it, a second one closes.",
)
@click.option(
    "--digest",
    default="",
    metavar="DIGITS",
    help="Propose or close what was shown above these digits; without them, it is only shown.",
)
@OPTIONAL_REASON
def close(session: Session, outage_id: str, incomplete: bool, digest: str, reason: str) -> Output:
    """Close an outage whose statement is complete and signed; named, where several are not closed."""
    from downtime.cli.books import describe_books
    from downtime.returns.statement import close_books, completeness_statement

    chosen = _choose_unclosed(session, outage_id)
    vault, settings, actor = session.vault, session.settings, session.actor
    if not incomplete:
        return _outage_output(close_books.close_outage(vault, settings, chosen, actor, reason))
    proposal = close_books.find_proposal(vault, chosen)
    if not digest:
        statement = completeness_statement.gather_statement(vault, settings, chosen)
        return describe_books(statement, proposal)
    if proposal is not None and proposal.proposed_by != actor.id:
        return _outage_output(
            close_books.close_incomplete(vault, settings, chosen, actor, reason, shown=digest)
        )
    proposal = close_books.propose_closing(vault, settings, chosen, actor, reason, shown=digest)
    lines = [f"Proposed, with {proposal.open_count} things open. A second person closes the books."]
    document = pick(proposal, "outage", "state", "verdict", "open_kinds", "unsigned")
    return Output(document, lines)


@command(outage, "reopen", permission=Permission.OUTAGE_REOPEN)
@click.argument("outage_id", metavar="OUTAGE")
@REASON
def reopen(session: Session, outage_id: str, reason: str) -> Output:
    """Open the closed books of an outage again; its statement says who did, when and why."""
    from downtime.returns.statement import close_books

    return _outage_output(
        close_books.reopen_outage(session.vault, outage_id, session.actor, reason)
    )


def _choose_unclosed(session: Session, outage_id: str) -> str:
    unclosed = [item.id for item in outages.list_unclosed(session.vault)]
    if not unclosed:
        raise NotFoundError("outage.none", "No outage is open.", "See 'downtime outage list'.")
    if not outage_id and len(unclosed) > 1:
        raise click.UsageError(f"Name one of: {', '.join(unclosed)}.")
    return outage_id or unclosed[0]


@command(outage, "list", permission=Permission.OUTAGE_VIEW)
def list_(session: Session) -> Output:
    """All outages and drills, newest first."""
    return Output.of_rows(outages.list_outages(session.vault), _document, _line, "There was none.")


@command(number, "issue", permission=Permission.NUMBER_ISSUE)
@click.argument("count", type=click.IntRange(1, 1000), default=1)
@OPTIONAL_REASON
def issue(session: Session, count: int, reason: str) -> Output:
    """Give out downtime numbers from this machine's block; none is ever used again."""
    issued = downtime_numbers.issue_numbers(
        session.vault, session.settings, count, session.actor, reason
    )
    return Output(issued, issued)


def _read_time(session: Session, text: str) -> str:
    zone = ZoneInfo(session.settings.site.time_zone)
    return parse_past_time(text, session.clock(), zone)


def _document(item: Outage) -> dict[str, object]:
    systems = [pick(system, "name", "declared", "ended", "snapshot") for system in item.systems]
    return pick(item, "id", "drill", "state", "snapshot", "opened", "closed") | {"systems": systems}


def _line(item: Outage) -> str:
    down = ", ".join(item.down) or "none"
    return f"{item.label}: {item.state}; down now: {down}."


def _outage_output(item: Outage) -> Output:
    return Output(_document(item), [_line(item)])
