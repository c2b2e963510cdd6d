"""What a ward records on its laptop's screen in a simulated week, and what is true of it, noted apart."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from random import Random

from downtime.clock import to_text
from downtime.outage.events.correct_event import correct_event, withdraw_event
from downtime.outage.events.kinds import EVENT_ROWS
from downtime.outage.events.model import EventKind
from downtime.outage.events.record_event import EventDraft, EventRecorder
from downtime.settings import Settings
from downtime.snapshot.store.opened_snapshot import Snapshot
from tests.integration.sync.fleet import Machine

CORRECTED_PERCENT, WITHDRAWN_PERCENT = 5, 3
_WEIGHTS = {
    EventKind.ARRIVAL: 14, EventKind.MOVE: 14, EventKind.DISCHARGE: 7, EventKind.DEATH: 1,
    EventKind.ABSENCE: 7, EventKind.RETURN: 6, EventKind.RESULT: 14, EventKind.READ_BACK: 13,
    EventKind.BLOOD_ISSUE: 4, EventKind.BLOOD_FATE: 4, EventKind.RECOLLECTED: 3, EventKind.NOT_NEEDED: 2,
    EventKind.DIVERT: 2, EventKind.INCIDENT: 6, EventKind.RUNNER: 6, EventKind.TELEPHONE: 5,
}  # fmt: skip
_PLACING = (EventKind.ARRIVAL, EventKind.MOVE, EventKind.DISCHARGE, EventKind.DEATH)
_FAMILIES = ("Abbot", "Bell", "Croft", "Dean", "Ellis", "Finch", "Grant", "Hale", "Irwin", "Jarvis")
Place = tuple[str, str]
"""Ward and bed."""


@dataclass(slots=True)
class TrueEvent:
    """One event as it truly is: what was recorded, corrected, withdrawn and said of it later."""

    kind: EventKind
    author: str
    happened: str
    answers: dict[str, str]
    versions: int = 1
    is_withdrawn: bool = False
    follow_ups: int = 0
    is_read_back: bool = False

    @property
    def is_fact(self) -> bool:
        """Whether a hospital system keeps such things."""
        return not self.is_withdrawn and bool(EVENT_ROWS[self.kind].record)


@dataclass(slots=True)
class WardTruth:
    """What is true of one ward: its events by id, and where those are whom it registered or moved."""

    events: dict[str, TrueEvent] = field(default_factory=dict)
    places: dict[str, Place | None] = field(default_factory=dict)
    """None for who has left."""

    def copy(self) -> "WardTruth":
        """As it is now: what a bundle holds."""
        return deepcopy(self)


@dataclass(slots=True)
class Ward:
    """A laptop on a ward with the two people who use it."""

    machine: Machine
    settings: Settings
    dice: Random
    snapshot: Snapshot | None = None
    truth: WardTruth = field(default_factory=WardTruth)
    away: list[str] = field(default_factory=list)
    """Absences of who is not back."""
    waiting: list[str] = field(default_factory=list)
    """Results that nobody has read back."""
    units: list[str] = field(default_factory=list)
    """Units of blood without a fate."""
    patients_by_event: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Of the ward's patients in the snapshot: request and patient."""

    def __post_init__(self) -> None:
        if self.snapshot is None:
            return
        number = int(self.machine.code[1:], 36)
        codes = self.snapshot.list_ward_codes()
        rows = self.snapshot.list_inpatients(codes[number % len(codes)])
        part = rows[
            number // len(codes) :: 1 + len(codes)
        ]  # laptops of one ward share its patients
        for row in part:
            stay = row.encounter
            self.truth.places[row.patient.id] = (stay.ward, stay.bed)
        self.requests = [
            (row.request.id, row.patient.id)
            for row in self.snapshot.list_outstanding_of(row.patient.id for row in part)
        ]

    @property
    def present(self) -> list[str]:
        """Who is on the ward."""
        return [patient for patient, place in self.truth.places.items() if place]

    def record_something(self) -> None:
        """One thing that happens, or that was recorded wrongly before."""
        chance = self.dice.randrange(100)
        if chance < CORRECTED_PERCENT and self._correct():
            return
        if CORRECTED_PERCENT <= chance < CORRECTED_PERCENT + WITHDRAWN_PERCENT and self._withdraw():
            return
        kinds = [kind for kind in _WEIGHTS if self._is_possible(kind)]
        kind = self.dice.choices(kinds, [_WEIGHTS[kind] for kind in kinds])[0]
        self._record(kind)

    def _is_possible(self, kind: EventKind) -> bool:
        needs = {
            EventKind.RETURN: self.away, EventKind.READ_BACK: self.waiting,
            EventKind.BLOOD_FATE: self.units, EventKind.RECOLLECTED: self.requests,
            EventKind.NOT_NEEDED: self.requests,
        }  # fmt: skip
        if kind in needs:
            return bool(needs[kind])
        is_of_patient = kind in (*_PLACING[1:], EventKind.ABSENCE, EventKind.RESULT)
        return not is_of_patient or len(self.present) > 1

    def _record(self, kind: EventKind) -> None:
        make = _MAKERS.get(kind, _make_log_line)
        draft = replace(make(self, kind), happened=to_text(self.machine.clock.now))
        actor = self.machine.checker if kind == EventKind.READ_BACK else self.machine.clerk
        recorder = EventRecorder(self.machine.vault, self.settings, self.snapshot, actor)
        event = recorder.record(draft, is_confirmed=True)
        self.truth.events[event.root] = TrueEvent(
            kind, actor.name, draft.happened, dict(draft.answers)
        )
        self.patients_by_event[event.root] = draft.patient
        self._note_place(event.root, draft)
        self._note_follow_up(event.root, draft)

    def _note_place(self, root: str, draft: EventDraft) -> None:
        if draft.kind in _PLACING:
            ward = draft.answers.get("ward")
            person = root if draft.kind == EventKind.ARRIVAL else draft.patient
            self.truth.places[person] = (ward, draft.answers["bed"]) if ward else None

    def _note_follow_up(self, root: str, draft: EventDraft) -> None:
        lists = {
            EventKind.ABSENCE: self.away, EventKind.RESULT: self.waiting, EventKind.BLOOD_ISSUE: self.units
        }  # fmt: skip
        if draft.kind in lists:
            lists[draft.kind].append(root)
        if EVENT_ROWS[draft.kind].follows:
            followed = self.truth.events[draft.topic]
            followed.follow_ups += 1
            followed.is_read_back |= draft.kind == EventKind.READ_BACK
            lists[followed.kind].remove(draft.topic)

    def _correct(self) -> bool:
        """A log line or a result was written wrongly; what was read back has to be read back again."""
        found = self._choose(EventKind.RESULT, EventKind.INCIDENT, EventKind.TELEPHONE)
        if not found:
            return False
        event, name = self.truth.events[found], _CORRECTED[self.truth.events[found].kind]
        answers = event.answers | {name: f"{self.dice.randrange(10, 99)}"}
        correct_event(
            self.machine.vault, self.settings, found, event.happened, answers, self.machine.checker,
            "written wrongly", snapshot=self.snapshot,
        )  # fmt: skip
        event.answers, event.author = answers, self.machine.checker.name
        event.versions, event.is_read_back = event.versions + 1, False
        if event.kind == EventKind.RESULT and found in self.waiting:
            self.waiting.remove(found)  # who corrected it cannot read it back: it stays unread
        return True

    def _withdraw(self) -> bool:
        found = self._choose(EventKind.INCIDENT, EventKind.RUNNER, EventKind.TELEPHONE)
        if not found:
            return False
        withdraw_event(
            self.machine.vault, self.settings, found, self.machine.checker, "never was",
            snapshot=self.snapshot,
        )  # fmt: skip
        event = self.truth.events[found]
        event.is_withdrawn, event.versions = True, event.versions + 1
        event.author = self.machine.checker.name
        return True

    def _choose(self, *kinds: EventKind) -> str:
        standing = [
            root
            for root, event in self.truth.events.items()
            if event.kind in kinds and not event.is_withdrawn
        ]
        return self.dice.choice(standing) if standing else ""


