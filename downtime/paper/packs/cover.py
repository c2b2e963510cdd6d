"""The first page of a pack: what it holds, how old that is, and what to do with it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from downtime.paper.model import Subject
from downtime.paper.packs import content_recorder, snapshot_pages
from downtime.paper.packs.documents import BED_LIST, BEDS_TITLE
from downtime.paper.packs.model import PrintDocument, PrintOutcome
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.snapshot_pages import ContentsLine


def cover_document(
    context: PrintContext,
    outcome: PrintOutcome,
    documents: Sequence[PrintDocument],
    title: str,
    facts: Mapping[str, str],
    changes: Sequence[tuple[str, str, str]] = (),
) -> PrintDocument:
    """The first page of a pack: contents, page count, ages of the data, checksum, what to do."""
    view, actor = context.view, context.actor
    checksum = content_recorder.format_checksum(outcome.checksum)
    facts = {
        **facts,
        "Pack": f"{outcome.pack.id}, printed by {actor.name} on {actor.device}",
        "Pages": _word_pages(outcome),
        "Snapshot": view.snapshot.id,
        "Outage": context.outage.label if context.outage else "No outage declared",
        "Checksum": f"{checksum} (serials and what is printed under them)",
    }
    contents = _list_contents(outcome, documents)
    wards = {document.draft.ward for document in documents}
    return context.list_document(
        "cover",
        title,
        Subject(),
        documents[0].draft.ward if len(wards) == 1 else "",
        lambda: ({}, snapshot_pages.cover_blocks(view, facts, contents, context.is_drill, changes)),
    )


def _word_pages(outcome: PrintOutcome) -> str:
    pages = f"{outcome.total} after this cover"
    backs = outcome.blank_backs
    return f"{pages}, {backs} of them backs left blank" if backs else pages


def _list_contents(outcome: PrintOutcome, documents: Sequence[PrintDocument]) -> list[ContentsLine]:
    copies: Counter[str] = Counter()
    pages: Counter[str] = Counter()
    for document, count in zip(documents, outcome.pages, strict=True):
        draft = document.draft
        title = BEDS_TITLE if draft.form == BED_LIST else draft.title
        if draft.returns and not draft.subject.patient:
            title = f"{title}, blank"
        copies[title] += 1
        pages[title] += count
    lines = [ContentsLine(title, copies[title], pages[title]) for title in copies]
    backs = outcome.blank_backs
    return [*lines, ContentsLine("Backs left blank", backs, backs)] if backs else lines
