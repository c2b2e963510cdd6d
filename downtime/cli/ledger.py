"""Where each issued form is, and what is said of it by hand."""

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from downtime.cli.app import Output, Session, command, each
from downtime.cli.options import REMARK, WHY, NewFile
from downtime.cli.program import ledger
from downtime.clinical import display
from downtime.clock import to_text
from downtime.errors import UserError
from downtime.paper import assignments, intake, serials
from downtime.paper import ledger as book
from downtime.paper.issue import LIFECYCLE, Issued
from downtime.paper.moves import COPY, SAME
from downtime.sync import lists
from downtime.sync.lists import Line

SERIALS = click.argument("numbers", nargs=-1, required=True, metavar="SERIAL...")


@command(ledger, "list", action="ledger.view")
@click.option("--ward", default=None, metavar="WARD", help="Only forms of this ward.")
@click.option("--form", default=None, metavar="FORM", help="Only this kind of form.")
@click.option(
    "--state", type=click.Choice(list(LIFECYCLE.moves)), default=None, help="Only in this state."
)
@click.option("--outage", default=None, metavar="ID", help="Only of this outage.")
def list_(
    session: Session, ward: str | None, form: str | None, state: str | None, outage: str | None
) -> Output:
    """Issued forms that must come back, in the order of issue; no patients are named."""
    found = book.find(session.vault, ward=ward, form=form, state=state, outage=outage)
    lines = [_line(one) for one in found]
    return Output([_document(one) for one in found], lines or ["No form is in the ledger so."])


@command(ledger, "show", action="ledger.view")
@click.argument("number", metavar="SERIAL")
def show(session: Session, number: str) -> Output:
    """Say what a serial is and where its paper is."""
    form = book.issued(session.vault, number)
    return Output(_document(form), [_line(form)])


@command(ledger, "collected", action="ledger.move")
@SERIALS
def collected(session: Session, numbers: tuple[str, ...]) -> Output:
    """Say that a runner took forms from their ward; they are out until they come back."""
    return _moved(numbers, lambda number: book.collected(session.vault, number, session.who))


@command(ledger, "returned", action="ledger.move")
@SERIALS
def returned(session: Session, numbers: tuple[str, ...]) -> Output:
    """Book forms as come back."""
    return _moved(numbers, lambda number: book.returned(session.vault, number, session.who))


@command(ledger, "void", action="ledger.move")
@SERIALS
@WHY
def void(session: Session, numbers: tuple[str, ...], why: str) -> Output:
    """Void forms that were spoilt or never used."""
    return _moved(numbers, lambda number: book.void(session.vault, number, session.who, why))


@command(ledger, "lost", action="ledger.move")
@SERIALS
@WHY
def lost(session: Session, numbers: tuple[str, ...], why: str) -> Output:
    """Declare that forms cannot be found."""
    return _moved(numbers, lambda number: book.lost(session.vault, number, session.who, why))


@command(ledger, "book", action="ledger.move")
@click.argument("numbers", nargs=-1, metavar="[SERIAL]...")
def book_(session: Session, numbers: tuple[str, ...]) -> Output:
    """Book papers as they come back, of any laptop; without serials they are read line by line.

    Exit 1 if one was a slip; all the others are booked.
    """
    vault, who = session.vault, session.who
    typed = numbers or tuple(line.strip() for line in sys.stdin if line.strip())
    documents: list[dict[str, object]] = []
    lines, slips = [], 0
    for number, text in enumerate(typed, 1):
        try:
            booked = intake.book(vault, text, who)
        except UserError as error:
            slips += 1
            documents.append({"number": number, "outcome": error.code})
            lines.append(f"Number {number}: {error.sentence} {error.next_step}")
            continue
        documents.append({"serial": booked.serial, "outcome": booked.outcome})
        lines.append(booked.sentence)
    return Output(documents, [*lines, f"{len(typed) - slips} booked."], 1 if slips else 0)


@command(ledger, "unbook", action="ledger.move")
def unbook(session: Session) -> Output:
    """Take back the paper that was booked last."""
    serial = intake.undo_last(session.vault, session.who)
    return Output({"serial": serial}, [f"{serials.shown(serial)} is not booked any more."])


