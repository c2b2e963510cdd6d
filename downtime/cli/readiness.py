"""Look each shift whether this machine is ready, print the proof page, and read its code back."""

from dataclasses import asdict

import click

from downtime.accounts.model import Permission
from downtime.cli.printing import PrintDestination, destination_options, print_request
from downtime.cli.program import readiness
from downtime.cli.session import Output, Session, command
from downtime.errors import NotFoundError
from downtime.paper.endurance.model import STOCK_TITLES
from downtime.paper.endurance.project_endurance import project_endurance
from downtime.paper.readiness.check_readiness import (
    check_readiness,
    find_latest,
    prove_readiness,
)
from downtime.paper.readiness.model import CHECK_TITLES, ReadinessRound, Sighted
from downtime.paper.readiness.proof_page import ProofPage


@command(readiness, "check", permission=Permission.FORM_PRINT)
@click.option("--sheets", type=click.IntRange(0), required=True, help="Paper at the printer.")
@click.option("--plugged-in", is_flag=True, help="The mains plug is in.")
@destination_options
def check(session: Session, sheets: int, plugged_in: bool, destination: PrintDestination) -> Output:
    """Look at everything and print the proof page; exit 3 when something is wrong."""
    sighted = Sighted(sheets, plugged_in)
    round_ = check_readiness(session.vault, session.settings, sighted, session.actor)
    print_request(session, ProofPage(round=round_.id), destination, "")
    return _describe(round_)


@command(readiness, "prove", permission=Permission.FORM_PRINT)
@click.argument("serial")
def prove(session: Session, serial: str) -> Output:
    """Read the serial of the printed proof page back; exit 3 unless the machine is ready."""
    return _describe(prove_readiness(session.vault, serial, session.actor))


@command(readiness, "show", permission=Permission.FORM_PRINT)
def show(session: Session) -> Output:
    """The latest round; exit 3 unless the machine is ready."""
    latest = find_latest(session.vault)
    if latest is None:
        raise NotFoundError(
            "readiness.none", "Nobody has looked yet.", "Run 'downtime readiness check'."
        )
    return _describe(latest)


@command(readiness, "endurance", permission=Permission.OUTAGE_VIEW)
def show_endurance(session: Session) -> Output:
    """How long paper, toner, labels and numbers last over four weeks; exit 3 when something runs out."""
    endurance = project_endurance(session.vault, session.settings)
    lines = [
        f"{STOCK_TITLES[item.kind]}: {'not counted' if item.amount_left is None else f'{item.amount_left:,} left'},"
        f" {'use not known' if item.per_day is None else f'{item.per_day:.0f} a day'}"
        + (f", runs out in {item.days:.1f} days" if item.runs_out else "")
        for item in endurance.projections
    ]
    keying = endurance.keying
    lines.append(
        f"Keying: {keying.waiting:,} forms wait, {keying.hours_waiting:.0f} hours of work."
    )
    return Output(asdict(endurance), lines, 3 if endurance.next_out else 0)


def _describe(round_: ReadinessRound) -> Output:
    lines = [
        f"{'FAULT' if check.fault else 'right':<6} {CHECK_TITLES[check.kind]}: "
        f"{check.fault or check.finding}"
        for check in round_.checks
    ]
    verdict = "Ready." if round_.is_ready else "Not ready." if round_.faults else "Not proved yet."
    document = asdict(round_) | {"ready": round_.is_ready}
    return Output(document, [*lines, verdict], 0 if round_.is_ready else 3)
