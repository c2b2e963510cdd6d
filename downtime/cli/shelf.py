"""The reference shelf on the command line: put documents on it, find words, take them off, print binders."""

from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from downtime.accounts.model import Permission
from downtime.cli.options import FILE, OPTIONAL_REASON, REASON, EnumChoice, out_option
from downtime.cli.printing import PrintDestination, print_request, printer_options, result_output
from downtime.cli.program import shelf
from downtime.cli.session import Output, Session, command, pick
from downtime.clinical import display
from downtime.paper.shelf import find_documents, keep_document
from downtime.paper.shelf.binder_pages import BinderPages
from downtime.paper.shelf.keep_document import DocumentDraft
from downtime.paper.shelf.model import DocumentKind, SearchHit, ShelfDocument
from downtime.paper.shelf.policies import check_stands
from downtime.vault.files import write_atomic

DAY = "DAY"


@command(shelf, "add", permission=Permission.SHELF_MANAGE)
@FILE
@click.option("--title", required=True, help="What people call it.")
@click.option("--kind", required=True, type=EnumChoice(DocumentKind), help="What it is for.")
@click.option("--owner", required=True, help="Who answers for what it says: name and role.")
@click.option("--review", required=True, metavar=DAY, help="By when it is looked at: 2027-01-31.")
@click.option("--expires", default="", metavar=DAY, help="Last day on which it may be used.")
@click.option("--name", default="", help="Name of a document of which this is a new version.")
@click.option("--public", "is_public", is_flag=True, help="Readable before anybody signs in.")
@click.option("--binder", "in_binder", is_flag=True, help="Printed with the binder.")
@REASON
def add(session: Session, file: Path, reason: str, **fields: Any) -> Output:
    """Put a PDF, or a telephone book as CSV, on the shelf of every machine. On a publisher.

    A document of the same name gets a new version, which counts at once.
    """
    version = keep_document.add_document(
        session.vault,
        session.settings,
        DocumentDraft(**fields),
        file.read_bytes(),
        session.actor,
        reason,
    )
    document = find_documents.get_document(session.vault, version.document)
    return Output(_document(session, document), [_line(session, document)])


@command(shelf, "list", permission=Permission.SHELF_VIEW)
def list_(session: Session) -> Output:
    """What is on the shelf, and what has expired; exit code 3 when something has."""
    documents = find_documents.list_documents(session.vault)
    warnings = list(find_documents.list_warnings(documents, _today(session), session.settings))
    lines = [*(_line(session, item) for item in documents), *warnings]
    rows = [_document(session, item) for item in documents]
    has_expired = any(row["state"] == "EXPIRED" for row in rows)
    return Output(rows, lines or ["The shelf is empty."], 3 if has_expired else 0)


@command(shelf, "find", permission=Permission.SHELF_VIEW)
@click.argument("terms", nargs=-1, required=True)
def find(session: Session, terms: tuple[str, ...]) -> Output:
    """The pages and telephone lines on which all of these words stand."""
    hits = find_documents.search_shelf(session.vault, " ".join(terms))
    return Output.of_rows(hits, _hit_document, _hit_line, "Nothing on the shelf has these words.")


@command(shelf, "save", permission=Permission.SHELF_VIEW)
@click.argument("name")
@out_option("File to write: the document as it is shown.")
def save(session: Session, name: str, out: Path) -> Output:
    """Write the newest version of a document into a file."""
    latest = find_documents.get_document(session.vault, name).latest
    write_atomic(out, find_documents.read_file(session.vault, latest))
    return Output({"name": name, "out": str(out)}, [f"{latest.title} is in {out}."])


@command(shelf, "withdraw", permission=Permission.SHELF_MANAGE)
@click.argument("name")
@REASON
def withdraw(session: Session, name: str, reason: str) -> Output:
    """Take a document off the shelf of every machine. On a publisher."""
    keep_document.withdraw_document(session.vault, name, session.actor, reason)
    return Output({"name": name, "withdrawn": True}, [f"{name} is off the shelf."])


@command(shelf, "print", permission=Permission.FORM_PRINT)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@printer_options
@OPTIONAL_REASON
def print_(
    session: Session, names: tuple[str, ...], destination: PrintDestination, reason: str
) -> Output:
    """Print documents for the binders; without NAME all that belong into them."""
    request = BinderPages(
        documents=names, two_sided=destination.is_two_sided(session.settings.printing)
    )
    return result_output(print_request(session, request, destination, reason), destination)


def _document(session: Session, item: ShelfDocument) -> dict[str, Any]:
    latest = check_stands(item).latest
    names = (
        "title",
        "kind",
        "owner",
        "review",
        "expires",
        "is_public",
        "in_binder",
        "pages",
        "added",
    )
    extra = {"version": item.number, "state": latest.find_state(_today(session))}
    return {"name": latest.document} | pick(latest, *names) | extra


def _line(session: Session, item: ShelfDocument) -> str:
    latest = item.latest
    until = f", until {display.format_day(latest.expires)}" if latest.expires else ""
    return (
        f"{latest.document:<30} {latest.title}, version {item.number}, {latest.owner}, review by"
        f" {latest.review}{until}: {latest.find_state(_today(session))}"
    )


def _hit_document(hit: SearchHit) -> dict[str, Any]:
    latest = hit.document.latest
    return {
        "name": latest.document,
        "title": latest.title,
        "page": hit.page,
        "excerpt": hit.excerpt,
    }


def _hit_line(hit: SearchHit) -> str:
    latest = hit.document.latest
    where = "" if latest.is_table or not hit.page else f", page {hit.page}"
    return f"{latest.title}{where}: {' '.join(hit.excerpt.split())}"


def _today(session: Session) -> date:
    return session.clock().astimezone(ZoneInfo(session.settings.site.time_zone)).date()