@command(ledger, "settle", action="ledger.move")
@click.argument("number", metavar="SERIAL")
@click.argument("kind", type=click.Choice([SAME, COPY]))
@REMARK
def settle(session: Session, number: str, kind: str, why: str) -> Output:
    """Say of a paper that was booked twice: the same one, or a copy under the same serial."""
    intake.settle(session.vault, number, kind, session.who, why)
    return Output({"serial": number, "kind": kind}, [f"{number}: {kind}."])


@command(ledger, "open", action="ledger.view")
@click.argument("name", type=click.Choice(list(lists.TITLES)), metavar="LIST")
@click.option("--outage", default="", metavar="ID", help="Of this outage; else of the last one.")
@click.option("--csv", "csv_file", type=NewFile(), default=None, help="Write the list as CSV.")
def open_(session: Session, name: str, outage: str, csv_file: Path | None) -> Output:
    """Paper not in order: missing, lost, void, booked or keyed twice, copies, foreign, unfiled."""
    found = lists.listing(session.vault, session.settings, name, outage)
    if csv_file:
        zone = ZoneInfo(session.settings.site.time_zone)
        csv_file.write_bytes(lists.to_csv(found, lambda text: display.moment(text, zone)))
    now = session.vault.now()
    lines = [_listed(line, now) for line in found]
    return Output([_as_json(line, now) for line in found], lines or ["Nothing is in this list."])


@command(ledger, "assign", action="ledger.assign")
@SERIALS
@click.option("--owner", required=True, metavar="NAME", help="Person or team that sees to it.")
@click.option(
    "--due", type=click.DateTime(["%Y-%m-%dT%H:%M"]), default=None, metavar="TIME",
    help="Until when, in the site's time; else handover.due_hours from now.",
)  # fmt: skip
@click.option("--note", default="", metavar="TEXT", help="What is to be done.")
def assign(
    session: Session, numbers: tuple[str, ...], owner: str, due: datetime | None, note: str
) -> Output:
    """Give papers that are not in order to somebody, until a time."""
    vault, zone = session.vault, ZoneInfo(session.settings.site.time_zone)
    until = assignments.due_from(session.settings, vault.clock())
    if due:
        until = to_text(due.replace(tzinfo=zone))
    given = each(
        numbers,
        lambda number: assignments.assign(
            vault, assignments.FORM, serials.parse(number), owner, until, session.who, note
        ),
    )
    return Output(
        [{"serial": one.target, "owner": one.owner, "due": one.due} for one in given],
        [f"{serials.shown(one.target)}: {one.owner}, due {one.due}." for one in given],
    )


def _as_json(line: Line, now: str) -> dict[str, object]:
    given = line.assignment
    return {
        "serial": line.serial,
        "form": line.form.form if line.form else "",
        "ward": line.form.ward if line.form else "",
        "since": line.since,
        "said": line.said,
        "owner": given.owner if given else "",
        "due": given.due if given else "",
        "overdue": line.is_overdue(now),
    }


def _listed(line: Line, now: str) -> str:
    form = f"{line.form.form:<24} {line.form.ward or 'no ward':<10}" if line.form else " " * 35
    given = line.assignment
    owner = f"  {given.owner}, due {given.due}" if given else "  nobody has it"
    late = "  OVERDUE" if line.is_overdue(now) else ""
    return f"{serials.shown(line.serial)}  {form} {line.said}{owner}{late}"


def _moved(numbers: tuple[str, ...], move: Callable[[str], Issued]) -> Output:
    forms = each(numbers, move)
    return Output([_document(form) for form in forms], [_line(form) for form in forms])


def _document(form: Issued) -> dict[str, object]:
    return {
        "serial": form.serial,
        "form": form.form,
        "version": form.version,
        "pages": form.pages,
        "ward": form.ward,
        "pack": form.pack,
        "outage": form.outage,
        "drill": form.drill,
        "issued": form.issued_at,
        "state": form.state,
    }


def _line(form: Issued) -> str:
    ward = form.ward or "no ward"
    return f"{serials.shown(form.serial)}  {form.form:<24} {ward:<10} {form.state}"
