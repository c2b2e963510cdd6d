"""Lay what messages say of one record over each other so that any order gives the same: pure.

Every change is a *layer* of fields with its stamp. Of two layers that say something of one field,
one may supersede the other:

- of two ordinary changes, the one that both happened later and was sent later. What happened
  earlier but was sent later stays beside it, since a cancellation may yet take the first away;
- a cancellation, whatever was sent before it, whenever that happened.

Superseding is a partial order, and what is left is its greatest elements. So applying minds neither
order nor repetition, and no change need be kept once it is applied.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import orjson

from downtime.feeds.model import Operation, Value

Sending = tuple[str, int, int, int]
"""When a change was sent: MSH-7, MSH-13, arrival number, place in its message."""


class Stamp(NamedTuple):
    """When a change happened and was sent (UTC text), for deciding which of two is the newer one.

    Where times do not decide, MSH-13 does, then the number under which it arrived, then its place
    in the message. `extract` marks rows of a full extract by its digest.
    """

    moment: str = ""
    sent: str = ""
    sequence: int = 0
    arrival: int = 0
    part: int = 0
    extract: str = ""

    @property
    def sending(self) -> Sending:
        """The order in which changes were sent, whenever they happened."""
        return self[1:5]


NEVER = Stamp(arrival=-1)


class ExtractCutoff(NamedTuple):
    """The full extract that holds for a data set: what was sent before it no longer counts."""

    sent: str = ""
    arrival: int = 0
    digest: str = ""

    def is_in_force(self, stamp: Stamp) -> bool:
        """Whether a change of this stamp still counts."""
        if stamp.extract or not self.digest:
            return stamp.extract == self.digest
        return stamp.sending > (self.sent, 0, self.arrival, 0)


NO_CUTOFF = ExtractCutoff()


class Layer(NamedTuple):
    """What one change says of a record."""

    stamp: Stamp
    fields: Mapping[str, Value]
    operation: Operation = Operation.SET
    """`SET`, `CANCEL` or `DELETE`."""


@dataclass(slots=True)
class RecordState:
    """The present state of one record, as one combination of identifiers names its person."""

    layers: list[Layer] = field(default_factory=list)
    """In the order in which they happened."""
    deleted: Stamp = NEVER

    @property
    def exists(self) -> bool:
        """Whether anything that was sent after its deletion still counts."""
        return bool(self.layers)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known of it any more, not even that it was deleted."""
        return not self.layers and self.deleted == NEVER

    @property
    def updated(self) -> str:
        """When it last changed."""
        return self.layers[-1].stamp.moment if self.layers else ""

    @property
    def fields(self) -> Mapping[str, Any]:
        """Every field with its present value."""
        if len(self.layers) == 1:
            return self.layers[0].fields
        return {name: value for layer in self._by_weight() for name, value in layer.fields.items()}

    def _by_weight(self) -> list[Layer]:
        """Cancellations first: an ordinary change beside one was sent after it."""
        return sorted(self.layers, key=_is_ordinary)

    def apply(self, new: Layer) -> None:
        """Apply one change to what others left."""
        if new.operation is _DELETE:
            self._delete(new.stamp)
        elif self.deleted is NEVER or new.stamp.sending > self.deleted.sending:
            self._add(new)

    def _delete(self, stamp: Stamp) -> None:
        if stamp.sending > self.deleted.sending:
            self.deleted = stamp
            sending = stamp.sending
            self.layers = [layer for layer in self.layers if layer.stamp.sending > sending]

    def _add(self, new: Layer) -> None:
        if not self.layers:
            self.layers = [new]
            return
        remaining: list[Layer] = []
        needed = True
        for layer in self.layers:
            if _supersedes(new, layer):
                layer = _without(layer, new.fields)
                if not layer.fields:
                    continue
            elif _supersedes(layer, new):
                new = _without(new, layer.fields)
                needed = bool(new.fields)
            remaining.append(layer)
        if needed:
            remaining.append(new)
            if len(remaining) > 1 and remaining[-2].stamp > new.stamp:
                remaining.sort(key=_get_stamp)
        self.layers = remaining

    def apply_cutoff(self, cutoff: ExtractCutoff) -> None:
        """Forget what a full extract has replaced."""
        if cutoff.digest:
            self.layers = [layer for layer in self.layers if cutoff.is_in_force(layer.stamp)]
            if not cutoff.is_in_force(self.deleted):
                self.deleted = NEVER

    def overlay(self, other: "RecordState") -> None:
        """Lay another state of the same record over this one."""
        self.apply_deletion(other.deleted)
        for layer in other.layers:
            self.apply(layer)

    def apply_deletion(self, deleted: Stamp) -> None:
        """Take away what was sent before another state of the record was deleted."""
        if deleted is not NEVER:
            self._delete(deleted)

    def set_derived(self, fields: Mapping[str, Value]) -> None:
        """Let what other records tell hold, whatever was sent of this one."""
        stamp = self.layers[-1].stamp
        self.layers = [_without(layer, fields) for layer in self.layers]
        self.layers.append(Layer(stamp, fields))

    def to_json(self) -> bytes:
        """A short text: most stamps are a time, an arrival number and a place in the message."""
        layers = [
            (_pack(stamp), fields) if operation is _SET else (_pack(stamp), fields, operation)
            for stamp, fields, operation in self.layers
        ]
        whole = [layers] if self.deleted is NEVER else [layers, _pack(self.deleted)]
        return orjson.dumps(whole, default=dict)

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """The state that `to_json` wrote."""
        packed = orjson.loads(text)
        layers = [
            Layer(_unpack(layer[0]), layer[1])
            if len(layer) == 2
            else Layer(_unpack(layer[0]), layer[1], Operation(layer[2]))
            for layer in packed[0]
        ]
        return cls(layers, _unpack(packed[1]) if len(packed) > 1 else NEVER)


