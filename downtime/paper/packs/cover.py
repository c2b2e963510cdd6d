"""The first page of a pack: what it holds, how old that is, and what to do with it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from downtime.paper.issue import Subject
from downtime.paper.packs import lists, record
from downtime.paper.packs.contents import BED_LIST, BEDS_TITLE
from downtime.paper.packs.job import Job, Outcome
from downtime.paper.packs.lists import Content, View
from downtime.paper.packs.printing import Press


def cover(
    press: Press,
    view: View,
    outcome: Outcome,
    jobs: Sequence[Job],
    title: str,
    facts: Mapping[str, str],
    changes: Sequence[tuple[str, str, str]] = (),
) -> Job:
    """The first page of a pack: contents, page count, ages of the data, checksum, what to do."""
    facts = {
        **facts,
        "Pack": f"{outcome.pack.id}, printed by {press.who.name} on {press.who.device}",
        "Pages": _pages(outcome),
        "Snapshot": view.snapshot.id,
        "Outage": press.outage.label if press.outage else "No outage declared",
        "Checksum": f"{record.short(outcome.checksum)} (serials and what is printed under them)",
    }
    contents = _contents(outcome, jobs)
    ward = jobs[0].draft.ward if len({job.draft.ward for job in jobs}) == 1 else ""
    return press.list_job(
        "cover",
        title,
        Subject(),
        ward,
        lambda: ({}, lists.cover(view, facts, contents, press.drill, changes)),
    )


def _pages(outcome: Outcome) -> str:
    said = f"{outcome.total} after this cover"
    return f"{said}, {outcome.empty} of them backs left blank" if outcome.empty else said


def _contents(outcome: Outcome, jobs: Sequence[Job]) -> list[Content]:
    copies: Counter[str] = Counter()
    pages: Counter[str] = Counter()
    for job, count in zip(jobs, outcome.pages, strict=True):
        what = BEDS_TITLE if job.draft.form == BED_LIST else job.draft.title
        if job.draft.returns and not job.draft.subject.patient:
            what = f"{what}, blank"
        copies[what] += 1
        pages[what] += count
    found = [Content(what, copies[what], pages[what]) for what in copies]
    empty = [Content("Backs left blank", outcome.empty, outcome.empty)] if outcome.empty else []
    return found + empty
