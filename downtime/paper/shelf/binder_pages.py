"""Pages of the reference shelf for the binders: what they are first, then each document as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import ClassVar

from downtime.clinical import display
from downtime.errors import NotFoundError
from downtime.paper import serials
from downtime.paper.layout.model import PlainPagePrinter
from downtime.paper.model import PackKind, Subject
from downtime.paper.packs.model import PackPlan, PrintDocument, RequestKind
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest
from downtime.paper.shelf import find_documents
from downtime.paper.shelf.model import DocumentState, ShelfDocument
from downtime.paper.shelf.read_document import read_rows
from downtime.pdf.flow_blocks import Block, Paragraph, Table

CONTENTS = "binder-contents"
_TITLE = "Reference binder"
_COLUMNS = (
    ("Document", 7), ("Kind", 3), ("Version", 2), ("Owner", 5), ("Review by", 3), ("Use until", 3),
    ("Pages", 2), ("", 3),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BinderPages(PrintRequest):
    """Print documents of the shelf; each page says of which version it is and until when it holds."""

    kind: ClassVar[RequestKind] = RequestKind.REFERENCE
    title: ClassVar[str] = "Reference binder"
    names_nobody = True
    documents: tuple[str, ...] = ()
    """Names of documents; empty for all that belong into the binder and have not expired."""

    def plan(self, context: PrintContext) -> PackPlan:
        """NotFoundError for an unknown document, or where nothing belongs into the binder."""
        today = context.printed_at.astimezone(context.zone).date()
        chosen = self._choose(context, today)
        contents = context.list_document(
            CONTENTS, _TITLE, Subject(), "", lambda: ({}, _list_blocks(chosen, today))
        )
        return PackPlan(
            kind=PackKind.REFERENCE,
            title=_TITLE,
            file_name=context.file_name("reference"),
            documents=[contents, *(_make_document(context, item, today) for item in chosen)],
        )

    def _choose(self, context: PrintContext, today: date) -> list[ShelfDocument]:
        if self.documents:
            return [find_documents.get_document(context.vault, name) for name in self.documents]
        chosen = [
            item
            for item in find_documents.list_documents(context.vault)
            if item.latest.in_binder and item.latest.find_state(today) is not DocumentState.EXPIRED
        ]
        if chosen:
            return chosen
        raise NotFoundError(
            "shelf.no-binder",
            "Nothing on the shelf belongs into the binder.",
            "Name the documents, or mark them for the binder when they are added.",
        )


def _list_blocks(chosen: Sequence[ShelfDocument], today: date) -> list[Block]:
    rows = [
        (
            item.latest.title, item.latest.kind.display_name, str(item.number), item.latest.owner,
            display.format_day(item.latest.review), display.format_day(item.latest.expires),
            str(item.latest.pages), _word_state(item, today),
        )
        for item in chosen
    ]  # fmt: skip
    head = "Replace the pages of an older version; throw those away."
    return [Paragraph(head, bold=True), Table(_COLUMNS, rows)]


def _word_state(item: ShelfDocument, today: date) -> str:
    state = item.latest.find_state(today)
    return "" if state is DocumentState.CURRENT else str(state)


def _make_document(context: PrintContext, item: ShelfDocument, today: date) -> PrintDocument:
    latest = item.latest
    if latest.is_table:
        content = partial(_table_content, context, item, today)
        return context.list_document(latest.document, latest.title, Subject(), "", content)
    draw = partial(_draw_pages, context, item, today)
    return context.loose_document(latest.document, latest.title, Subject(), "", draw)


def _table_content(
    context: PrintContext, item: ShelfDocument, today: date
) -> tuple[dict[str, str], list[Block]]:
    head, *rows = read_rows(find_documents.read_file(context.vault, item.latest))
    columns = [(name, 1.0) for name in head]
    return {}, [Paragraph(_word_validity(item, today), bold=True), Table(columns, rows)]


def _draw_pages(
    context: PrintContext, item: ShelfDocument, today: date, printer: PlainPagePrinter, serial: str
) -> int:
    pdf, pages = find_documents.read_file(context.vault, item.latest), item.latest.pages
    validity = _word_validity(item, today)
    name = f"{item.latest.title}, {serials.format_serial(serial)}"
    drill = "DRILL. " if context.is_drill else ""
    feet = [f"{drill}{validity} {name}, page {page} of {pages}" for page in range(1, pages + 1)]
    return printer.print_copied_pages(pdf, feet)


def _word_validity(item: ShelfDocument, today: date) -> str:
    latest = item.latest
    until = f", use until {display.format_day(latest.expires)}" if latest.expires else ""
    warning = _word_state(item, today)
    return (
        f"{f'{warning.upper()}. ' if warning else ''}Version {item.number} of"
        f" {display.format_day(latest.added[:10])}, review by {display.format_day(latest.review)}{until}."
    )
