"""What the messages of a stay mean together: under which number it goes on, and whether it is in
progress. Pure.

Fields of a stay that are no fields of a record are read here, as `feeds.hl7.stay_events` says them:
`status`, `presence`, `moved`, `plan` with its `planned_` fields, `known_` fields, `was_in_bed`,
`over_by`, `continued_as`.

- Only what begins a stay takes a discharge back, and so does a transfer to a named place well after
  it: nobody vanishes who lies somewhere. That is said, for a person to ask.
- A stay that is in progress is not made one to come, nor is it cancelled, by what was planned.
- A cancelled admission that was planned is a planned one again.
- What a pending transfer or discharge says of a stay holds where nothing else does.
- Who lay in a bed is in hospital until an end is sent, whatever class a later message names.
- A discharge time before the admission ends nothing where no discharge was sent: it is said.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from downtime.clinical.model import EncounterClass, EncounterStatus
from downtime.feeds.model import CONTINUED_AS, FindingKind, Value
from downtime.snapshot.record_state import NEVER, RecordState, Stamp
from downtime.snapshot.settled_state import SettledState

_IN_PROGRESS = EncounterStatus.IN_PROGRESS
_PLANNED, _KNOWN = "planned_", "known_"
_READ_HERE = frozenset({"presence", "plan", "was_in_bed", "known_ward", "known_kind", "over_by"})
CONTRADICTIONS = {
    FindingKind.MOVED_AFTER_DISCHARGE: "A patient was moved after their discharge was sent.",
    FindingKind.TIME_UNREADABLE: "The discharge time of a stay lies before its admission: it ends nothing.",
}
"""What the messages of a stay contradict each other in, by its kind, as data quality says it."""
_MINUTE = len("2026-11-02T14:30")


def find_continuations(states: Mapping[str, RecordState]) -> dict[str, str]:
    """Of stays of one person by their keys: each that goes on under another number, and that number.

    Of two that each go on as the other, the one that was sent later holds.
    """
    sent = sorted(
        (_list_stamps(state)[CONTINUED_AS].sending, key, str(target))
        for key, state in states.items()
        if (target := state.fields.get(CONTINUED_AS))
    )
    continuations: dict[str, str] = {}
    for _, key, target in reversed(sent):
        last = target
        while last in continuations:
            last = continuations[last]
        if last != key:
            continuations[key] = target
    return continuations


def is_only_named(state: RecordState) -> bool:
    """Whether nothing is known of a stay but that it goes on under another number."""
    return state.fields.keys() == {CONTINUED_AS}


def settle_stay(state: RecordState) -> FindingKind | None:
    """Derive status, class, place and end of one stay; what its messages contradict each other in:
    a move after the discharge, or a discharge before the admission.
    """
    fields = state.fields
    if not fields.keys() & _READ_HERE:
        return None
    stamps = _list_stamps(state)
    status, moved_after_end = _find_status(fields, stamps)
    ends_before = status == EncounterStatus.FINISHED and _ends_before_start(fields)
    if ends_before:
        status = _IN_PROGRESS
    derived = _list_prefixed(fields, _KNOWN)
    derived = {name: value for name, value in derived.items() if name not in fields}
    if _plan_holds(fields, stamps, status):
        status = fields["plan"]
        derived |= _list_prefixed(fields, _PLANNED)
    elif fields.get("was_in_bed") and fields.get("kind") == EncounterClass.OUTPATIENT:
        derived["kind"] = EncounterClass.INPATIENT
    if status:
        derived["status"] = status
    if status == _IN_PROGRESS and (moved_after_end or ends_before):
        derived |= {"ended": "", "ended_text": ""}
    if changed := {name: value for name, value in derived.items() if fields.get(name) != value}:
        state.set_derived(changed)
    if ends_before:
        return FindingKind.TIME_UNREADABLE
    return FindingKind.MOVED_AFTER_DISCHARGE if moved_after_end else None


def _ends_before_start(fields: Mapping[str, Any]) -> bool:
    """Whether all that ends a stay is a time of discharge (PV1-45) of before it began."""
    ended, started = str(fields.get("over_by", "")), str(fields.get("started", ""))
    return bool(ended) and ended == fields.get("ended") and ended < started[: len(ended)]


def _list_prefixed(fields: Mapping[str, Any], prefix: str) -> dict[str, Value]:
    return {
        name.removeprefix(prefix): value
        for name, value in fields.items()
        if name.startswith(prefix)
    }


def _list_stamps(state: RecordState) -> dict[str, Stamp]:
    """When the present value of each field was said."""
    layers = sorted(state.layers, key=lambda layer: layer.operation == "set")
    return {name: layer.stamp for layer in layers for name in layer.fields}


def _find_status(fields: Mapping[str, Any], stamps: Mapping[str, Stamp]) -> tuple[str, bool]:
    """The status by what began or ended the stay, and by who was seen in it since."""
    status = str(fields.get("status", ""))
    if not fields.get("presence"):
        return status, False
    status_stamp = stamps.get("status", NEVER)
    is_later = stamps["presence"].sending > status_stamp.sending
    if status == EncounterStatus.FINISHED:
        was_moved = _is_move_after(stamps.get("moved", NEVER), status_stamp)
        return (_IN_PROGRESS if was_moved else status), is_later
    if status == EncounterStatus.CANCELLED and not is_later:
        return status, False
    return _IN_PROGRESS, False


def _is_move_after(moved: Stamp, discharged: Stamp) -> bool:
    """Whether somebody was moved to a place well after their discharge: they lie there.

    Within a minute the two may have changed places.
    """
    if moved.sending <= discharged.sending:
        return False
    return moved.moment[:_MINUTE] > discharged.moment[:_MINUTE]


def _plan_holds(fields: Mapping[str, Any], stamps: Mapping[str, Stamp], status: str) -> bool:
    """Whether a stay is one to come, or one that comes no more."""
    plan = fields.get("plan", "")
    if not plan or status == _IN_PROGRESS:
        return False
    if not status or plan != EncounterStatus.PLANNED:
        return not status
    is_new = stamps["plan"].sending > stamps.get("status", NEVER).sending
    return is_new or status == EncounterStatus.CANCELLED


def drop_named_places(settled: Iterable[SettledState], stay_system: str) -> list[SettledState]:
    """Stays without those that only say where an order or result named a place (no status).

    They are a clue where the system that keeps stays has said nothing of the person at all.
    """
    stays = list(settled)
    known = {item.person for item in stays if _is_told(item, stay_system)}
    return [item for item in stays if item.person not in known or _is_told(item, stay_system)]


def _is_told(item: SettledState, stay_system: str) -> bool:
    return item.source == stay_system or bool(item.state.fields.get("status"))
