"""Go on with a print where its printer stopped: what did not come out, under new serials."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import orjson

from downtime.errors import NotFoundError
from downtime.paper import ledger, serials
from downtime.paper.forms.model import FormDefinition
from downtime.paper.layout.model import FormLayout, ListSheet, PrintedSheet
from downtime.paper.model import OUT, IssuedForm, Pack, PackKind, Subject
from downtime.paper.packs import documents, medicines_due, pack_ledger
from downtime.paper.packs.cover import cover_of_snapshot
from downtime.paper.packs.earlier_paper import describe_page
from downtime.paper.packs.model import PackPlan, PrintDocument, RequestKind
from downtime.paper.packs.policies import (
    COVER,
    check_can_continue,
    check_is_any_left,
    check_is_of_now,
)
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest
from downtime.paper.packs.snapshot_pages import format_ages
from downtime.paper.packs.superseded_pages import Succession
from downtime.paper.packs.ward_pack import issue_numbers
from downtime.paper.packs.ward_separator import SEPARATOR, separator_document
from downtime.paper.packs.whereabouts import Whereabouts
from downtime.paper.store import form_contents, issued_forms, layouts
from downtime.pdf.flow_blocks import Block, Heading, Table

_OF_WARDS = (PackKind.WARD, PackKind.SITE, PackKind.DELTA)
"""Packs of those who lie on a ward."""
_LEFT_OUT_COLUMNS = (("Patient", 5), ("Form", 5), ("Serial", 3), ("Why", 5))


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuedPrint(PrintRequest):
    """Print what stands in a pack after the last form that came out whole, in the same order.

    Forms are printed with the values that they had, lists from what is known now; nothing of somebody who
    left the ward meanwhile, and nothing that two people do not stand for any more: the cover names it. The
    serials of the first print are void once the new pages are delivered, so that a page which still
    comes out of the printer is known for what it is.
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
        delivered, missing = forms[:after], forms[after:]
        remaining = [form for form in missing if form.state in OUT and form.form != COVER]
        check_can_continue(pack, last, remaining)
        outage = context.outage.id if context.outage else ""
        check_is_of_now(pack, outage, context.vault.clock())
        reprint = _RestOfPrint(context, pack)
        planned = reprint.make_documents(delivered, remaining)
        check_is_any_left(planned)
        title, view = f"Rest of pack {pack.id}", context.find_view(pack.snapshot)
        first, end = remaining[0].serial, remaining[-1].serial
        facts = {
            "Goes on": f"after {serials.format_serial(last.serial)}, where the printer stopped",
            "Void": f"{len(remaining)} forms from {serials.format_serial(first)} to"
            f" {serials.format_serial(end)}: take out each page of them that came out, or still does",
            **reprint.facts,
        }
        return PackPlan(
            kind=PackKind.CONTINUED,
            title=title,
            file_name=context.file_name(f"rest-of_{pack.id}"),
            documents=planned,
            wards=pack.wards,
            snapshot=pack.snapshot,
            as_at=pack.as_at,
            cover=lambda outcome: cover_of_snapshot(
                context, view, outcome, title, facts, reprint.list_left_out()
            ),
            recalls=tuple(form.serial for form in remaining),
            audit_target=last.serial,
        )


