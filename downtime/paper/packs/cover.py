"""The first page of a pack: what it holds, how old that is, and what to do with it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from downtime.paper.model import Subject
from downtime.paper.packs import content_recorder, snapshot_pages
from downtime.paper.packs.documents import BED_LIST, BEDS_TITLE
from downtime.paper.packs.model import PrintDocument, PrintOutcome
from downtime.paper.packs.print_run import PrintRun
from downtime.paper.packs.snapshot_pages import ContentsLine, SnapshotView


def cover_document(
    press: PrintRun,
    view: SnapshotView,
    outcome: PrintOutcome,
    jobs: Sequence[PrintDocument],
    title: str,
    facts: Mapping[str, str],
    changes: Sequence[tuple[str, str, str]] = (),
) -> PrintDocument:
    """The first page of a pack: contents, page count, ages of the data, checksum, what to do."""
    facts = {
        **facts,
        "Pack": f"{outcome.pack.id}, printed by {press.actor.name} on {press.actor.device}",
        "Pages": _pages(outcome),
        "Snapshot": view.snapshot.id,
        "Outage": press.outage.label if press.outage else "No outage declared",
        "Checksum": f"{content_recorder.format_checksum(outcome.checksum)} (serials and what is printed under them)",
    }
    contents = _contents(outcome, jobs)
    ward = jobs[0].draft.ward if len({job.draft.ward for job in jobs}) == 1 else ""
    return press.list_document(
        "cover",
        title,
        Subject(),
        ward,
        lambda: ({}, snapshot_pages.cover_blocks(view, facts, contents, press.drill, changes)),
    )


def _pages(outcome: PrintOutcome) -> str:
    said = f"{outcome.total} after this cover"
    return (
        f"{said}, {outcome.blank_backs} of them backs left blank" if outcome.blank_backs else said
    )


def _contents(outcome: PrintOutcome, jobs: Sequence[PrintDocument]) -> list[ContentsLine]:
    copies: Counter[str] = Counter()
    pages: Counter[str] = Counter()
    for job, count in zip(jobs, outcome.pages, strict=True):
        what = BEDS_TITLE if job.draft.form == BED_LIST else job.draft.title
        if job.draft.returns and not job.draft.subject.patient:
            what = f"{what}, blank"
        copies[what] += 1
        pages[what] += count
    found = [ContentsLine(what, copies[what], pages[what]) for what in copies]
    empty = (
        [ContentsLine("Backs left blank", outcome.blank_backs, outcome.blank_backs)]
        if outcome.blank_backs
        else []
    )
    return found + empty
