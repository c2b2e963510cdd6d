"""Why the outage is still open: each open thing once, and who has it."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from downtime.accounts.model import Permission
from downtime.cli.options import EnumChoice, NewFile
from downtime.cli.owners import DUE, NOTE, OWNER, read_options
from downtime.cli.program import open_commands
from downtime.cli.session import Output, Session, command
from downtime.clinical import display
from downtime.outage.model import Outage
from downtime.paper import csv_file, workbook_file
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.returns.statement import completeness_statement, open_things
from downtime.returns.statement.model import WORDINGS, OpenKind
from downtime.returns.statement.open_things import NOBODY, OVERDUE, OpenFilter, OpenThing
from downtime.vault.files import write_atomic


@command(open_commands, "list", permission=Permission.ENTRY_QUEUE)
@click.option("--kind", type=EnumChoice(OpenKind), default=None, help="Only this reason.")
@click.option("--ward", default="", metavar="WARD", help="Only of this ward.")
@click.option("--owner", default="", metavar="NAME", help="Only what this person or team has.")
@click.option("--nobody", is_flag=True, help="Only what nobody has.")
@click.option("--overdue", is_flag=True, help="Only what somebody is late with.")
@click.option("--text", default="", metavar="TEXT", help="Only what names this.")
@click.option("--csv", "csv_path", type=NewFile(), default=None, help="Write the list as CSV.")
@click.option("--xlsx", type=NewFile(), default=None, help="Write the list as a workbook.")
def list_(
    session: Session,
    kind: str | None,
    ward: str,
    owner: str,
    nobody: bool,
    overdue: bool,
    text: str,
    csv_path: Path | None,
    xlsx: Path | None,
) -> Output:
    """Each thing that is open, the records derived anew; the counts of the kinds add up to all."""
    now, zone = session.vault.now(), ZoneInfo(session.settings.site.time_zone)
    who = OVERDUE if overdue else NOBODY if nobody else owner
    wanted = OpenFilter(kind or "", ward, who, text)
    everything = _list_things(session, find_latest_outage(session.vault))
    things = wanted.select(everything, now)
    for path, write in ((csv_path, csv_file.to_csv), (xlsx, workbook_file.to_xlsx)):
        if path:
            rows = open_things.to_rows(things, lambda at: display.format_moment(at, zone))
            write_atomic(path, write(open_things.HEAD, rows))
    counts = open_things.count_by_kind(everything)
    lines = [f"{len(everything)} open; {len(things)} listed."]
    lines += [f"{n:>7}  {WORDINGS[name].title}" for name, n in counts.items()]
    lines += [_line(thing, now) for thing in things]
    document = {
        "open": len(everything),
        "kinds": {str(name): n for name, n in counts.items()},
        "things": list(map(_document, things)),
    }
    return Output(document, lines)


@command(open_commands, "assign", permission=Permission.LEDGER_ASSIGN)
@click.argument("references", nargs=-1, required=True, metavar="KIND:NAME...")
@OWNER
@DUE
@NOTE
def assign(
    session: Session, references: tuple[str, ...], owner: str, due: datetime | None, note: str
) -> Output:
    """Give open things to somebody, until a time; each is named as the list names it."""
    owner, until, note = read_options(session, owner, due, note)
    outage = find_latest_outage(session.vault)
    count = open_things.assign_things(
        session.vault, session.settings, outage, references, owner, until, session.actor, note,
        derived=_derive(session),
    )  # fmt: skip
    return Output({"assigned": count, "owner": owner}, [f"{count} given to {owner}."])


def _list_things(session: Session, outage: Outage) -> list[OpenThing]:
    return open_things.list_open_things(session.vault, session.settings, outage, _derive(session))


def _derive(session: Session) -> list[OpenThing]:
    statement = completeness_statement.gather_statement(session.vault, session.settings)
    return open_things.list_derived(statement.facts)


def _document(thing: OpenThing) -> dict[str, object]:
    assignment = asdict(thing.assignment) if thing.assignment else None
    return {**thing._asdict(), "reference": thing.reference, "assignment": assignment}


def _line(thing: OpenThing, now: str) -> str:
    owner = thing.assignment
    has_it = f"{owner.owner}, due {owner.due}" if owner else "nobody has it"
    overdue = "  OVERDUE" if thing.is_overdue(now) else ""
    since = f"  since {thing.since}" if thing.since else ""
    ward = thing.ward or "no ward"
    return f"{thing.reference}  {thing.subject}  {ward}{since}  {has_it}{overdue}"
