"""What people carry when a ward's changes are printed: out of the notes, to another ward, from one.

A page is named on the list of the ward on which it lies: nobody else walks there. Whoever takes in a
patient is told which pages are to come along.
"""

from collections.abc import Iterable, Iterator

from downtime.paper import serials
from downtime.paper.model import FormState, IssuedForm
from downtime.paper.packs.documents import BED_LIST, SUMMARY
from downtime.paper.packs.earlier_paper import describe_page, list_void_elsewhere
from downtime.paper.packs.model import PrintOutcome
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.whereabouts import Whereabouts
from downtime.paper.store import issued_forms
from downtime.paper.stored_reasons import ProgramReason, parse_reason
from downtime.pdf.flow_blocks import Block, Heading, Paragraph, Table

_OUT_COLUMNS = (
    ("Bed", 2.5), ("Patient", 5), ("Take out", 5), ("Serial", 3), ("Put in instead", 3), ("Why", 4.5),
)  # fmt: skip
_KEEP_COLUMNS = (
    ("Bed", 2.5), ("Patient", 5), ("Keep", 4.5), ("Serial", 3), ("With", 3), ("Stays valid for", 5),
)  # fmt: skip
_MOVE_COLUMNS = (("Bed", 2.5), ("Patient", 5), ("Form", 5), ("Serial", 3), ("Do", 7.5))
Row = tuple[str, ...]


def list_pages_to_move(
    context: PrintContext,
    outcome: PrintOutcome,
    ward: str,
    where: Whereabouts,
    to_bring: Iterable[IssuedForm],
) -> list[Block]:
    """For the cover of a ward's changes; `to_bring` are pages of its patients that lie elsewhere."""
    out_rows = [
        *_list_replacements(context, outcome, ward, where),
        *_list_void(context, ward, where),
        *_list_of_gone(context, ward, where),
    ]
    kept_rows = _list_kept(outcome, ward, where)
    moved_rows = [
        *sorted(_list_of_moved(context, ward, where)),
        *sorted(
            (*describe_page(where, form, ward), f"lies on {form.ward}: bring it here")
            for form in to_bring
        ),
    ]
    blocks: list[Block] = []
    if out_rows:
        blocks += [Heading("Take these pages out"), Table(_OUT_COLUMNS, out_rows)]
    if kept_rows:
        says = "The copy in use lacks what these pages have. Leave them at the bedside with the new page."
        blocks += [Heading("Keep these pages"), Paragraph(says), Table(_KEEP_COLUMNS, kept_rows)]
    if moved_rows:
        blocks += [Heading("These pages follow their patient"), Table(_MOVE_COLUMNS, moved_rows)]
    return blocks


def _list_replacements(
    context: PrintContext, outcome: PrintOutcome, ward: str, where: Whereabouts
) -> list[Row]:
    """(bed, patient, form, serial, page to put in, reason) for every page that is superseded."""
    rows = []
    for document, new in zip(outcome.documents, outcome.serials, strict=False):
        draft = document.draft
        for old in issued_forms.fetch_by_serials(context.vault.db, draft.replaces):
            is_of_gone = draft.form == BED_LIST and bool(old.patient)
            why = (
                "patient left the ward"
                if is_of_gone
                else f"new {draft.title[:1].lower()}{draft.title[1:]}"
            )
            if old.ward != ward:
                why += f". It lies on {old.ward}, or came with the notes"
            replacement = "" if is_of_gone else serials.format_serial(new)
            rows.append((*describe_page(where, old, ward), replacement, why))
    return sorted(rows)


def _list_void(context: PrintContext, ward: str, where: Whereabouts) -> list[Row]:
    """The same for pages on the ward that another ward's print made void."""
    rows = []
    for form in list_void_elsewhere(context, [ward]):
        reason, target = parse_reason(form.reason)
        newer = serials.format_serial(target) if reason == ProgramReason.SUPERSEDED else target
        rows.append(
            (*describe_page(where, form, ward), "", f"void since another ward printed {newer}")
        )
    return sorted(rows)


def _list_of_gone(context: PrintContext, ward: str, where: Whereabouts) -> list[Row]:
    """The same for forms of patients who are in hospital no more."""
    return [
        (*describe_page(where, form, ward), "", "patient left the ward: hand it in")
        for form in _fetch_out(context, ward)
        if where.has_left(form) and where.is_gone(form)
    ]


def _list_kept(outcome: PrintOutcome, ward: str, where: Whereabouts) -> list[Row]:
    return sorted(
        (*describe_page(where, page.form, ward), serials.format_serial(new), page.what_for)
        for document, new in zip(outcome.documents, outcome.serials, strict=False)
        for page in document.kept_pages
    )


def _list_of_moved(context: PrintContext, ward: str, where: Whereabouts) -> Iterator[Row]:
    """Pages on this ward of patients who lie on another one."""
    summaries = issued_forms.fetch_standing_prints(
        context.vault.db, SUMMARY, drill=context.is_drill
    )
    on_ward = [form for form in summaries if form.ward == ward]
    for form in (*on_ward, *_fetch_out(context, ward)):
        stay = where.find_stay(form)
        if stay and where.has_left(form):
            yield *describe_page(where, form, ward), f"patient is on {stay.ward}: take it there"


def _fetch_out(context: PrintContext, ward: str) -> list[IssuedForm]:
    """Forms of patients that are out on a ward."""
    wanted = {"ward": ward, "state": FormState.ISSUED}
    forms = issued_forms.fetch_returning(context.vault.db, wanted)
    return [form for form in forms if form.patient and form.drill == context.is_drill]
