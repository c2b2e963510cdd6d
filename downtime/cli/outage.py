"""Declare that systems are down, mark them as restored, give out downtime numbers."""

import click

from downtime.accounts.model import Permission
from downtime.cli.options import OPTIONAL_REASON, REASON
from downtime.cli.program import number, outage
from downtime.cli.session import Output, Session, command, pick
from downtime.errors import NotFoundError
from downtime.outage import downtime_numbers, outages
from downtime.outage.model import Outage


@command(outage, "declare", permission=Permission.OUTAGE_DECLARE)
@click.argument("systems", nargs=-1, required=True)
@click.option("--drill", is_flag=True, help="A drill: everything is marked as one.")
@REASON
def declare(session: Session, systems: tuple[str, ...], drill: bool, reason: str) -> Output:
    """Say that systems are down as from now.

    The snapshot in use is kept for good: it is the hospital as it was when the outage began.
    """
    declared = outages.declare_systems_down(
        session.vault,
        systems,
        session.actor,
        reason,
        known=session.settings.systems.names,
        drill=drill,
    )
    return _outage_output(declared)


@command(outage, "end", permission=Permission.OUTAGE_END)
@click.argument("systems", nargs=-1, required=True)
@REASON
def end(session: Session, systems: tuple[str, ...], reason: str) -> Output:
    """Mark systems as restored; the books stay open until 'downtime outage close'."""
    return _outage_output(outages.mark_restored(session.vault, systems, session.actor, reason))


@command(outage, "close", permission=Permission.OUTAGE_END)
@REASON
def close(session: Session, reason: str) -> Output:
    """Close the outage once every system is back."""
    current = outages.find_current(session.vault)
    if current is None:
        raise NotFoundError("outage.none", "No outage is open.", "See 'downtime outage list'.")
    return _outage_output(outages.close_outage(session.vault, current.id, session.actor, reason))


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


def _document(item: Outage) -> dict[str, object]:
    systems = [pick(system, "name", "declared", "ended") for system in item.systems]
    return pick(item, "id", "drill", "state", "snapshot", "opened", "closed") | {"systems": systems}


def _line(item: Outage) -> str:
    down = ", ".join(item.down) or "none"
    return f"{item.label}: {item.state}; down now: {down}."


def _outage_output(item: Outage) -> Output:
    return Output(_document(item), [_line(item)])
