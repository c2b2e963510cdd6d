"""Give papers and items that are open, or people who are not found, to somebody until a time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from downtime.accounts.model import Permission
from downtime.cli.program import identity, ledger, reconcile
from downtime.cli.session import Output, Session, command_for_each, pick
from downtime.clock import to_text
from downtime.paper import assignments, serials
from downtime.paper.model import Assignment, AssignmentKind
from downtime.reconcile import assign_owner
from downtime.reconcile.latest_outage import find_latest_outage

DUE = click.option(
    "--due",
    type=click.DateTime(["%Y-%m-%dT%H:%M"]),
    default=None,
    metavar="TIME",
    help="Until when, in the site's time; else sync.due_hours from now.",
)
OWNER = click.option("--owner", required=True, metavar="NAME", help="Person or team.")
NOTE = click.option("--note", default="", metavar="TEXT", help="Action needed.")


def _assignments_output(assigned: list[Assignment]) -> Output:
    return Output.of_rows(
        assigned,
        lambda a: pick(a, "target", "owner", "due"),
        lambda a: f"{a.target}: {a.owner}, due {a.due}.",
    )


def _papers_output(assigned: list[Assignment]) -> Output:
    return Output.of_rows(
        assigned,
        lambda a: pick(a, "owner", "due", serial="target"),
        lambda a: f"{serials.format_serial(a.target)}: {a.owner}, due {a.due}.",
    )


def _assign(
    parent: click.Group, metavar: str, show: Callable[[list[Assignment]], Output]
) -> Callable[[Callable[..., Assignment]], click.Command]:
    """A command `assign` with options that say who sees to it, until when, and what is to be done."""

    def decorate(function: Callable[..., Assignment]) -> click.Command:
        add = command_for_each(parent, "assign", Permission.LEDGER_ASSIGN, show, metavar)
        return add(OWNER(DUE(NOTE(function))))

    return decorate


@_assign(ledger, "SERIAL", _papers_output)
def paper(session: Session, number: str, **options: Any) -> Assignment:
    """Give papers that are not in order to somebody, until a time."""
    owner, due, note = read_options(session, **options)
    return assignments.assign_owner(
        session.vault,
        AssignmentKind.FORM,
        serials.parse_serial(number),
        owner,
        due,
        session.actor,
        note,
    )


@_assign(reconcile, "KEY", _assignments_output)
def item(session: Session, key: str, **options: Any) -> Assignment:
    """Give compared items to somebody, until a time; the statement names whoever has them."""
    owner, due, note = read_options(session, **options)
    return assign_owner.assign_item(session.vault, key, owner, due, session.actor, note)


@_assign(identity, "SERIAL", _assignments_output)
def person(session: Session, form: str, **options: Any) -> Assignment:
    """Give people who are not found to somebody, until a time; named by one of their forms."""
    owner, due, note = read_options(session, **options)
    outage = find_latest_outage(session.vault)
    return assign_owner.assign_person(
        session.vault, session.settings, outage, form, owner, due, session.actor, note
    )


def read_options(
    session: Session, owner: str, due: datetime | None, note: str
) -> tuple[str, str, str]:
    """Owner, due time and note, as they are stored."""
    if due is None:
        return owner, assignments.default_due(session.settings, session.vault.clock()), note
    zone = ZoneInfo(session.settings.site.time_zone)
    return owner, to_text(due.replace(tzinfo=zone)), note