_CORRECTED = {
    EventKind.RESULT: "value", EventKind.INCIDENT: "what", EventKind.TELEPHONE: "message",
}  # fmt: skip


def _draft(kind: EventKind, patient: str = "", topic: str = "", **answers: str) -> EventDraft:
    return EventDraft(kind=kind, happened="", patient=patient, topic=topic, answers=answers)


def _make_arrival(ward: Ward, kind: EventKind) -> EventDraft:
    dice = ward.dice
    return _draft(
        kind, identity="known", family=dice.choice(_FAMILIES), given=f"P{dice.randrange(10**6)}",
        gender=dice.choice(("female", "male")), ward=ward.machine.code,
        bed=str(dice.randrange(1, 40)), stay="emergency",
    )  # fmt: skip


def _make_move(ward: Ward, kind: EventKind) -> EventDraft:
    bed = str(ward.dice.randrange(1, 40))
    return _draft(kind, ward.dice.choice(ward.present), ward=ward.machine.code, bed=bed)


def _make_discharge(ward: Ward, kind: EventKind) -> EventDraft:
    return _draft(kind, ward.dice.choice(ward.present), outcome="advised", destination="Home")


def _make_death(ward: Ward, kind: EventKind) -> EventDraft:
    return _draft(kind, ward.dice.choice(ward.present), verified_by="Dr Reid")


