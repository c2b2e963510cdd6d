"""The list with which a shift is handed over: per ward, bay or nurse, as staff say it is now.

Who lies where, what is to be known of each, what was recorded in the last hours, which tests wait, and
room for what is to be done. It is read beside the beds and need not come back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, NamedTuple

from downtime.clinical import display
from downtime.clinical.identifiers import find_downtime_number
from downtime.clinical.model import Patient
from downtime.clock import to_text
from downtime.outage.events.list_events import list_patient_events
from downtime.outage.events.wording import describe_event
from downtime.paper.forms.prefill import find_ward_list
from downtime.paper.model import PackKind, Subject
from downtime.paper.packs.documents import ward_list_documents
from downtime.paper.packs.model import PackPlan, RequestKind
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.packs.print_request import PrintRequest, PrintScope
from downtime.paper.packs.snapshot_pages import (
    format_warnings,
    list_long_allergies,
    shorten_allergies,
)
from downtime.pdf.flow_blocks import Block, Paragraph, Table
from downtime.snapshot.bed_board import row_sort_key
from downtime.snapshot.model import PatientRow

HANDOVER = "shift-handover"
"""What the ledger calls the list."""
_COLUMNS = (
    ("Bed", 2), ("Patient", 5), ("Allergies and alerts", 5), ("Recorded since", 6), ("Tests waiting", 4),
    ("To do", 6),
)  # fmt: skip


class HandoverLine(NamedTuple):
    """What one shift tells the next of one patient, each part as lines of text."""

    row: PatientRow
    bed: str
    warnings: str
    events: str
    tests: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftHandover(PrintRequest):
    """Print the hand-over of a ward, or of some bays of it for one nurse."""

    kind: ClassVar[RequestKind] = RequestKind.HANDOVER
    title: ClassVar[str] = "Hand-over of a shift"
    ward: str
    bays: tuple[str, ...] = ()
    """Empty for the whole ward."""
    nurse: str = ""
    """Who takes over, for the head of the list."""
    with_forms: bool = False
    """Also the forms that list the ward's patients (hand-over, census), filled, to be written on."""

    @property
    def scope(self) -> PrintScope:
        """That ward."""
        return PrintScope((self.ward,))

    def plan(self, context: PrintContext) -> PackPlan:
        """A list of who is on the ward now; empty where nobody is."""
        bays = f", {', '.join(self.bays)}" if self.bays else ""
        title = f"Hand-over: {self.ward}{bays}{f', to {self.nurse}' if self.nurse else ''}"
        document = context.list_document(
            HANDOVER,
            title,
            Subject(),
            self.ward,
            lambda: ({}, _list_blocks(context, list(list_lines(context, self.ward, self.bays)))),
        )
        filled = [
            form_document
            for name, form in (context.forms.items() if self.with_forms else ())
            if find_ward_list(form)
            for form_document in ward_list_documents(context, name, self.ward, self.bays)
        ]
        return context.snapshot_plan(
            PackKind.HANDOVER, title, f"handover_{self.ward}", [document, *filled], [self.ward]
        )


def list_lines(
    context: PrintContext, ward: str, bays: Sequence[str] = ()
) -> Iterator[HandoverLine]:
    """Everybody who is on the ward now, in bed order; of these bays, or of all."""
    waiting: dict[str, list[str]] = {}
    rows = context.hospital.list_stays(ward)
    for test in context.view.snapshot.list_outstanding_of(row.patient.id for row in rows):
        waiting.setdefault(test.request.patient, []).append(
            test.request.display or test.request.code
        )
    for row in sorted(rows, key=lambda row: row_sort_key(row.patient, row.encounter)):
        stay = row.encounter
        if stay is None or (bays and stay.bay not in bays):
            continue
        yield HandoverLine(
            row,
            display.format_place("", stay.bay, stay.bed) or "No bed",
            format_warnings(context.view, row.patient, stay),
            _describe_events(context, row.patient.id),
            _describe_tests(context, waiting.get(row.patient.id, [])),
        )


def _describe_events(context: PrintContext, patient: str) -> str:
    """What was recorded of somebody in the last shift, newest first."""
    hours = timedelta(hours=context.settings.readiness.shift_hours)
    since = to_text(context.vault.clock() - hours)
    events = [
        thread.latest for thread in list_patient_events(context.vault, patient) if thread.stands
    ]
    return "\n".join(
        f"{display.format_clock_time(event.happened, context.zone)} {describe_event(event, context.zone)}"
        for event in events
        if event.happened >= since
    )


def _describe_tests(context: PrintContext, names: Sequence[str]) -> str:
    """What waits, and which systems said nothing: theirs may wait as well."""
    missing = context.view.word_unavailable("ServiceRequest")
    return "\n".join([*names, *([f"Requests: {missing}"] if missing else [])])


def _list_blocks(context: PrintContext, lines: Sequence[HandoverLine]) -> list[Block]:
    hours = context.settings.readiness.shift_hours
    today = context.printed_at.astimezone(context.zone).date()
    cells = [
        (
            line.bed,
            _word_who(line.row.patient, today),
            _shorten_warnings(line.warnings),
            line.events,
            line.tests,
            "",
        )
        for line in lines
    ]
    head = f"{len(lines)} patients as staff say it is now; recorded in the last {hours} hours."
    allergies = list_long_allergies(
        (line.bed, _word_who(line.row.patient, today), line.warnings.partition("\n")[0])
        for line in lines
    )
    table = Table(_COLUMNS, cells, row_height=40.0, bold_column=1)
    return [Paragraph(head, bold=True), table, *allergies]


def _word_who(patient: Patient, today: date) -> str:
    return "\n".join(
        (
            display.format_name(patient),
            display.format_birth(patient, today),
            display.format_nhs_number(patient.nhs_number) or "No NHS No.",
            patient.mrn or find_downtime_number(patient.identifiers),
        )
    )


def _shorten_warnings(warnings: str) -> str:
    """The first line holds the allergies; alerts follow it, and stay."""
    allergies, *alerts = warnings.split("\n")
    return "\n".join((shorten_allergies(allergies), *alerts))
