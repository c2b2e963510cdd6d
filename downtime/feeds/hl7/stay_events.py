"""What each ADT event does to a stay: pure tables, and the fields in which it is said.

- `status`: the events that begin, end or cancel a stay.
- `presence`: events of somebody who is in hospital (a transfer, a leave); they begin nothing.
  `moved`: a transfer to a named place.
- `plan`, and the `planned_` place, class and start: what is to come. It says nothing of a stay that is in
  progress; what a pending transfer or discharge says of somebody's place and class (`known_`) holds where nothing
  else does.
- `over_by`: the discharge time that alone says that a stay is over: no discharge was sent.
- `was_in_bed`: who lay in a bed in this stay is in hospital until an end is sent.

How they meet is settled in `snapshot.settle_stays`. Updates (A08, A31 …) say no status, unless a
discharge time (PV1-45) that has passed comes with them. One still to come is an expected end: shown,
and never an end; and so is one of an event of today that has passed only just.
"""

from datetime import date, timedelta
from typing import NamedTuple

from downtime.clinical.model import EncounterStatus
from downtime.feeds.hl7.data_types import DELETED
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.segments import Segment
from downtime.feeds.model import Value

TRANSFER = "A02"
CANCEL_TRANSFER = "A12"
CANCEL_DISCHARGE = "A13"
_DISCHARGE = "A03"
_CANCEL_PENDING_DISCHARGE = "A25"
STATUS_BY_EVENT = {
    **dict.fromkeys(("A01", "A04", "A06", CANCEL_DISCHARGE), EncounterStatus.IN_PROGRESS),
    _DISCHARGE: EncounterStatus.FINISHED,
    "A11": EncounterStatus.CANCELLED,
}
"""The status of a stay that an event means."""
PRESENCES = frozenset(
    {TRANSFER, "A07", "A09", "A10", CANCEL_TRANSFER, "A21", "A22", "A32", "A33", "A52", "A53"}
)
"""Events of somebody who is in hospital."""
PLAN_BY_EVENT = {
    **dict.fromkeys(("A05", "A14"), EncounterStatus.PLANNED),
    **dict.fromkeys(("A27", "A38"), EncounterStatus.CANCELLED),
}
"""What an event means for a stay that is to come."""
_PENDING_TRANSFER = "A15"
_PENDING = frozenset({_PENDING_TRANSFER, "A16", _CANCEL_PENDING_DISCHARGE, "A26"})
"""A transfer or discharge that is to come, or comes no more."""
STAYS_OF_EVENT = frozenset({"A01", _DISCHARGE, "A11", CANCEL_DISCHARGE})
"""Events that say something of a stay even without a PV1."""
_BEGINNINGS = frozenset({"A01", "A04"})
_ADMISSIONS = _BEGINNINGS | {"A06"}
_NEVER_AN_END = PLAN_BY_EVENT.keys() | _PENDING | {"A11", CANCEL_DISCHARGE}
_TO_COME = ("ward", "bay", "bed", "kind", "started", "started_text")
_LONG_AGO, _BEFORE_ADMISSION = timedelta(days=30), timedelta(days=1)


class VisitEvent(NamedTuple):
    """When something happened to a stay."""

    order: str = ""
    """By which its change is ordered."""
    moment: str = ""
    """When it was; differs from `order` only in the hour that happens twice."""
    is_cancellation: bool = False


def says_presence(trigger: str) -> bool:
    """Whether an event says that somebody is in hospital, or is no more."""
    return trigger in STATUS_BY_EVENT or trigger in PRESENCES


