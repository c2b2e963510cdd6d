"""To which stay a message belongs that names none by a number: pure.

It is of the stay in which the patient was at that moment. After a discharge it is of that stay still,
unless it admits the patient anew. Of several stays none is chosen.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from downtime.clinical.model import EncounterClass, EncounterStatus
from downtime.snapshot.record_state import Layer, RecordState

_FOREVER = "~"
"""After every time."""
_IN_PROGRESS = EncounterStatus.IN_PROGRESS


@dataclass(slots=True)
class _Stay:
    """A stay with a number, and when the patient was in it."""

    state: RecordState
    begin: str
    end: str
    lies_in_bed: bool


def is_unnumbered(key: str, state: RecordState) -> bool:
    """Whether a stay is known by nothing but an identifier of its patient."""
    return key.count("|") > 1 and not state.fields.get("visit_number")


def join_unnumbered(stays: Mapping[str, RecordState]) -> bool:
    """Lay what names no stay over the stays of one patient that have numbers, by their keys.

    What is left stays a stay of its own. True when something could be of several stays.
    """
    unnumbered = [state for key, state in stays.items() if is_unnumbered(key, state)]
    if not unnumbered or len(unnumbered) == len(stays):
        return False
    numbered = list(_list_stays(stays))
    is_unclear = False
    for state in unnumbered:
        left_over: list[Layer] = []
        is_admitted_anew = False
        for layer in sorted(state.layers, key=lambda layer: layer.stamp):
            possible = _choose_stays(numbered, layer.stamp.moment)
            if not possible and not (is_admitted_anew := is_admitted_anew or _admits(layer)):
                possible = _choose_last(numbered, layer.stamp.moment)
            if len(possible) == 1:
                _lay_over(possible[0], layer)
            else:
                left_over.append(layer)
                is_unclear |= len(possible) > 1
        state.layers = left_over
    return is_unclear


def _list_stays(stays: Mapping[str, RecordState]) -> Iterator[_Stay]:
    for key, state in stays.items():
        fields = state.fields
        status = fields.get("status", "")
        is_plan = status in (EncounterStatus.CANCELLED, EncounterStatus.PLANNED) or (
            not status and "plan" in fields and "presence" not in fields
        )
        if state.layers and not is_plan and not is_unnumbered(key, state):
            is_over = status == EncounterStatus.FINISHED
            end = str(fields.get("ended", "")) or state.updated if is_over else _FOREVER
            in_bed = bool(fields.get("bed")) or fields.get("kind") != EncounterClass.OUTPATIENT
            yield _Stay(state, str(fields.get("started", "")), end, in_bed)


def _choose_stays(stays: list[_Stay], moment: str) -> list[_Stay]:
    """Those in which the patient was; one in a bed before visits of an outpatient."""
    present = [stay for stay in stays if stay.begin <= moment <= stay.end]
    return [stay for stay in present if stay.lies_in_bed] or present


def _choose_last(stays: list[_Stay], moment: str) -> list[_Stay]:
    before = [stay for stay in stays if stay.begin <= moment]
    return [max(before, key=lambda stay: stay.end)] if before else []


def _admits(layer: Layer) -> bool:
    """Whether it begins a stay; what takes a discharge back empties the end."""
    return layer.fields.get("status") == _IN_PROGRESS and layer.fields.get("ended") != ""


def _lay_over(stay: _Stay, layer: Layer) -> None:
    stay.state.apply(layer)
    if layer.fields.get("status") == EncounterStatus.FINISHED:
        stay.end = min(stay.end, str(layer.fields.get("ended", "")) or layer.stamp.moment)
    elif layer.fields.get("ended") == "":
        stay.end = _FOREVER


def drop_overtaken_end(state: RecordState) -> None:
    """An end that was said before the patient came in again is none of the stay that goes on."""
    fields = state.fields
    if fields.get("status") == _IN_PROGRESS and fields.get("ended"):
        stamps = {name: layer.stamp for layer in state.layers for name in layer.fields}
        if stamps["status"][:4] > stamps["ended"][:4]:
            state.set_derived({"ended": "", "ended_text": ""})
