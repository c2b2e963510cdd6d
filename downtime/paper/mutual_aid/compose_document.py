"""What is sent: all that is known of a patient, or what this hospital can take; cut from the end if it is too long."""

from collections.abc import Iterator
from dataclasses import replace

from downtime.clinical import display
from downtime.clinical.model import Patient
from downtime.errors import InputError
from downtime.outage.events.kinds import EVENT_ROWS
from downtime.outage.events.list_events import list_events, list_patient_events
from downtime.outage.events.model import Event, EventKind
from downtime.outage.events.wording import describe_event, list_answers
from downtime.paper.mutual_aid.model import (
    HEADING,
    PARAGRAPH,
    TABLE,
    AidDocument,
    AidKind,
    AidLine,
    AidPatient,
    make_blocks,
    make_lines,
)
from downtime.paper.mutual_aid.signed_codes import fits
from downtime.paper.packs.patient_summary import summary_content
from downtime.paper.packs.print_context import PrintContext
from downtime.pdf.flow_blocks import Block, Heading, Paragraph, Table

_LEFT_OUT = ("Appointments", "Documents")
"""Sections of a summary that another hospital does not need."""
_FIRST_CUT = ("Results", "Recorded", "Tests", "Problems", "Medicines")
"""Sections that are shortened, in this order, until all fits. Allergies and alerts never are."""
_MOST_PAGES = 2
"""Of words: one sheet on both sides; the codes stand on the second sheet."""
_HEAD = [Paragraph("From", bold=True, size=11), Paragraph("To, ask " * 30)]
"""As long as what stands above the words at most."""
_CAPACITY = (
    "Department or service",
    "State",
    "Beds or places free",
    "Diverted to",
    "Agreed with",
    "Since",
)


def compose_transfer(
    context: PrintContext, patient: str, destination: str, contact: str
) -> AidDocument:
    """The summary of a patient; NotFoundError. InputError when allergies and alerts alone are too long."""
    row = context.hospital.find_row(patient)
    registered = context.hospital.registered.get(row.patient.id)
    blocks: list[Block] = []
    if registered is None:
        blocks += summary_content(context.view, row)[1]
    else:
        blocks.append(
            Paragraph("Registered during the outage: no hospital system knows this patient.")
        )
    blocks += _event_blocks(context, row.patient.id)
    number = registered.downtime_number if registered else row.patient.mrn
    document = _begin(context, AidKind.TRANSFER, destination, contact)
    document = replace(document, patient=_make_patient(row.patient, number))
    return _shorten(context, replace(document, lines=_without_sections(make_lines(blocks))))


def _make_patient(patient: Patient, number: str) -> AidPatient:
    shared = ("family", "given", "prefix", "birth_date", "gender", "nhs_number")
    return AidPatient(**{name: getattr(patient, name) for name in shared}, number=number)


def _event_blocks(context: PrintContext, patient: str) -> Iterator[Block]:
    events = [
        thread.latest for thread in list_patient_events(context.vault, patient) if thread.stands
    ]
    if not events:
        return
    rows = [
        (
            display.format_moment(event.happened, context.zone),
            describe_event(event, context.zone),
            event.author_name,
        )
        for event in events
    ]
    yield Heading("Recorded by staff during the outage")
    yield Table((("When", 3), ("What", 9), ("By", 3)), rows)


def compose_capacity(context: PrintContext, destination: str, contact: str) -> AidDocument:
    """What each department said last of itself, and the empty beds of each ward."""
    latest: dict[str, Event] = {}
    for thread in list_events(context.vault, kinds=[EventKind.DIVERT]):
        if thread.stands:
            latest[thread.latest.answers["service"].casefold()] = thread.latest
    blocks: list[Block] = [Heading("Departments and services")]
    if latest:
        rows = [_capacity_row(context, event) for event in latest.values()]
        blocks.append(Table([(title, 1.0) for title in _CAPACITY], rows))
    else:
        blocks.append(Paragraph("Nothing was recorded: telephone and ask."))
    wards = context.hospital.count_wards()
    if wards:
        counts = [(ward.code, ward.name, str(ward.patients), str(ward.empty)) for ward in wards]
        titles = ("Ward", "Name", "Patients", "Empty beds")
        blocks += [Heading("Wards, as staff say it is now")]
        blocks.append(Table([(title, 1.0) for title in titles], counts))
    document = _begin(context, AidKind.CAPACITY, destination, contact)
    return _shorten(context, replace(document, lines=make_lines(blocks)))


def _capacity_row(context: PrintContext, event: Event) -> tuple[str, ...]:
    answers = {field.name: text for field, text in list_answers(event, context.zone)}
    names = [field.name for field in EVENT_ROWS[EventKind.DIVERT].fields]
    cells = [answers.get(name, "") for name in names]
    return (*cells, display.format_moment(event.happened, context.zone))


def _begin(context: PrintContext, kind: AidKind, destination: str, contact: str) -> AidDocument:
    return AidDocument(
        kind=kind,
        hospital_code=context.settings.site.code,
        hospital_name=context.settings.site.name,
        device=context.device,
        created=context.vault.now(),
        is_drill=context.is_drill,
        destination=_check_text(destination, "To whom it goes"),
        contact=_check_text(contact, "Who can be asked"),
        patient=None,
        lines=(),
    )


def _check_text(text: str, what: str) -> str:
    line = " ".join(text.split())
    if len(line) > 100 or not line.isprintable():
        raise InputError("aid.text", f"{what} is too long.", "Write it in fewer words.")
    return line


def _without_sections(lines: tuple[AidLine, ...]) -> tuple[AidLine, ...]:
    section, wanted = "", []
    for line in lines:
        section = line.text if line.kind == HEADING else section
        if not section.startswith(_LEFT_OUT):
            wanted.append(line)
    return tuple(wanted)


def _shorten(context: PrintContext, document: AidDocument) -> AidDocument:
    """Take rows off the ends of tables until it fits; each such table says how many are missing."""
    while not (fits(document) and _count_pages(context, document) <= _MOST_PAGES):
        lines = list(document.lines)
        index = next(_find_longest(lines), -1)
        if index < 0:
            raise InputError(
                "aid.long",
                "There is too much to fit into the codes of one sheet.",
                "Print the patient's summary and send that.",
            )
        _halve(lines, index)
        document = replace(document, lines=tuple(lines))
    return document


def _count_pages(context: PrintContext, document: AidDocument) -> int:
    """Pages of the words, with what stands above them."""
    blocks = [*_HEAD, *make_blocks(document.lines)]
    return context.count_list_pages(blocks, identity=document.patient is not None)


def _find_longest(lines: list[AidLine]) -> Iterator[int]:
    """Tables that may be shortened, the first to be cut first."""
    for beginning in _FIRST_CUT:
        section = ""
        for index, line in enumerate(lines):
            section = line.text if line.kind == HEADING else section
            if line.kind == TABLE and line.rows and section.startswith(beginning):
                yield index


def _halve(lines: list[AidLine], index: int) -> None:
    table = lines[index]
    rows = table.rows[: len(table.rows) // 2]
    missing = len(table.rows) - len(rows)
    following = lines[index + 1] if index + 1 < len(lines) else None
    if following and following.kind == PARAGRAPH and following.text.endswith(_MISSING):
        missing += int(following.text.partition(" ")[0])
        del lines[index + 1]
    lines[index] = table._replace(rows=rows)
    lines.insert(index + 1, AidLine(PARAGRAPH, f"{missing} {_MISSING}"))


_MISSING = "more lines did not fit: ask the hospital that sends this."
