"""What the messages of a stay mean together: under which number it goes on, and whether it is in
progress. Pure.

Fields of a stay that are no fields of a record are read here, as `feeds.hl7.stay_events` says them:
`status`, `presence`, `plan` with its `planned_` fields, `was_in_bed`, `continued_as`.

- Only what begins a stay takes a discharge back: a transfer that is sent later does not.
- A stay that is in progress is not made one to come, nor is it cancelled, by what was planned.
- Who lay in a bed is in hospital until an end is sent, whatever class a later message names.
"""

from collections.abc import Mapping
from typing import Any

from downtime.clinical.model import EncounterClass, EncounterStatus
from downtime.feeds.model import Value
from downtime.snapshot.record_state import RecordState, Sending

CONTINUED_AS = "continued_as"
_NEVER_SENT: Sending = ("", -1, -1, -1)
_IN_PROGRESS = EncounterStatus.IN_PROGRESS
_PLANNED = "planned_"


def find_continuations(states: Mapping[str, RecordState]) -> dict[str, str]:
    """Of stays of one person by their keys: each that goes on under another number, and that number.

    Of two that each go on as the other, the one that was sent later holds.
    """
    sent = sorted(
        (_list_sendings(state)[CONTINUED_AS], key, str(target))
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


def settle_stay(state: RecordState) -> bool:
    """Derive status, class and place of one stay; whether it was moved after its discharge."""
    fields = state.fields
    if not fields.keys() & {"presence", "plan", "was_in_bed"}:
        return False
    sendings = _list_sendings(state)
    status, moved_after_end = _find_status(fields, sendings)
    derived: dict[str, Value] = {}
    if _plan_holds(fields, sendings, status):
        status = fields["plan"]
        derived = {
            name.removeprefix(_PLANNED): value
            for name, value in fields.items()
            if name.startswith(_PLANNED)
        }
    elif fields.get("was_in_bed") and fields.get("kind") == EncounterClass.OUTPATIENT:
        derived["kind"] = EncounterClass.INPATIENT
    if status:
        derived["status"] = status
    if changed := {name: value for name, value in derived.items() if fields.get(name) != value}:
        state.set_derived(changed)
    return moved_after_end


def _list_sendings(state: RecordState) -> dict[str, Sending]:
    """When the present value of each field was sent."""
    layers = sorted(state.layers, key=lambda layer: layer.operation == "set")
    return {name: layer.stamp.sending for layer in layers for name in layer.fields}


def _find_status(fields: Mapping[str, Any], sendings: Mapping[str, Sending]) -> tuple[str, bool]:
    """The status by what began or ended the stay, and by who was seen in it since."""
    status = str(fields.get("status", ""))
    if not fields.get("presence"):
        return status, False
    is_later = sendings["presence"] > sendings.get("status", _NEVER_SENT)
    if status == EncounterStatus.FINISHED:
        return status, is_later
    if status == EncounterStatus.CANCELLED and not is_later:
        return status, False
    return _IN_PROGRESS, False


def _plan_holds(fields: Mapping[str, Any], sendings: Mapping[str, Sending], status: str) -> bool:
    """Whether a stay is one to come, or one that comes no more."""
    plan = fields.get("plan", "")
    if not plan or status == _IN_PROGRESS:
        return False
    is_new = plan == EncounterStatus.PLANNED and sendings["plan"] > sendings.get(
        "status", _NEVER_SENT
    )
    return not status or is_new
