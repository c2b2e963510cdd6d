"""Go on with a print where its printer stopped: what did not come out, under new serials."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import orjson

from downtime.errors import NotFoundError
from downtime.paper import ledger, serials
from downtime.paper.model import OUT, IssuedForm, Pack, PackKind
from downtime.paper.packs import documents, medicines_due, pack_ledger
from downtime.paper.packs.cover import cover_document
from downtime.paper.packs.model import PackPlan, PrintDocument, RequestKind
from downtime.paper.packs.policies import COVER, check_can_continue, check_is_of_now
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest
from downtime.paper.packs.snapshot_pages import format_ages
from downtime.paper.packs.ward_separator import SEPARATOR, separator_document
from downtime.paper.store import issued_forms, layouts


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuedPrint(PrintRequest):
    """Print what stands in a pack after the last form that came out whole, in the same order.

    Forms are printed with the values that they had, lists from what is known now. The serials of
    the first print are void once the new pages are delivered, so that a page which still comes out
    of the printer is known for what it is.
    """

    kind: ClassVar[RequestKind] = RequestKind.CONTINUED
    title: ClassVar[str] = "Rest of a print"
    last: str
    """The serial of that form, as it stands on its pages."""

    def plan(self, context: PrintContext) -> PackPlan:
        """NotFoundError for the serial; ConflictError when nothing is left, or nobody got that pack."""
        last = ledger.get_form(context.vault, self.last)
        pack = pack_ledger.get_pack(context.vault, last.pack)
        forms = list(issued_forms.fetch_of_pack(context.vault.db, pack.id))
        after = [form.serial for form in forms].index(last.serial) + 1
        remaining = [form for form in forms[after:] if form.state in OUT and form.form != COVER]
        check_can_continue(pack, last, remaining)
        outage = context.outage.id if context.outage else ""
        check_is_of_now(pack, outage, context.vault.clock())
        planned = [document for form in remaining for document in _make_documents(context, form)]
        title = f"Rest of pack {pack.id}"
        first, end = remaining[0].serial, remaining[-1].serial
        facts = {
            "Goes on": f"after {serials.format_serial(last.serial)}, where the printer stopped",
            "Void": f"{len(remaining)} forms from {serials.format_serial(first)} to"
            f" {serials.format_serial(end)}: take out each page of them that came out, or still does",
        }
        return PackPlan(
            kind=PackKind.CONTINUED,
            title=title,
            file_name=context.file_name(f"rest-of_{pack.id}"),
            documents=planned,
            wards=pack.wards,
            snapshot=pack.snapshot,
            as_at=_describe_age(context, pack),
            cover=lambda outcome: cover_document(context, outcome, title, facts),
            recalls=tuple(form.serial for form in remaining),
            audit_target=last.serial,
        )


def _describe_age(context: PrintContext, pack: Pack) -> str:
    """As the first print said; lists from a newer snapshot say theirs beside it."""
    if context.view.snapshot.id == pack.snapshot:
        return pack.as_at
    return f"Forms: {pack.as_at} Lists: {format_ages(context.view)}"


def _make_documents(context: PrintContext, form: IssuedForm) -> Sequence[PrintDocument]:
    """One form again; none of a list that says nothing any more, such as of somebody who left."""
    if form.returns:
        return [_repeat_form(context, form)]
    if make := _LISTS.get(form.form):
        return make(context, form)
    return []


def _repeat_form(context: PrintContext, form: IssuedForm) -> PrintDocument:
    values = issued_forms.fetch_content(context.vault.db, form.serial)
    layout = layouts.find_layout(context.vault.db, form.layout)
    if not values or layout is None:
        raise NotFoundError(
            "continue.not-kept",
            "What was printed on these forms was not kept.",
            "Recall the pack, and print it anew.",
        )
    definition = ledger.get_printed_definition(context.vault, form)
    document = context.form_document(
        definition, layout, form.subject, form.ward, partial(orjson.loads, values), (form.serial,)
    )
    return replace(document, is_blank=not form.patient)


def _repeat_summary(context: PrintContext, form: IssuedForm) -> Sequence[PrintDocument]:
    try:
        row = context.hospital.find_row(form.patient)
    except NotFoundError:
        return []
    return [documents.summary_document(context, row, form.ward, (form.serial,))]


_LISTS: dict[str, Callable[[PrintContext, IssuedForm], Sequence[PrintDocument]]] = {
    documents.BED_LIST: lambda context, form: [
        documents.bed_list_document(context, form.ward, (form.serial,))
    ],
    medicines_due.MEDICINES_DUE: lambda context, form: medicines_due.list_pack_documents(
        context, form.ward, (form.serial,)
    ),
    documents.SUMMARY: _repeat_summary,
    SEPARATOR: lambda context, form: [separator_document(context, form.ward, (form.serial,))],
}
"""How each list of a pack is made again, by its name in the ledger."""
