"""Events of the outage: what happened, recorded in seconds; the log; corrections by another event."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.accounts.permissions import ROLE_TITLES
from downtime.clinical import display
from downtime.clinical.model import EncounterClass
from downtime.entry.typed_events import parse_answers, parse_happened
from downtime.errors import NotFoundError, UserError
from downtime.outage import outages
from downtime.outage.events.correct_event import correct_event, find_thread, withdraw_event
from downtime.outage.events.kinds import EVENT_ROWS, KNOWN, NEWBORN
from downtime.outage.events.list_events import list_events
from downtime.outage.events.model import EventKind, EventThread
from downtime.outage.events.policies import AlreadySavedError, UnconfirmedError, parse_kind
from downtime.outage.events.record_event import EventDraft, EventRecorder, make_event_id
from downtime.outage.events.row_types import EventRow
from downtime.paper.mutual_aid import receive_document
from downtime.paper.mutual_aid.model import ReceivedDocument
from downtime.paper.packs.event_log import LOG_KINDS, EventLog
from downtime.vault import device
from downtime.web import request_context
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission
from downtime.web.views.printing import queue_as_chosen

blueprint = Blueprint("events", __name__)
SHOWN = 300
ANSWER = "answer-"
"""Begins the names of a kind's own fields in the page."""


@blueprint.get("/events")
@require_permission(Permission.EVENT_VIEW)
def show() -> ViewResponse:
    """The log: what was recorded, newest first, of one kind or of all."""
    name = request.args.get("kind", "")
    kinds = [parse_kind(name).kind] if name else []
    threads = list_events(request_context.vault(), kinds=kinds)[::-1]
    return render_template(
        "events/show.html",
        threads=threads[:SHOWN],
        total=len(threads),
        rows=EVENT_ROWS,
        chosen=EVENT_ROWS[kinds[0]] if kinds else None,
    )


@blueprint.get("/events/record")
@require_permission(Permission.EVENT_RECORD)
def record() -> ViewResponse:
    """The form of one kind, filled in as far as is known."""
    row = parse_kind(request.args.get("kind", ""))
    now, patient, mother = (
        request_context.hospital_now(),
        request.args.get("patient", ""),
        request.args.get("mother", ""),
    )
    stay = now.find_stay(mother or patient)
    typed = {"ward": stay.ward if stay else request.args.get("ward", "")}
    if mother:
        typed |= {"mother": mother, "identity": NEWBORN, "stay": EncounterClass.INPATIENT}
        typed["family"] = now.get_person(mother).family
    if transfer := _find_transfer():
        typed |= _read_transfer(transfer)
    if row.find_field("identified_by") and request_context.session_texts("identified") == patient:
        typed["identified_by"] = "a number, and date of birth or surname"
    return _render_form(row, typed)


@blueprint.post("/events/record")
@require_permission(Permission.EVENT_RECORD)
def save() -> ViewResponse:
    """Save what was typed; what is wrong or has to be confirmed is said above the same form."""
    row, typed = parse_kind(request.form.get("kind", "")), _typed_answers()
    try:
        transfer = _find_transfer()
        event = _recorder().record(
            EventDraft(
                kind=row.kind,
                happened=parse_happened(
                    request.form.get("happened", ""), _zone(), request_context.now()
                ),
                patient=request.form.get("patient", ""),
                topic=request.form.get("topic", ""),
                answers=parse_answers(row, typed, _zone(), request_context.now()),
                id=request.form.get("event", ""),
                is_untimed=not request.form.get("happened", "").strip(),
            ),
            is_confirmed=request.form.get("confirmed") == "1",
        )
    except UnconfirmedError as error:
        return _render_form(row, typed, warnings=error.warnings), error.http_status
    except UserError as error:
        return _render_form(row, typed, problem=error), error.http_status
    flash(f"{row.title}: recorded.")
    if transfer:
        receive_document.link_arrival(
            request_context.vault(), transfer.id, event.root, request_context.actor()
        )
    return redirect(_page_after(event.subject.patient), 303)


@blueprint.post("/events/print")
@require_permission(Permission.FORM_PRINT)
def print_log() -> ViewResponse:
    """The log of one kind on paper, or all the logs."""
    name = request.form.get("kind", "")
    kinds = (parse_kind(name).kind,) if name else LOG_KINDS
    return queue_as_chosen(EventLog(kinds=kinds))


@blueprint.get("/events/<ref>")
@require_permission(Permission.EVENT_VIEW)
def show_event(ref: str) -> ViewResponse:
    """One event with all that was ever said of it, and what can be corrected."""
    return _render_event(_get_thread(ref))


