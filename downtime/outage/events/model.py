"""An event: what happened, to whom, when, and who said so on which machine, when. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from downtime.clinical import display
from downtime.clinical.identifiers import has_check_character
from downtime.clinical.model import Patient

_ID = re.compile(r"[A-Z0-9]{8}E[0-9]{2}[0-9A-Z]")


def is_event_id(text: str) -> bool:
    """Whether a text has the shape of an event's id, which no serial of a form has."""
    return bool(_ID.fullmatch(text)) and has_check_character(text)


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    EVENT_RECORD = "event.record"
    EVENT_CORRECT = "event.correct"
    EVENT_WITHDRAW = "event.withdraw"


class EventKind(StrEnum):
    """What can be recorded; `kinds` has a row for each."""

    ARRIVAL = "arrival"
    ADMISSION = "admission"
    MOVE = "move"
    SWAP = "swap"
    DISCHARGE = "discharge"
    DEATH = "death"
    ABSENCE = "absence"
    RETURN = "return"
    RESULT = "result"
    READ_BACK = "read-back"
    RECOLLECTED = "recollected"
    NOT_NEEDED = "not-needed"
    APPOINTMENT = "appointment"
    BLOOD_ISSUE = "blood-issue"
    BLOOD_FATE = "blood-fate"
    DIVERT = "divert"
    INCIDENT = "incident"
    RUNNER = "runner"
    TELEPHONE = "telephone"
    SAMPLES = "samples"


class EventSubject(NamedTuple):
    """Whom an event is topic, as known when it was recorded: the snapshot may be gone later.

    `patient` is the id in the snapshot, or the id of the arrival that registered the person.
    """

    patient: str = ""
    mrn: str = ""
    nhs_number: str = ""
    downtime_number: str = ""
    family: str = ""
    given: str = ""
    prefix: str = ""
    birth_date: str = ""
    gender: str = ""

    @property
    def label(self) -> str:
        """`SURNAME, Given (Title)`; empty without a patient."""
        if not self.patient:
            return ""
        name = Patient(id=self.patient, family=self.family, given=self.given, prefix=self.prefix)
        return display.format_name(name)


NOBODY = EventSubject()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row of the record. Times are UTC as stored.

    `happened` is when it really was, `entered` when it was recorded. `root` is the first event that
    this one corrects; of the first it is the event's own id.
    """

    id: str
    root: str
    position: int
    """Higher than that of every event which its machine knew: who corrects something comes after it."""
    device: str
    outage: str
    origin: str = ""
    """The outage as the laptop names it that recorded it, `K7:2026-11-02-1`; empty for our own."""
    kind: EventKind
    subject: EventSubject
    ward: str
    """The ward that it concerns; empty for none."""
    topic: str
    """The id of a request, an appointment or an earlier event that it is about."""
    happened: str
    entered: str
    author: str
    author_name: str
    author_role: str
    answers: Mapping[str, str]
    """By the names of the kind's fields."""
    is_withdrawn: bool
    reason: str
    """Why it was corrected or withdrawn."""

    @property
    def is_correction(self) -> bool:
        """Whether it stands in place of an earlier one."""
        return self.root != self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class EventThread:
    """An event with its corrections; what counts is the newest version, unless it withdraws it."""

    versions: tuple[Event, ...]
    """Oldest first."""
    follow_ups: tuple[Event, ...] = ()
    """What was recorded about it later and stands: a read-back, a fate, a return; oldest first."""

    @property
    def latest(self) -> Event:
        """The version that counts."""
        return self.versions[-1]

    @property
    def root(self) -> str:
        """The id under which it is known, whatever is corrected."""
        return self.latest.root

    @property
    def stands(self) -> bool:
        """Whether it was not withdrawn."""
        return not self.latest.is_withdrawn

    @property
    def is_corrected(self) -> bool:
        """Whether an earlier version says something else."""
        return len(self.versions) > 1
