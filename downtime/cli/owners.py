"""Give an item that is open, or somebody who is not found, to a person or team until a time."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from downtime.accounts.model import Permission
from downtime.cli.program import identity, reconcile
from downtime.cli.session import Output, Session, command
from downtime.clock import to_text
from downtime.errors import apply_to_each
from downtime.paper import assignments
from downtime.paper.model import Assignment
from downtime.reconcile import assign_owner
from downtime.reconcile.latest_outage import find_latest_outage


def _assignment_options(function: Callable[..., Output]) -> Callable[..., Output]:
    """Options that say who sees to it, until when, and what is to be done."""
    due = click.DateTime(["%Y-%m-%dT%H:%M"])
    until = "Until when, in the site's time; else sync.due_hours from now."
    for option in (
        click.option("--note", default="", metavar="TEXT", help="Action needed."),
        click.option("--due", type=due, default=None, metavar="TIME", help=until),
        click.option("--owner", required=True, metavar="NAME", help="Person or team."),
    ):
        function = option(function)
    return function


@command(reconcile, "assign", permission=Permission.LEDGER_ASSIGN)
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@_assignment_options
def item(
    session: Session, keys: tuple[str, ...], owner: str, due: datetime | None, note: str
) -> Output:
    """Give compared items to somebody, until a time; the statement names whoever has them."""
    until = _due(session, due)
    return _assignments_output(
        apply_to_each(
            keys,
            lambda key: assign_owner.assign_item(
                session.vault, key, owner, until, session.actor, note
            ),
        )
    )


@command(identity, "assign", permission=Permission.LEDGER_ASSIGN)
@click.argument("forms", nargs=-1, required=True, metavar="SERIAL...")
@_assignment_options
def person(
    session: Session, forms: tuple[str, ...], owner: str, due: datetime | None, note: str
) -> Output:
    """Give people who are not found to somebody, until a time; named by one of their forms."""
    vault, settings, until = session.vault, session.settings, _due(session, due)
    outage = find_latest_outage(vault)
    return _assignments_output(
        apply_to_each(
            forms,
            lambda form: assign_owner.assign_person(
                vault, settings, outage, form, owner, until, session.actor, note
            ),
        )
    )


def _due(session: Session, due: datetime | None) -> str:
    if due is None:
        return assignments.default_due(session.settings, session.vault.clock())
    return to_text(due.replace(tzinfo=ZoneInfo(session.settings.site.time_zone)))


def _assignments_output(assigned: list[Assignment]) -> Output:
    return Output(
        [{"target": a.target, "owner": a.owner, "due": a.due} for a in assigned],
        [f"{a.target}: {a.owner}, due {a.due}." for a in assigned],
    )