@blueprint.post("/events/<ref>/correct")
@require_permission(Permission.EVENT_RECORD)
def correct(ref: str) -> ViewResponse:
    """Say what is right; the first version stays to be read."""
    thread = _get_thread(ref)
    row, typed, now = EVENT_ROWS[thread.latest.kind], _typed_answers(), request_context.now()
    try:
        correct_event(
            request_context.vault(),
            request_context.settings(),
            thread.root,
            parse_happened(request.form.get("happened", ""), _zone(), now),
            parse_answers(row, typed, _zone(), now),
            request_context.actor(),
            required_reason(),
            _role(),
            snapshot=request_context.snapshot_or_none(),
            is_confirmed=request.form.get("confirmed") == "1",
        )
    except UnconfirmedError as error:
        return _render_event(thread, typed, warnings=error.warnings), error.http_status
    except UserError as error:
        return _render_event(thread, typed, error), error.http_status
    flash(f"{row.title}: corrected.")
    return redirect(url_for("events.show_event", ref=thread.root), 303)


@blueprint.post("/events/<ref>/withdraw")
@require_permission(Permission.EVENT_RECORD)
def withdraw(ref: str) -> ViewResponse:
    """Say that it did not happen."""
    event = withdraw_event(
        request_context.vault(), request_context.settings(), ref, request_context.actor(),
        required_reason(), _role(), snapshot=request_context.snapshot_or_none(),
    )  # fmt: skip
    flash(f"{EVENT_ROWS[event.kind].title}: withdrawn. It stays in the record.")
    return redirect(url_for("events.show_event", ref=event.root), 303)


def _find_transfer() -> ReceivedDocument | None:
    """The summary of another hospital from which somebody is registered; ConflictError where that cannot be."""
    ref = request.values.get("transfer", "")
    if not ref or request.values.get("kind") != EventKind.ARRIVAL:
        return None
    received = receive_document.get_received(request_context.vault(), ref)
    receive_document.check_can_register(request_context.vault(), received)
    return received


def _read_transfer(received: ReceivedDocument) -> dict[str, str]:
    """What an arrival takes from it; a number of the other hospital is none of ours."""
    patient, hospital = received.document.patient, received.document.hospital_name
    if patient is None:
        return {}
    known = {
        "identity": KNOWN,
        "family": patient.family,
        "given": patient.given,
        "birth_date": display.format_day(patient.birth_date),
        "gender": patient.gender,
        "nhs_number": patient.nhs_number,
        "reason": f"Transferred from {hospital}, their number {patient.number or 'unknown'}"[:120],
    }
    return {name: text for name, text in known.items() if text}


def _recorder() -> EventRecorder:
    return EventRecorder(
        request_context.vault(),
        request_context.settings(),
        request_context.snapshot_or_none(),
        request_context.actor(),
        _role(),
    )


def _render_form(
    row: EventRow,
    typed: Mapping[str, str],
    *,
    problem: UserError | None = None,
    warnings: tuple[str, ...] = (),
) -> str:
    now = request_context.hospital_now()
    patient, topic = request.values.get("patient", ""), request.values.get("topic", "")
    person = now.get_person(patient) if patient else None
    stay = now.find_stay(patient) if patient else None
    mother = typed.get("mother", "")
    followed = find_thread(request_context.vault(), topic) if row.follows and topic else None
    code = device.read_own_card(request_context.app_state().home).code
    return render_template(
        "events/record.html",
        row=row,
        typed=typed,
        patient=person,
        stay=stay,
        mother=now.get_person(mother) if mother else None,
        topic=topic,
        followed=followed,
        happened=request.form.get("happened", ""),
        event_id=request.form.get("event") or make_event_id(code),
        wards=now.list_wards(),
        neighbours=_neighbours(stay.ward, patient) if stay and row.kind == EventKind.SWAP else [],
        problem=problem,
        saved=problem.root if isinstance(problem, AlreadySavedError) else "",
        warnings=warnings,
        transfer=_find_transfer() if not problem else None,
        outage=outages.find_current(request_context.vault()),
    )


def _neighbours(ward: str, patient: str) -> list[Any]:
    rows = request_context.hospital_now().read_ward(ward).rows
    return [row for row in rows if row.patient and row.patient.id != patient and row.location.bed]


def _render_event(
    thread: EventThread,
    typed: Mapping[str, str] | None = None,
    problem: UserError | None = None,
    warnings: tuple[str, ...] = (),
) -> str:
    now = request_context.hospital_now()
    return render_template(
        "events/show_event.html",
        thread=thread,
        row=EVENT_ROWS[thread.latest.kind],
        typed=thread.latest.answers if typed is None else typed,
        wards=now.list_wards(),
        problem=problem,
        warnings=warnings,
        happened=request.form.get("happened"),
        reason=request.form.get("reason", ""),
    )


def _get_thread(ref: str) -> EventThread:
    thread = find_thread(request_context.vault(), ref)
    if thread is None:
        raise NotFoundError("event.unknown", "There is no such event.", "See the list of events.")
    return thread


def _typed_answers() -> dict[str, str]:
    return {
        name.removeprefix(ANSWER): text
        for name, text in request.form.items()
        if name.startswith(ANSWER)
    }


def _page_after(patient: str) -> str:
    if patient:
        return url_for("patient.show", patient_id=patient)
    return url_for("events.show")


def _role() -> str:
    return ROLE_TITLES[request_context.person().role]


def _zone() -> ZoneInfo:
    return ZoneInfo(request_context.settings().site.time_zone)
