"""Where each issued form is, and what is said of it by hand."""

import sys
from collections.abc import Iterable
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from downtime.accounts.model import Permission
from downtime.cli.options import OPTIONAL_REASON, REASON, EnumChoice, NewFile
from downtime.cli.program import ledger
from downtime.cli.session import Output, Session, command, command_for_each, pick
from downtime.clinical import display
from downtime.entry import retire_forms, sort_pile
from downtime.errors import UserError
from downtime.outage.outage_at_hand import find_outage_at_hand
from downtime.paper import check_in, move_form, serials
from downtime.paper import ledger as book
from downtime.paper.model import LIFECYCLE, FormState, IssuedForm, MoveKind
from downtime.sync import paper_lists
from downtime.sync.paper_lists import PaperLine
from downtime.vault.files import write_atomic


@command(ledger, "list", permission=Permission.LEDGER_VIEW)
@click.option("--ward", default=None, metavar="WARD", help="Only forms of this ward.")
@click.option("--form", default=None, metavar="FORM", help="Only this kind of form.")
@click.option("--state", type=EnumChoice(LIFECYCLE.moves), default=None, help="Only in this state.")
@click.option("--outage", default=None, metavar="ID", help="Only of this outage.")
def list_(
    session: Session, ward: str | None, form: str | None, state: str | None, outage: str | None
) -> Output:
    """Issued forms that must come back, in the order of issue; no patients are named."""
    forms = book.list_forms(session.vault, ward=ward, form=form, state=state, outage=outage)
    return _forms_output(forms, "No form is in the ledger so.")


@command(ledger, "show", permission=Permission.LEDGER_VIEW)
@click.argument("number", metavar="SERIAL")
def show(session: Session, number: str) -> Output:
    """Say what a serial is and where its paper is."""
    form = book.get_form(session.vault, number)
    return Output(_form_document(form), [_form_line(form)])


def _forms_output(forms: Iterable[IssuedForm], nothing: str = "") -> Output:
    return Output.of_rows(forms, _form_document, _form_line, nothing)


@command_for_each(ledger, "collected", Permission.LEDGER_MOVE, _forms_output)
def collected(session: Session, number: str) -> IssuedForm:
    """Say that a runner took forms from their ward; they are out until they come back."""
    return move_form.mark_collected(session.vault, number, session.actor)


@command_for_each(ledger, "returned", Permission.LEDGER_MOVE, _forms_output)
def returned(session: Session, number: str) -> IssuedForm:
    """Say that forms came back."""
    return move_form.mark_returned(session.vault, number, session.actor)


WITH_WORK = click.option(
    "--with-work", is_flag=True, help="Also a form that carries a draft or scan of somebody else."
)


@command_for_each(ledger, "void", Permission.LEDGER_MOVE, _forms_output)
@REASON
@WITH_WORK
def void(session: Session, number: str, reason: str, with_work: bool) -> IssuedForm:
    """Void forms that were spoilt or never used."""
    return retire_forms.void_form(session.vault, number, session.actor, reason, with_work=with_work)


@command_for_each(ledger, "lost", Permission.LEDGER_MOVE, _forms_output)
@REASON
@WITH_WORK
def lost(session: Session, number: str, reason: str, with_work: bool) -> IssuedForm:
    """Declare that forms cannot be found."""
    return retire_forms.mark_lost(session.vault, number, session.actor, reason, with_work=with_work)


@command(ledger, "pile", permission=Permission.LEDGER_MOVE)
@click.option("--ward", required=True, metavar="WARD", help="Whose pile it is.")
@click.option(
    "--rest",
    "others",
    type=EnumChoice(("out", FormState.VOID, FormState.LOST)),
    default="out",
    help="What all other forms of the ward are.",
)
@click.option(
    "--digest",
    default="",
    metavar="DIGITS",
    help="Do what was shown above these digits; without them, it is only shown.",
)
@OPTIONAL_REASON
@click.argument("numbers", nargs=-1, metavar="[SERIAL]...")
def pile(
    session: Session,
    ward: str,
    others: str,
    digest: str,
    reason: str,
    numbers: tuple[str, ...],
) -> Output:
    """Sort a ward's pile: these serials came back, and the rest of the ward is out, void or lost."""
    vault, outage = session.vault, find_outage_at_hand(session.vault)
    ward_pile = sort_pile.Pile(outage.id if outage else "", ward)
    fates = sort_pile.read_fates(sort_pile.list_pile(vault, ward_pile), numbers, {}, others)
    if digest:
        done = sort_pile.sort_pile(vault, ward_pile, fates, session.actor, reason, shown=digest)
    else:
        done = sort_pile.preview_pile(vault, ward_pile, fates)
    lines = [f"{fate}: {serials.format_serials(names)}" for fate, names in done.serials.items()]
    lines += [f"stays, it carries work: {serials.format_serial(w.serial)}" for w in done.carrying]
    lines += [f"stays, it is not out: {serials.format_serial(number)}" for number in done.moved]
    lines += [f"stays, it is another ward's: {serials.format_serial(n)}" for n in done.elsewhere]
    lines += [f"not known here: {serials.format_serial(number)}" for number in done.unknown]
    if not digest:
        unnamed = retire_forms.count_unnamed_pages(vault)
        lines += [f"Scanned pages in the tray that name no form: {unnamed}."] if unnamed else []
        lines += [f"Nothing was done. Repeat with --reason and --digest {done.version}."]
    document = {
        "applied": bool(digest),
        "digest": done.version,
        "serials": {str(fate): names for fate, names in done.serials.items()},
        "carrying": [work.serial for work in done.carrying],
        "moved": done.moved,
        "elsewhere": done.elsewhere,
        "unknown": done.unknown,
    }
    return Output(document, lines)