_SET, _DELETE = Operation.SET, Operation.DELETE


def _supersedes(new: Layer, old: Layer) -> bool:
    """Whether what `new` says holds instead of what `old` says of the same field."""
    if new.stamp[1:5] < old.stamp[1:5]:
        return False
    if new.operation is not _SET:
        return True
    return old.operation is _SET and new.stamp >= old.stamp


def _without(layer: Layer, names: Mapping[str, Value]) -> Layer:
    if layer.fields.keys().isdisjoint(names):
        return layer
    left_over = {name: value for name, value in layer.fields.items() if name not in names}
    return layer._replace(fields=left_over)


def _is_ordinary(layer: Layer) -> bool:
    return layer.operation is _SET


def _get_stamp(layer: Layer) -> Stamp:
    return layer.stamp


def _pack(stamp: Stamp) -> tuple[Any, ...]:
    moment, sent, sequence, arrival, part, extract = stamp
    if moment == sent and not sequence and not extract:
        return moment, arrival, part
    return tuple(stamp)


def _unpack(packed: list[Any]) -> Stamp:
    if len(packed) == 3:
        moment, arrival, part = packed
        return Stamp(moment, moment, 0, arrival, part)
    return Stamp(*packed)


def begin_state(changes: list[Layer], cutoff: ExtractCutoff = NO_CUTOFF) -> RecordState:
    """The state of a record of which nothing was known before these changes."""
    if len(changes) == 1 and changes[0].operation is not _DELETE and not cutoff.digest:
        return RecordState(changes)  # as most: there is nothing to lay it over
    return apply_changes(RecordState(), changes, cutoff)


def apply_changes(
    state: RecordState, changes: Iterable[Layer], cutoff: ExtractCutoff = NO_CUTOFF
) -> RecordState:
    """`state` with more changes, and without what an extract has replaced."""
    if cutoff.digest:
        state.apply_cutoff(cutoff)
    for change in changes:
        if not cutoff.digest or cutoff.is_in_force(change.stamp):
            state.apply(change)
    return state
