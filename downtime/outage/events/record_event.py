"""Record what happened: one event, or the two of a swap, in one transaction with the audit."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from sqlite_utils import Database

from downtime.clinical.identifiers import add_check_character
from downtime.clinical.model import Appointment, Record, ServiceRequest
from downtime.outage import downtime_numbers, outages
from downtime.outage.events import guest_scope, policies, store, ward_scope
from downtime.outage.events.hospital_now import HospitalNow, list_threads
from downtime.outage.events.kinds import EVENT_ROWS, NEWBORN
from downtime.outage.events.may_see import may_see
from downtime.outage.events.model import (
    NOBODY,
    AuditAction,
    Event,
    EventKind,
    EventSubject,
    EventThread,
)
from downtime.outage.events.policies import UnconfirmedError
from downtime.outage.events.registered_people import subject_of_arrival
from downtime.outage.events.row_types import AboutKind, EventRow, SubjectRule
from downtime.outage.events.warnings import EventWarnings
from downtime.settings import Settings
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault import device
from downtime.vault.device import CODE_ALPHABET
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_RECORDS: Mapping[AboutKind, type[Record]] = {
    AboutKind.REQUEST: ServiceRequest,
    AboutKind.APPOINTMENT: Appointment,
}
_MARK = "E"
"""Stands where a form's serial has a digit: no event's id is ever read as a serial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """What somebody wants to record; times are UTC as stored."""

    kind: EventKind
    happened: str
    patient: str = ""
    topic: str = ""
    answers: Mapping[str, str]
    id: str = ""
    """Given by the page on which it is typed, so that the same page never records it twice."""
    is_untimed: bool = False
    """Nobody typed a time: `happened` is when it was sent."""


