"""Where each issued form is, and what is said of it by hand."""

from collections.abc import Callable

import click

from downtime.cli.app import Output, Session, command, each, group
from downtime.cli.options import WHY
from downtime.paper import ledger as book
from downtime.paper import serials
from downtime.paper.issue import LIFECYCLE, Issued

ledger = group("ledger", "Where each issued form is.")

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