class _RestOfPrint:
    """The pages that did not come out: forms as they were, lists from what is known now.

    Who left the ward since gets none, and a blank set has a downtime number of its own: the first
    paper with the old one may lie on the ward.
    """

    def __init__(self, context: PrintContext, pack: Pack) -> None:
        self._context, self._pack = context, pack
        self._where = Whereabouts(context)
        self._kind = _find_first_kind(context, pack)
        self._versions: dict[str, tuple[FormDefinition, FormLayout]] = {}
        self._left_out: list[tuple[str, ...]] = []
        self.facts: dict[str, str] = {}
        """What the cover says of these pages."""

    def make_documents(
        self, delivered: Sequence[IssuedForm], missing: Sequence[IssuedForm]
    ) -> list[PrintDocument]:
        """In the order of the first print; a blank set of which only a part came out is whole again."""
        remaining = [form for form in missing if self._is_wanted(form)]
        numbers = self._renumber(remaining)
        begun = [form for form in delivered if _find_blank_number(form) in numbers]
        documents = [self._repeat_form(form, numbers) for form in begun if self._is_wanted(form)]
        documents = [replace(d, draft=replace(d.draft, replaces=())) for d in documents]
        for form in remaining:
            documents += (
                [self._repeat_form(form, numbers)] if form.returns else self._make_list(form)
            )
        if begun:
            old = _find_blank_number(begun[0])
            self.facts["Unfinished set"] = (
                f"The blank set {old} came out in part. The whole set is here again as {numbers[old]}: put"
                f" the forms of {old} aside, and hand them in. Has a patient that number already? Then keep"
                " them, and print the forms that are missing"
            )
        if self._kind in _OF_WARDS:
            self.facts["Came since"] = "Nobody who came since is in these pages: print the changes"
        return documents

    def list_left_out(self) -> list[Block]:
        """What is not repeated and why, for the cover."""
        if not self._left_out:
            return []
        return [Heading("Not printed again"), Table(_LEFT_OUT_COLUMNS, self._left_out)]

    def _leave_out(self, form: IssuedForm, why: str) -> None:
        _, *page = describe_page(self._where, form, form.ward)
        self._left_out.append((*page, why))

    def _is_wanted(self, form: IssuedForm) -> bool:
        if form.patient and self._has_left(form):
            why = "patient left the ward"
        elif form.returns and not self._context.can_print(*self._get_version(form)):
            why = "not approved by two people any more"
        else:
            return True
        self._leave_out(form, why)
        return False

    def _has_left(self, form: IssuedForm) -> bool:
        """What was printed for one patient may be of somebody who lies on no ward."""
        is_placed = self._context.hospital.find_stay(form.patient) is not None
        of_places = (*_OF_WARDS, PackKind.PATIENT) if is_placed else _OF_WARDS
        return self._kind in of_places and self._where.has_left(form)

    def _get_version(self, form: IssuedForm) -> tuple[FormDefinition, FormLayout]:
        if form.layout not in self._versions:
            vault = self._context.vault
            layout = layouts.find_layout(vault.db, form.layout)
            if layout is None:
                raise _not_kept()
            self._versions[form.layout] = ledger.get_printed_definition(vault, form), layout
        return self._versions[form.layout]

    def _renumber(self, forms: Sequence[IssuedForm]) -> dict[str, str]:
        """A new downtime number for each that stands on blank forms."""
        numbers = dict.fromkeys(map(_find_blank_number, forms))
        old = [number for number in numbers if number]
        if not old:
            return {}
        new = issue_numbers(self._context, len(old))
        named = f"{new[0]} to {new[-1]}" if len(new) > 1 else new[0]
        self.facts["Downtime numbers"] = f"New on the blank sets: {named}"
        return dict(zip(old, new, strict=True))

    def _repeat_form(self, form: IssuedForm, numbers: Mapping[str, str]) -> PrintDocument:
        text = form_contents.fetch_content(self._context.vault.db, form.serial)
        if not text:
            raise _not_kept()
        definition, layout = self._get_version(form)
        subject, values = form.subject, partial(orjson.loads, text)
        if number := numbers.get(_find_blank_number(form)):
            subject = Subject(downtime_number=number)
            values = partial(documents.renumber, values(), number)
        document = self._context.form_document(
            definition, layout, subject, form.ward, values, (form.serial,)
        )
        is_blank = not form.patient and documents.is_blank(definition, form.ward, values())
        return replace(document, is_blank=is_blank)

    def _make_list(self, form: IssuedForm) -> Sequence[PrintDocument]:
        """Made anew, with an age of its own where the data is newer than that of the forms."""
        make, view = _LISTS.get(form.form), self._context.view
        sheets = make(self._context, form) if make else []
        if not sheets:
            self._leave_out(form, "a list that cannot be made again here: print it on its own")
        if view.snapshot.id == self._pack.snapshot:
            return sheets
        ages = format_ages(view)
        if sheets:
            self.facts["Lists"] = ages
        return [_date_list(document, ages) for document in sheets]


def _find_first_kind(context: PrintContext, pack: Pack) -> PackKind:
    """What was printed in the first place, also where the rest of it stopped once more."""
    while pack.kind == PackKind.CONTINUED:
        last = ledger.get_form(context.vault, orjson.loads(pack.request)["last"])
        pack = pack_ledger.get_pack(context.vault, last.pack)
    return pack.kind


def _find_blank_number(form: IssuedForm) -> str:
    """The downtime number of a blank set; empty for what is nobody's set, or somebody's pages."""
    return form.subject.downtime_number if form.returns and not form.patient else ""


def _not_kept() -> NotFoundError:
    return NotFoundError(
        "continue.not-kept",
        "What was printed on these forms was not kept.",
        "Recall the pack, and print it anew.",
    )


def _date_list(document: PrintDocument, ages: str) -> PrintDocument:
    def make_sheet(serial: str, content: Any) -> PrintedSheet:
        sheet = document.sheet(serial, content)
        return sheet._replace(as_at=ages) if isinstance(sheet, ListSheet) else sheet

    return replace(document, sheet=make_sheet)


def _repeat_summary(context: PrintContext, form: IssuedForm) -> Sequence[PrintDocument]:
    try:
        row = context.hospital.find_row(form.patient)
    except NotFoundError:
        return []
    return [documents.summary_document(context, row, form.ward, Succession((form.serial,)))]


_LISTS: dict[str, Callable[[PrintContext, IssuedForm], Sequence[PrintDocument]]] = {
    documents.BED_LIST: lambda context, form: [
        documents.bed_list_document(context, form.ward, Succession((form.serial,)))
    ],
    medicines_due.MEDICINES_DUE: lambda context, form: medicines_due.list_pack_documents(
        context, form.ward, Succession((form.serial,))
    ),
    documents.SUMMARY: _repeat_summary,
    SEPARATOR: lambda context, form: [separator_document(context, form.ward, (form.serial,))],
}
"""How each list of a pack is made again, by its name in the ledger."""