class EventRecorder:
    """Records events over a snapshot, in the name of somebody."""

    def __init__(
        self,
        vault: Vault,
        settings: Settings,
        snapshot: Snapshot | None,
        actor: Actor,
        role: str = "",
    ) -> None:
        self._vault, self._settings, self._actor, self._role = vault, settings, actor, role
        self._hospital = HospitalNow(vault, snapshot)

    def record(self, draft: EventDraft, *, is_confirmed: bool = False) -> Event:
        """Save an event; of a swap the first of its two moves.

        InputError and ConflictError with what is wrong; UnconfirmedError with what a person has to
        see first, unless `is_confirmed`. A page that is sent again answers as before;
        AlreadySavedError when it says something else by now, or what it recorded was changed since.
        """
        row = EVENT_ROWS[draft.kind]
        if recorded := self._find_saved(row, draft):
            return recorded
        checked = self._check(row, draft)
        warnings = self._list_warnings(row, checked)
        if warnings and not is_confirmed:
            raise UnconfirmedError(warnings)
        if row.kind == EventKind.SWAP:
            return self._record_swap(checked)
        target = f"{draft.kind} {checked.patient}".strip()
        with self._vault.change(self._actor, AuditAction.EVENT_RECORD, target=target) as db:
            return self._insert(db, checked)

    def _find_saved(self, row: EventRow, draft: EventDraft) -> Event | None:
        """What this page recorded before; AlreadySavedError unless it says the same still."""
        recorded = store.fetch_event(self._vault.db, draft.id) if draft.id else None
        if recorded is None:
            return None
        patient = "" if row.subject == SubjectRule.NEW else recorded.subject.patient
        kind = EventKind.MOVE if row.kind == EventKind.SWAP else row.kind
        is_same_time = recorded.happened == draft.happened or (
            draft.is_untimed and policies.is_at_entry(recorded)
        )
        if (
            (kind, patient, recorded.topic) != (recorded.kind, draft.patient, draft.topic)
            or not is_same_time
            or not policies.has_same_answers(row, recorded, draft.answers)
        ):
            raise policies.AlreadySavedError(recorded.root)
        thread = self._find_thread(recorded.root)
        if thread and (thread.is_corrected or not thread.stands):
            since = "corrected" if thread.stands else "withdrawn"
            raise policies.AlreadySavedError(recorded.root, since)
        return recorded

    def _check(self, row: EventRow, draft: EventDraft) -> EventDraft:
        now = self._vault.clock()
        outage = policies.check_outage(outages.find_current(self._vault))
        policies.check_id(draft.id)
        policies.check_subject(row, draft.patient)
        policies.check_about(row, draft.topic)
        policies.check_happened(draft.happened, outage, now, self._settings)
        answers = policies.check_answers(row, self._fill_in(row, draft), now.date())
        people = (draft.patient, answers.get("partner", ""), answers.get("mother", ""))
        guest_scope.check_people_of_event(self._vault, self._hospital, self._actor, people)
        ward_scope.check_people_of_event(
            self._vault, self._settings, self._hospital, self._actor.id, people
        )
        if draft.patient:
            self._hospital.get_person(draft.patient)
        thread = self._find_followed(row, draft.topic)
        policies.check_follows(row, thread, draft.patient)
        if row.kind == EventKind.READ_BACK and thread:
            policies.check_can_read_back(self._actor, thread.latest, answers["value"])
        return replace(draft, answers=answers)

    def _find_followed(self, row: EventRow, topic: str) -> EventThread | None:
        return self._find_thread(topic) if row.follows else None

    def _find_thread(self, root: str) -> EventThread | None:
        versions = store.fetch_versions(self._vault.db, root)
        return next(iter(list_threads(self._vault, versions)), None)

    def _fill_in(self, row: EventRow, draft: EventDraft) -> dict[str, str]:
        """What follows from where somebody is, whose child it is, and what the event is about."""
        automatic = {field.name for field in row.fields if not field.is_typed}
        answers = {name: text for name, text in draft.answers.items() if name not in automatic}
        if record := self._find_record(row, draft):
            known = {name: str(getattr(record, name, "")) for name in automatic}
            answers |= {name: text for name, text in known.items() if text}
        stay = self._hospital.find_stay(draft.patient) if draft.patient else None
        if row.find_field("prior_ward") and stay:
            answers["prior_ward"] = stay.ward
        if answers.get("identity") == NEWBORN and (mother := answers.get("mother")):
            answers["family"] = answers.get("family") or self._hospital.get_person(mother).family
        return answers

    def _find_record(self, row: EventRow, draft: EventDraft) -> Record | None:
        """The request or appointment in the snapshot; ConflictError unless it is this patient's."""
        kind, snapshot = _RECORDS.get(row.topic), self._hospital.snapshot
        if kind is None:
            return None
        records = snapshot.find_records(kind, "id", [draft.topic]) if snapshot else []
        patient = getattr(records[0], "patient", "") if records else ""
        owner = self._hospital.find_person(patient)
        policies.check_is_of_patient(owner, draft.patient)
        return records[0]

    def _list_warnings(self, row: EventRow, draft: EventDraft) -> tuple[str, ...]:
        if row.kind == EventKind.SWAP:
            self._hospital.get_person(draft.answers["partner"])
            return ()
        sees = partial(may_see, self._vault, self._settings, self._hospital, self._actor)
        warnings = EventWarnings(self._hospital, self._settings, sees)
        return warnings.list_warnings(row, draft.patient, draft.answers, draft.happened)

    def _record_swap(self, draft: EventDraft) -> Event:
        partner = draft.answers["partner"]
        stays = self._hospital.find_stay(draft.patient), self._hospital.find_stay(partner)
        moves = [
            policies.check_swap(draft.patient, partner, *stays),
            policies.check_swap(partner, draft.patient, *reversed(stays)),
        ]
        drafts = [
            EventDraft(
                kind=EventKind.MOVE, happened=draft.happened, patient=patient, answers=answers, id=event_id,
            )
            for patient, answers, event_id in zip(
                (draft.patient, partner), moves, (draft.id, ""), strict=True
            )
        ]  # fmt: skip
        target = f"{draft.kind} {draft.patient} {partner}"
        with self._vault.change(self._actor, AuditAction.EVENT_RECORD, target=target) as db:
            return [self._insert(db, move) for move in drafts][0]

    def _insert(self, db: Database, draft: EventDraft) -> Event:
        """Add the event; somebody who arrives gets a downtime number in the same transaction."""
        code = device.read_own_card(self._vault.home).code
        event_id, answers = draft.id or make_event_id(code), dict(draft.answers)
        subject = self._hospital.find_subject(draft.patient) if draft.patient else NOBODY
        if draft.kind == EventKind.ARRIVAL:
            numbers = downtime_numbers.issue_in_transaction(
                self._vault, self._settings, db, 1, self._actor
            )
            answers["downtime_number"] = numbers[0]
            subject = subject_of_arrival(event_id, answers)
        event = self._make_event(event_id, code, draft, answers, subject)
        store.insert_event(db, event)
        return event

    def _make_event(
        self, event_id: str, code: str, draft: EventDraft, answers: Mapping[str, str],
        subject: EventSubject,
    ) -> Event:  # fmt: skip
        stay = self._hospital.find_stay(draft.patient) if draft.patient else None
        outage = policies.check_outage(outages.find_current(self._vault))
        return Event(
            id=event_id, root=event_id, position=store.next_position(self._vault.db), device=code, outage=outage.id, kind=draft.kind,
            subject=subject, ward=answers.get("ward") or (stay.ward if stay else ""),
            topic=draft.topic, happened=draft.happened, entered=self._vault.now(),
            author=self._actor.id, author_name=self._actor.name, author_role=self._role,
            answers=answers, is_withdrawn=False, reason="",
        )  # fmt: skip


def make_event_id(code: str) -> str:
    """`K7QXWMRTE42X`: the device, six random characters, two random digits, a check character."""
    name = "".join(secrets.choice(CODE_ALPHABET) for _ in range(6))
    return add_check_character(f"{code}{name}{_MARK}{secrets.randbelow(100):02}")
