"""Re-key worklists: the lines that people key into the recovered systems, and what each was given there."""

import click

from downtime.accounts.model import Permission
from downtime.cli.options import REASON
from downtime.cli.program import returns
from downtime.cli.session import Output, Session, command
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.returns.model import TickOutcome
from downtime.returns.rekey import rekey_lines, tick_line
from downtime.returns.rekey.line_text import describe_item
from downtime.returns.rekey.model import RekeyLine

LINE = click.argument("line", metavar="LINE")


@command(returns, "lines", permission=Permission.REKEY_LIST)
@click.option("--system", default="", metavar="SYSTEM", help="Only lines for this system.")
@click.option("--all", "with_done", is_flag=True, help="Done ones too.")
def lines(session: Session, system: str, with_done: bool) -> Output:
    """The lines of the worklists in the order of keying; no patient is named."""
    outage = find_latest_outage(session.vault)
    listed = [
        line
        for line in rekey_lines.list_lines(session.vault, outage.id)
        if system in ("", line.message.system) and (with_done or line.tick is None)
    ]
    return Output.of_rows(listed, _document, _line, "No line is open.")


@command(returns, "tick", permission=Permission.REKEY_TICK)
@LINE
@click.option(
    "--number", default="", metavar="NUMBER", help="What the live system gave it, if anything."
)
def tick(session: Session, line: str, number: str) -> Output:
    """Say that a line is keyed. Exit 1 when another patient's line has this number too.

    Then it waits: somebody else types the number from the live system.
    """
    outcome = tick_line.tick_line(session.vault, line, number, session.actor)
    is_done = outcome == TickOutcome.DONE
    sentence = (
        f"Line {line} is keyed."
        if is_done
        else "Another patient's line has this number too. If it is the right patient, somebody else"
        " types the number from the live system; else type the right one."
    )
    return Output({"line": line, "outcome": outcome}, [sentence], 0 if is_done else 1)


@command(returns, "untick", permission=Permission.REKEY_TICK)
@LINE
@REASON
def untick(session: Session, line: str, reason: str) -> Output:
    """Take a tick back: the line is open again."""
    tick_line.untick_line(session.vault, line, session.actor, reason)
    return Output({"line": line}, [f"The tick of line {line} is undone. It is open again."])


def _document(line: RekeyLine) -> dict[str, object]:
    return {
        "line": line.message.control_id,
        "system": line.message.system,
        "what": describe_item(line.fact),
        "serial": line.fact.serial,
        "ward": line.fact.ward,
        "number": line.tick.number if line.tick else "",
        "awaits_second": line.awaited is not None,
    }


def _line(line: RekeyLine) -> str:
    state = "done" if line.tick else "for a second person" if line.awaited else "to key"
    return (
        f"{line.message.control_id}  {line.message.system:<10} {describe_item(line.fact)}  {state}"
    )