def _make_absence(ward: Ward, kind: EventKind) -> EventDraft:
    return _draft(kind, ward.dice.choice(ward.present), where="CT scanner")


def _make_result(ward: Ward, kind: EventKind) -> EventDraft:
    value = f"{ward.dice.uniform(3, 7):.1f}"
    return _draft(
        kind, ward.dice.choice(ward.present), test="Potassium", value=value, units="mmol/L", caller="Jo Lab"
    )  # fmt: skip


def _make_follow_up(ward: Ward, kind: EventKind) -> EventDraft:
    topics, answers = {
        EventKind.RETURN: (ward.away, {}),
        EventKind.READ_BACK: (ward.waiting, {}),
        EventKind.BLOOD_FATE: (ward.units, {"fate": "transfused", "performer": "Sr Cole"}),
    }[kind]
    topic = ward.dice.choice(topics)
    followed = ward.truth.events[topic]
    if kind == EventKind.READ_BACK:
        answers = {"value": followed.answers["value"]}
    return _draft(kind, ward.patients_by_event[topic], topic, **answers)


def _make_blood_issue(ward: Ward, kind: EventKind) -> EventDraft:
    donation = f"G{ward.dice.randrange(10**8):08}"
    return _draft(kind, donation=donation, group="O-neg", why="Bleeding", authorised="Dr Amin")


def _make_of_request(ward: Ward, kind: EventKind) -> EventDraft:
    request, patient = ward.requests.pop(ward.dice.randrange(len(ward.requests)))
    answers = {"decided_by": "Dr Reid"} if kind == EventKind.NOT_NEEDED else {"note": "Clotted"}
    return _draft(kind, patient, request, **answers)


def _make_log_line(ward: Ward, kind: EventKind) -> EventDraft:
    number = str(ward.dice.randrange(10**4))
    answers: dict[EventKind, dict[str, str]] = {
        EventKind.DIVERT: {"service": "Emergency department", "state": "limited", "capacity": number},
        EventKind.INCIDENT: {"what": f"Line {number}"},
        EventKind.RUNNER: {"runner": "Porter", "what": number, "from": "Ward", "to": "Laboratory"},
        EventKind.TELEPHONE: {"caller": "Clerk", "for": "Nurse", "message": number},
    }  # fmt: skip
    return _draft(kind, **answers[kind])


_MAKERS: dict[EventKind, Callable[[Ward, EventKind], EventDraft]] = {
    EventKind.ARRIVAL: _make_arrival, EventKind.MOVE: _make_move, EventKind.DISCHARGE: _make_discharge,
    EventKind.DEATH: _make_death, EventKind.ABSENCE: _make_absence, EventKind.RESULT: _make_result,
    EventKind.RETURN: _make_follow_up, EventKind.READ_BACK: _make_follow_up,
    EventKind.BLOOD_FATE: _make_follow_up, EventKind.BLOOD_ISSUE: _make_blood_issue,
    EventKind.RECOLLECTED: _make_of_request, EventKind.NOT_NEEDED: _make_of_request,
}  # fmt: skip
