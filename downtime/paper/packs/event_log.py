"""The logs of an outage on paper: incident log, runner's trips, telephone messages, as they stand on the screen.

Each line with its number, both times, who recorded it, and what it said before where it was corrected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from downtime.clinical import display
from downtime.errors import InputError
from downtime.outage import outages
from downtime.outage.events.kinds import EVENT_ROWS
from downtime.outage.events.list_events import list_events
from downtime.outage.events.model import EventKind, EventThread
from downtime.outage.events.policies import parse_kind
from downtime.outage.events.wording import describe_event, list_answers
from downtime.paper.model import PackKind, Subject
from downtime.paper.packs.model import PackPlan, RequestKind
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest
from downtime.pdf.flow_blocks import Block, Heading, Paragraph, Table

LOG = "event-log"
"""What the ledger calls the list."""
LOG_KINDS = (
    EventKind.INCIDENT,
    EventKind.RUNNER,
    EventKind.TELEPHONE,
    EventKind.DIVERT,
    EventKind.SAMPLES,
)
"""What is a log of its own; other kinds are printed when they are asked for."""
_COLUMNS = (("No.", 1.2), ("Happened", 2.6), ("What", 12), ("Recorded, by", 4), ("Id", 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLog(PrintRequest):
    """Print the log of some kinds of events of an outage, the oldest first."""

    kind: ClassVar[RequestKind] = RequestKind.LOG
    title: ClassVar[str] = "Log"
    kinds: tuple[str, ...] = LOG_KINDS
    outage: str = ""
    """The id of an outage; empty for those whose books are open."""

    def plan(self, context: PrintContext) -> PackPlan:
        """InputError for an unknown kind, or none; NotFoundError for an unknown outage."""
        rows = [parse_kind(kind) for kind in self.kinds]
        if not rows:
            raise InputError("log.kinds", "No log is chosen.", "Choose at least one.")
        if self.outage:
            outages.get_outage(context.vault, self.outage)
        titles = [EVENT_ROWS[row.kind].title for row in rows]
        title = f"Log: {titles[0].lower() if len(titles) == 1 else f'{len(titles)} kinds'}"
        blocks = _list_blocks(context, [row.kind for row in rows], self.outage)
        document = context.list_document(LOG, title, Subject(), "", lambda: ({}, blocks))
        return PackPlan(
            kind=PackKind.LOG,
            title=title,
            file_name=context.file_name("log"),
            documents=[document],
            as_at="What staff recorded on the screen, on this laptop and on those whose bundles are here.",
        )


def _list_blocks(context: PrintContext, kinds: Sequence[EventKind], outage: str) -> list[Block]:
    blocks: list[Block] = []
    for kind in kinds:
        threads = list_events(context.vault, outage, [kind])
        blocks.append(Heading(f"{EVENT_ROWS[kind].title}: {len(threads)}"))
        if threads:
            lines = [_make_row(context, n, thread) for n, thread in enumerate(threads, 1)]
            blocks.append(Table(_COLUMNS, lines))
        else:
            blocks.append(Paragraph("Nothing was recorded."))
    return blocks


def _make_row(context: PrintContext, number: int, thread: EventThread) -> tuple[str, ...]:
    event, zone = thread.latest, context.zone
    fields = [f"{field.text}: {text}" for field, text in list_answers(event, zone)]
    if event.subject.label:
        fields.insert(
            0, f"About {event.subject.label}, born {display.format_day(event.subject.birth_date)}"
        )
    if not thread.stands:
        fields.insert(0, f"WITHDRAWN: {event.reason}")
    elif thread.is_corrected:
        first = describe_event(thread.versions[0], zone)
        fields.append(f"Corrected: {event.reason}. Before: {first}")
    recorded = display.format_moment(event.entered, zone)
    happened = display.format_moment(event.happened, zone)
    return str(number), happened, "\n".join(fields), f"{recorded}\n{event.author_name}", event.root