def add_event(
    reader: MessageReader, pv1: Segment, event: VisitEvent, fields: dict[str, Value]
) -> dict[str, Value]:
    """The fields of a stay with what the event says of its status and times."""
    trigger = reader.trigger
    _add_start(reader, pv1, event, fields)
    if status := STATUS_BY_EVENT.get(trigger):
        fields["status"] = status
    elif trigger in PRESENCES:
        fields["presence"] = EncounterStatus.IN_PROGRESS
        if trigger == TRANSFER and (fields.get("ward") or fields.get("bed")):
            fields["moved"] = "1"
    if pv1.get_raw_field(45) and trigger != CANCEL_DISCHARGE:
        _add_end(reader, pv1, event, fields)
    elif trigger == _DISCHARGE:
        _add_discharge(reader, event, fields)
    if trigger == CANCEL_DISCHARGE or (trigger in _ADMISSIONS and "ended" not in fields):
        fields["ended"], fields["ended_text"] = "", ""
    if trigger == _CANCEL_PENDING_DISCHARGE:
        fields["expected_end"] = ""
    return _as_plan(trigger, fields) if trigger in _NEVER_AN_END else _note_bed(trigger, fields)


def _note_bed(trigger: str, fields: dict[str, Value]) -> dict[str, Value]:
    if fields.get("bed"):
        fields["was_in_bed"] = "1"
    elif trigger in _ADMISSIONS or trigger == "A07":
        fields["was_in_bed"] = ""
    return fields


def _as_plan(trigger: str, fields: dict[str, Value]) -> dict[str, Value]:
    """The fields of an event that says nothing of where somebody is now."""
    if plan := PLAN_BY_EVENT.get(trigger):
        planned = {f"planned_{name}": fields.pop(name) for name in _TO_COME if name in fields}
        return {**fields, **planned, "plan": plan}
    if trigger in _PENDING:
        known = _TO_COME if trigger != _PENDING_TRANSFER else ("kind",)
        marked = {f"known_{name}": fields[name] for name in known if name in fields}
        return {name: fields[name] for name in fields if name not in _TO_COME} | marked
    return _note_bed(trigger, fields)


def _add_start(
    reader: MessageReader, pv1: Segment, event: VisitEvent, fields: dict[str, Value]
) -> None:
    if reader.add_time(fields, "started", pv1, 44):
        return
    if pv1.get_raw_field(44) == DELETED:
        fields["started"], fields["started_text"] = "", ""
    elif reader.trigger in _BEGINNINGS and event.moment:
        fields["started"] = event.moment


def _add_discharge(reader: MessageReader, event: VisitEvent, fields: dict[str, Value]) -> None:
    fields["over_by"] = ""
    if ended := event.moment or reader.sent:
        fields["ended"] = ended


def _add_end(
    reader: MessageReader, pv1: Segment, event: VisitEvent, fields: dict[str, Value]
) -> None:
    """PV1-45 as the end, when it was sent as a discharge or has passed; else as the expected end."""
    if pv1.get_raw_field(45) == DELETED:
        fields["ended"], fields["ended_text"], fields["expected_end"] = "", "", ""
        return
    ends: dict[str, Value] = {}
    ended = reader.add_time(ends, "ended", pv1, 45)
    if ended and is_end(reader.trigger, ended, reader.sent or event.order):
        fields.update(ends)
        fields["status"] = EncounterStatus.FINISHED
        fields["over_by"] = "" if reader.trigger == _DISCHARGE else ended
    elif ended:
        fields["expected_end"] = ended
    elif reader.trigger == _DISCHARGE:
        _add_discharge(reader, event, fields)


def is_end(trigger: str, ended: str, now: str) -> bool:
    """Whether a time of discharge is an end, and not only one that was expected.

    Who is moved or admitted today was not discharged this morning; but a stay that is sent long
    after its end (a system that is filled from an older one) has ended.
    """
    if trigger == _DISCHARGE:
        return True
    if not now or trigger in _NEVER_AN_END:
        return False
    if not says_presence(trigger):
        return ended < now[: len(ended)]
    span = _BEFORE_ADMISSION if trigger in _BEGINNINGS else _LONG_AGO
    return ended[:10] < (date.fromisoformat(now[:10]) - span).isoformat()