@command(ledger, "unsort", permission=Permission.LEDGER_MOVE)
@click.argument("numbers", nargs=-1, required=True, metavar="SERIAL...")
@REASON
def unsort(session: Session, numbers: tuple[str, ...], reason: str) -> Output:
    """Put forms back where they were before they were said to be void, lost or back."""
    undone = retire_forms.undo_retirement(session.vault, numbers, session.actor, reason)
    return Output({"undone": undone}, [f"{len(undone)} of {len(numbers)} are as they were."])


@command(ledger, "check-in", permission=Permission.LEDGER_MOVE)
@click.argument("numbers", nargs=-1, metavar="[SERIAL]...")
def check_in_(session: Session, numbers: tuple[str, ...]) -> Output:
    """Check in papers as they come back, of any laptop; without serials, read line by line.

    Exit 1 if one was a slip; all the others are checked in.
    """
    vault, actor = session.vault, session.actor
    typed = numbers or tuple(line.strip() for line in sys.stdin if line.strip())
    documents: list[dict[str, object]] = []
    lines, slips = [], 0
    for number, text in enumerate(typed, 1):
        try:
            result = check_in.check_in_form(vault, text, actor)
        except UserError as error:
            slips += 1
            documents.append({"number": number, "outcome": error.code})
            lines.append(f"Number {number}: {error.sentence} {error.next_step}")
            continue
        documents.append({"serial": result.serial, "outcome": result.outcome})
        lines.append(result.sentence)
    return Output(documents, [*lines, f"{len(typed) - slips} checked in."], 1 if slips else 0)


@command(ledger, "undo-check-in", permission=Permission.LEDGER_MOVE)
def undo_check_in(session: Session) -> Output:
    """Take back the paper that was checked in last."""
    serial = check_in.undo_last_check_in(session.vault, session.actor)
    return Output(
        {"serial": serial}, [f"{serials.format_serial(serial)} is not checked in any more."]
    )


@command(ledger, "settle", permission=Permission.LEDGER_MOVE)
@click.argument("number", metavar="SERIAL")
@click.argument("kind", type=EnumChoice([MoveKind.SAME, MoveKind.COPY]))
@OPTIONAL_REASON
def settle(session: Session, number: str, kind: str, reason: str) -> Output:
    """Say of a paper that was checked in twice: the same one, or a copy under the same serial."""
    check_in.resolve_repeat(session.vault, number, MoveKind(kind), session.actor, reason)
    return Output({"serial": number, "kind": kind}, [f"{number}: {kind}."])


@command(ledger, "open", permission=Permission.LEDGER_VIEW)
@click.argument("name", type=EnumChoice(paper_lists.PaperList), metavar="LIST")
@click.option("--outage", default="", metavar="ID", help="Of this outage; else of the last one.")
@click.option("--csv", "csv_file", type=NewFile(), default=None, help="Write the list as CSV.")
def open_(session: Session, name: str, outage: str, csv_file: Path | None) -> Output:
    """Paper not in order: missing, lost, void, checked in or keyed twice, copies, foreign, unfiled."""
    papers = paper_lists.list_papers(session.vault, session.settings, name, outage)
    if csv_file:
        zone = ZoneInfo(session.settings.site.time_zone)
        content = paper_lists.to_csv(papers, lambda text: display.format_moment(text, zone))
        write_atomic(csv_file, content)
    now = session.vault.now()
    return Output.of_rows(
        papers,
        lambda line: _paper_document(line, now),
        lambda line: _paper_line(line, now),
        "Nothing is in this list.",
    )


def _paper_document(line: PaperLine, now: str) -> dict[str, object]:
    assignment = line.assignment
    return {
        **pick(line, "serial", "since", "details"),
        "form": line.form.form if line.form else "",
        "ward": line.form.ward if line.form else "",
        "owner": assignment.owner if assignment else "",
        "due": assignment.due if assignment else "",
        "overdue": line.is_overdue(now),
    }


def _paper_line(line: PaperLine, now: str) -> str:
    form = f"{line.form.form:<24} {line.form.ward or 'no ward':<10}" if line.form else " " * 35
    assignment = line.assignment
    owner = f"  {assignment.owner}, due {assignment.due}" if assignment else "  nobody has it"
    overdue = "  OVERDUE" if line.is_overdue(now) else ""
    return f"{serials.format_serial(line.serial)}  {form} {line.details}{owner}{overdue}"


def _form_document(form: IssuedForm) -> dict[str, object]:
    names = ("serial", "form", "version", "pages", "ward", "pack", "outage", "drill", "state")
    return pick(form, *names, issued="issued_at")


def _form_line(form: IssuedForm) -> str:
    ward = form.ward or "no ward"
    return f"{serials.format_serial(form.serial)}  {form.form:<24} {ward:<10} {form.state}"
