"""The first page of a pack: what it holds, how old that is, and what to do with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from downtime.clinical import display
from downtime.clinical.record_types import get_plural_title
from downtime.clock import from_text
from downtime.paper.model import Subject
from downtime.paper.packs import content_recorder
from downtime.paper.packs.documents import BED_LIST, BEDS_TITLE
from downtime.paper.packs.medicines_due import MEDICINES_DUE, MEDICINES_DUE_TITLE
from downtime.paper.packs.model import PrintDocument, PrintOutcome
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.snapshot_pages import SnapshotView
from downtime.paper.packs.ward_separator import SEPARATOR, name_ward
from downtime.pdf.flow_blocks import Block, Heading, Paragraph, Table
from downtime.snapshot.availability import list_unsent_types
from downtime.snapshot.bed_board import word_counts

_AGE_COLUMNS = (("System", 2), ("Newest data", 3), ("Age when printed", 3), ("Not sent", 5))
_WARD_COLUMNS = (
    ("Ward, in this order", 6),
    ("Patients", 2),
    ("Forms", 2),
    ("Pages", 2),
    ("From page", 2),
)
_CONTENT_COLUMNS = (("What", 8), ("Copies", 2), ("Pages", 2))
_WARD_LISTS = {
    BED_LIST: BEDS_TITLE,
    MEDICINES_DUE: MEDICINES_DUE_TITLE,
    SEPARATOR: "Sheet between wards",
}
"""Lists of one ward each, counted together."""
DRILL_WORDS = "THIS IS A DRILL. Do not use these pages for the care of a patient."
STEPS = (
    "Check that the pages are those of your ward, and that the times above are the newest you can get.",
    "Put each patient's pages at the bedside or in the notes. Check name and date of birth against"
    " the wristband before every use.",
    "Write the time at which things really happen. Sign, print your name and role on every form.",
    "New patient: take one set of blank forms. Its downtime number stays with the patient until a"
    " hospital number is given; write it on the wristband. Never use a number twice.",
    "Results by telephone: use the phoned result form, and read everything back.",
    "Group and save: hand-write the tube at the bedside, never a printed label.",
    "Throw nothing away. Every numbered form comes back, also spoilt and unused ones: hand them in"
    " when the systems return.",
)


@dataclass(frozen=True, slots=True)
class _ContentsLine:
    """One line of a cover's contents."""

    title: str
    copies: int
    pages: int


def cover_document(
    context: PrintContext,
    outcome: PrintOutcome,
    title: str,
    facts: Mapping[str, str],
    notes: Sequence[Block] = (),
) -> PrintDocument:
    """The first page of a pack: contents, page count, ages of the data, checksum, what to do.

    `notes` stand below the facts.
    """
    return cover_of_snapshot(context, context.view, outcome, title, facts, notes)


def cover_of_snapshot(
    context: PrintContext,
    view: SnapshotView | None,
    outcome: PrintOutcome,
    title: str,
    facts: Mapping[str, str],
    notes: Sequence[Block],
) -> PrintDocument:
    """The same for pages from this snapshot; None where they are from none, or it is no longer here.

    `notes` stand below the facts.
    """
    actor, board = context.actor, view.snapshot.count_board() if view else None
    checksum = content_recorder.format_checksum(outcome.checksum)
    facts = {
        **facts,
        **({"In hospital": f"{word_counts(board)}, in the snapshot"} if board else {}),
        "Pack": f"{outcome.pack.id}, printed by {actor.name} on {actor.device}",
        "Pages": _word_pages(outcome),
        "Snapshot": outcome.pack.snapshot or "None",
        "Outage": context.outage_label,
        "Checksum": f"{checksum} (serials and what is printed under them)",
    }
    documents = outcome.documents
    contents = _list_contents(outcome)
    wards = {document.draft.ward: None for document in documents}
    piles = [_count_pile(context, outcome, ward) for ward in wards] if len(wards) > 1 else []
    ages = Table(_AGE_COLUMNS, _list_ages(view)) if view else Paragraph(outcome.pack.as_at)
    return context.list_document(
        "cover",
        title,
        Subject(),
        documents[0].draft.ward if len(wards) == 1 else "",
        lambda: ({}, _cover_blocks(context, facts, contents, notes, piles, ages)),
    )


def _count_pile(context: PrintContext, outcome: PrintOutcome, ward: str) -> tuple[str, ...]:
    """What is in the pile of one ward, and on which page after the cover it begins."""
    place, begins, pages, forms = 1, 0, 0, 0
    patients: set[str] = set()
    for document, count in zip(outcome.documents, outcome.pages, strict=True):
        sheets = count + count % 2 if outcome.two_sided else count
        if document.draft.ward == ward:
            begins = begins or place
            pages += sheets
            forms += document.draft.returns
            patients |= {document.draft.subject.patient} - {""}
        place += sheets
    return name_ward(context, ward), str(len(patients)), str(forms), str(pages), str(begins)


def _word_pages(outcome: PrintOutcome) -> str:
    pages = f"{outcome.total} after this cover"
    backs = outcome.blank_backs
    return f"{pages}, {backs} of them backs left blank" if backs else pages


def _list_contents(outcome: PrintOutcome) -> list[_ContentsLine]:
    copies: Counter[str] = Counter()
    pages: Counter[str] = Counter()
    for document, count in zip(outcome.documents, outcome.pages, strict=True):
        draft = document.draft
        title = _WARD_LISTS.get(draft.form, draft.title)
        if document.is_blank:
            title = f"{title}, blank"
        copies[title] += 1
        pages[title] += count
    lines = [_ContentsLine(title, copies[title], pages[title]) for title in copies]
    backs = outcome.blank_backs
    return [*lines, _ContentsLine("Backs left blank", backs, backs)] if backs else lines


def _cover_blocks(
    context: PrintContext,
    facts: Mapping[str, str],
    contents: Sequence[_ContentsLine],
    notes: Sequence[Block],
    piles: Sequence[tuple[str, ...]],
    ages: Block,
) -> list[Block]:
    """Contents, how old the data is by system, and what to do; pages to be taken out come first."""
    pages = sum(line.pages for line in contents)
    rows = [(line.title, str(line.copies), str(line.pages)) for line in contents]
    rows.append(("All pages after this cover", "", str(pages)))
    blocks: list[Block] = []
    if context.is_drill:
        blocks.append(Paragraph(DRILL_WORDS, bold=True, size=12))
    blocks += [Paragraph(note, bold=True) for note in context.form_notes]
    blocks += [Table((("", 2), ("", 8)), list(facts.items())), *notes]
    if piles:
        blocks += [Heading("Piles"), Table(_WARD_COLUMNS, piles)]
    steps = [(str(number), step) for number, step in enumerate(STEPS, 1)]
    return [
        *blocks,
        Heading("How old the data is"),
        ages,
        Heading("What to do"),
        Table((("", 1), ("", 24)), steps),
        Heading("Contents"),
        Table(_CONTENT_COLUMNS, rows),
    ]


def _list_ages(view: SnapshotView) -> list[tuple[str, str, str, str]]:
    return [_describe_age(view, *system) for system in view.snapshot.list_systems()]


def _describe_age(view: SnapshotView, name: str, newest: str) -> tuple[str, str, str, str]:
    if not newest:
        return (name, "Unavailable", "No data was delivered", "All that it holds")
    unsent = list_unsent_types(view.snapshot.header, name)
    return (
        name,
        display.format_moment(newest, view.zone),
        display.format_duration(view.now - from_text(newest)),
        ", ".join(get_plural_title(kind) for kind in unsent),
    )
