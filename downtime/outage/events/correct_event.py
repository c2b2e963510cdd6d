"""Correct or withdraw an event: by another event, so that what was said first is never lost."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from downtime.outage import outages
from downtime.outage.events import guest_scope, policies, store, ward_scope
from downtime.outage.events.hospital_now import HospitalNow, list_threads
from downtime.outage.events.hospital_without import HospitalWithout
from downtime.outage.events.kinds import EVENT_ROWS
from downtime.outage.events.may_see import may_see
from downtime.outage.events.model import AuditAction, Event, EventKind, EventThread
from downtime.outage.events.record_event import make_event_id
from downtime.outage.events.registered_people import subject_of_arrival
from downtime.outage.events.row_types import SubjectRule
from downtime.outage.events.warnings import EventWarnings
from downtime.settings import Settings
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault import device
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


def find_thread(vault: Vault, event_id: str) -> EventThread | None:
    """An event by its id or that of any of its corrections, with all its versions."""
    event = store.fetch_event(vault.db, event_id)
    versions = store.fetch_versions(vault.db, event.root) if event else []
    return next(iter(list_threads(vault, versions)), None)


def correct_event(
    vault: Vault, settings: Settings, event_id: str, happened: str, answers: Mapping[str, str],
    actor: Actor, reason: str, role: str = "", *, snapshot: Snapshot | None, is_confirmed: bool = False,
) -> Event:  # fmt: skip
    """Say what is right: it counts from now on, under the id of the first.

    What the program filled in (a downtime number, the ward before) stays. InputError for a wrong
    answer and without a reason; ConflictError for what was withdrawn. UnconfirmedError, as when it
    is recorded, with what a person has to see first, unless `is_confirmed`.
    """
    reason = check_reason(reason, "event.reason", "Say in a few words what was wrong.")
    thread = policies.check_can_correct(find_thread(vault, event_id))
    before, row = thread.latest, EVENT_ROWS[thread.latest.kind]
    automatic = {
        field.name: before.answers[field.name]
        for field in row.fields
        if not field.is_typed and field.name in before.answers
    }
    now = vault.clock()
    outage = outages.get_outage(vault, before.outage)
    policies.check_happened(happened, outage, now, settings)
    checked = policies.check_answers(row, {**answers, **automatic}, now.date())
    subject = before.subject
    if row.subject == SubjectRule.NEW:
        subject = subject_of_arrival(before.root, checked)
    ward = checked.get("ward", before.ward)
    after = replace(before, happened=happened, answers=checked, subject=subject, ward=ward)
    hospital, hospital_now = (
        HospitalWithout(vault, snapshot, before.root),
        HospitalNow(vault, snapshot),
    )
    _check_people(vault, settings, hospital_now, after, actor)
    sees = partial(may_see, vault, settings, hospital_now, actor)
    warnings = EventWarnings(hospital, settings, sees).list_warnings(
        row, subject.patient, checked, happened
    )
    if warnings and not is_confirmed:
        raise policies.UnconfirmedError(warnings)
    return _add_version(vault, after, actor, reason, role, AuditAction.EVENT_CORRECT)


def _check_people(
    vault: Vault, settings: Settings, hospital: HospitalNow, after: Event, actor: Actor
) -> None:
    """Whom it names is known, and who may not record it so may not correct it so."""
    _check_limits(vault, settings, hospital, after, actor)
    if mother := after.answers.get("mother", ""):
        hospital.get_person(mother)
    result = find_thread(vault, after.topic) if after.kind == EventKind.READ_BACK else None
    if result:
        policies.check_can_read_back(actor, result.latest, after.answers["value"])


def _check_limits(
    vault: Vault, settings: Settings, hospital: HospitalNow, event: Event, actor: Actor
) -> None:
    """ForbiddenError for who is limited to other wards or patients than those it is about."""
    others = (event.answers.get(name, "") for name in ("partner", "mother"))
    people = (event.subject.patient, *others)
    guest_scope.check_people_of_event(vault, hospital, actor, people)
    ward_scope.check_people_of_event(vault, settings, hospital, actor.id, people)


def withdraw_event(
    vault: Vault, settings: Settings, event_id: str, actor: Actor, reason: str, role: str = "",
    *, snapshot: Snapshot | None,
) -> Event:  # fmt: skip
    """Say that it did not happen; it stays in the record. Errors as `correct_event`.

    ConflictError while other events about somebody whom it registered stand.
    """
    reason = check_reason(reason, "event.reason", "Say in a few words what was wrong.")
    thread = policies.check_can_correct(find_thread(vault, event_id))
    _check_limits(vault, settings, HospitalNow(vault, snapshot), thread.latest, actor)
    if EVENT_ROWS[thread.latest.kind].subject == SubjectRule.NEW:
        others = store.fetch_of_patient(vault.db, [thread.latest.outage], thread.root)
        policies.check_is_alone(thread, list_threads(vault, others))
    after = replace(thread.latest, is_withdrawn=True)
    return _add_version(vault, after, actor, reason, role, AuditAction.EVENT_WITHDRAW)


def _add_version(
    vault: Vault, event: Event, actor: Actor, reason: str, role: str, action: AuditAction
) -> Event:
    code = device.read_own_card(vault.home).code
    with vault.change(actor, action, target=event.root, reason=reason) as db:
        version = replace(
            event, id=make_event_id(code), position=store.next_position(db), device=code, entered=vault.now(), author=actor.id,
            author_name=actor.name, author_role=role, reason=reason,
        )  # fmt: skip
        store.insert_event(db, version)
    return version
