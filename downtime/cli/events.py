"""Events of an outage on the command line: what was recorded, record one, print a log."""

from typing import Any
from zoneinfo import ZoneInfo

import click

from downtime.accounts.model import Permission
from downtime.accounts.permissions import ROLE_TITLES
from downtime.cli.options import OPTIONAL_REASON, EnumChoice
from downtime.cli.pack import find_patient_id
from downtime.cli.printing import PrintDestination, print_request, printer_options, result_output
from downtime.cli.program import event_commands
from downtime.cli.session import Output, Session, command
from downtime.entry.typed_events import parse_answers, parse_happened
from downtime.errors import NotFoundError
from downtime.outage.events.kinds import EVENT_ROWS
from downtime.outage.events.list_events import list_events
from downtime.outage.events.model import Event, EventKind, EventThread
from downtime.outage.events.policies import parse_kind
from downtime.outage.events.record_event import EventDraft, EventRecorder
from downtime.outage.events.wording import describe_event
from downtime.paper.packs.event_log import LOG_KINDS, EventLog
from downtime.snapshot import local_snapshots
from downtime.snapshot.store.opened_snapshot import Snapshot

KIND = click.option(
    "--kind", "kinds", multiple=True, type=EnumChoice(EventKind), help="Only of this kind."
)
OUTAGE = click.option(
    "--outage", default="", metavar="ID", help="Of this outage; else of those not closed."
)


@command(event_commands, "list", permission=Permission.EVENT_VIEW)
@KIND
@OUTAGE
def list_(session: Session, kinds: tuple[str, ...], outage: str) -> Output:
    """What was recorded, in the order in which it happened; corrected and withdrawn ones say so."""
    wanted = [EventKind(kind) for kind in kinds]
    threads = list_events(session.vault, outage, wanted)
    zone = ZoneInfo(session.settings.site.time_zone)
    return Output.of_rows(
        threads, _document, lambda thread: _line(thread, zone), "Nothing was recorded."
    )


@command(event_commands, "record", permission=Permission.EVENT_RECORD)
@click.argument("kind", type=EnumChoice(EventKind))
@click.argument("answers", nargs=-1, metavar="NAME=TEXT...")
@click.option("--at", default="", metavar="TIME", help="When it happened: 14:05; else now.")
@click.option("--patient", default="", metavar="NUMBER", help="A number of whom it is about.")
@click.option("--topic", default="", metavar="ID", help="The event or request that it follows.")
@click.option("--confirmed", is_flag=True, help="Record it although something was asked about it.")
def record(
    session: Session, kind: str, answers: tuple[str, ...], at: str, patient: str, topic: str,
    confirmed: bool,
) -> Output:  # fmt: skip
    """Record an event, as on the screen: with the same checks, and the same questions.

    'downtime events fields KIND' lists the names that it takes.
    """
    zone, now = ZoneInfo(session.settings.site.time_zone), session.clock()
    row = parse_kind(kind)
    draft = EventDraft(
        kind=row.kind,
        happened=parse_happened(at, zone, now),
        patient=find_patient_id(session, patient) if patient else "",
        topic=topic,
        answers=parse_answers(row, dict(map(_split_answer, answers)), zone, now),
    )
    role = ROLE_TITLES[session.signed_in.person.role]
    snapshot = _open_snapshot(session)
    try:
        recorder = EventRecorder(session.vault, session.settings, snapshot, session.actor, role)
        event = recorder.record(draft, is_confirmed=confirmed)
    finally:
        if snapshot:
            snapshot.close()
    return Output(_event_document(event), [f"{event.root}  {describe_event(event, zone)}"])


@command(event_commands, "fields", permission=Permission.EVENT_VIEW)
@click.argument("kind", type=EnumChoice(EventKind))
def fields(session: Session, kind: str) -> Output:
    """The names that an event of a kind takes, and which it needs."""
    row = EVENT_ROWS[EventKind(kind)]
    documents: list[dict[str, Any]] = [
        {
            "name": field.name,
            "text": field.text,
            "kind": field.kind,
            "required": field.is_required,
            "choices": [choice.code for choice in field.choices],
        }
        for field in row.typed_fields
    ]
    return Output.of_rows(
        documents,
        lambda field: field,
        lambda field: (
            f"{field['name']:<16} {field['text']}{', needed' if field['required'] else ''}"
            f"{': ' + ', '.join(field['choices']) if field['choices'] else ''}"
        ),
        "It takes none.",
    )


@command(event_commands, "print", permission=Permission.FORM_PRINT)
@KIND
@OUTAGE
@printer_options
@OPTIONAL_REASON
def print_(
    session: Session,
    kinds: tuple[str, ...],
    outage: str,
    destination: PrintDestination,
    reason: str,
) -> Output:
    """Print logs with a serial; without --kind the incident, runner, telephone and divert logs."""
    two_sided = destination.is_two_sided(session.settings.printing)
    request = EventLog(kinds=kinds or LOG_KINDS, outage=outage, two_sided=two_sided)
    return result_output(print_request(session, request, destination, reason), destination)


def _split_answer(text: str) -> tuple[str, str]:
    name, sign, answer = text.partition("=")
    if not sign:
        raise click.UsageError(f"'{name[:40]}' is no answer: write NAME=TEXT.")
    return name, answer


def _open_snapshot(session: Session) -> Snapshot | None:
    try:
        return local_snapshots.open_current_snapshot(session.vault)
    except NotFoundError:
        return None


def _event_document(event: Event) -> dict[str, Any]:
    return {
        "id": event.root, "kind": event.kind, "outage": event.outage, "ward": event.ward,
        "happened": event.happened, "entered": event.entered, "author": event.author_name,
        "patient": event.subject.patient, "answers": dict(event.answers),
    }  # fmt: skip


def _document(thread: EventThread) -> dict[str, Any]:
    more = {
        "corrected": thread.is_corrected,
        "withdrawn": not thread.stands,
        "reason": thread.latest.reason,
        "follow_ups": [_event_document(event) for event in thread.follow_ups],
    }
    return _event_document(thread.latest) | more


def _line(thread: EventThread, zone: ZoneInfo) -> str:
    event = thread.latest
    mark = "" if thread.stands else "WITHDRAWN: "
    mark = "corrected: " if thread.stands and thread.is_corrected else mark
    return (
        f"{event.root}  {event.happened}  {mark}{describe_event(event, zone)} ({event.author_name})"
    )
