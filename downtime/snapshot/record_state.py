"""Lay changes of one record over each other so that any order and repetition gives the same: pure.

Of each field the newest value is kept with its stamp, and of the record when it was last said to
exist and to be gone. No later change is ever compared with anything else, so a change need not be
kept once it is applied: applying is a maximum, which does not mind order or repetition.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import orjson

from downtime.feeds.model import Value


class Stamp(NamedTuple):
    """When a change was sent, for deciding which of two is the newer one.

    Times first (UTC text); then where it stood. `run` counts only for what carries no time: a
    later delivery is then the newer one. `extract` marks rows of a full extract by its digest.
    """

    moment: str
    sent: str
    run: int
    file: str
    number: int
    part: int
    extract: str = ""


class ExtractCutoff(NamedTuple):
    """The full extract that holds for a data set: what was sent before it no longer counts."""

    sent: str = ""
    file: str = ""
    number: int = 0
    digest: str = ""

    def is_in_force(self, stamp: Stamp) -> bool:
        """Whether a change of this stamp still counts."""
        if stamp.extract or not self.digest:
            return stamp.extract == self.digest
        return stamp.moment > self.sent


NEVER = Stamp("", "", -1, "", 0, 0)


class StampedChange(NamedTuple):
    """One change with its time; whom it is about as a number, and how sure that is."""

    stamp: Stamp
    deletes: bool
    fields: Mapping[str, Value]
    mention: int
    strength: int


Layer = tuple[Stamp, dict[str, Any]]


@dataclass(slots=True)
class RecordState:
    """The present state of one record."""

    layers: list[Layer] = field(default_factory=list)
    """The fields of each stamp, oldest first; a field is only in its newest layer."""
    latest: Stamp = NEVER
    deleted: Stamp = NEVER
    mentions: dict[int, tuple[Stamp, int]] = field(default_factory=dict)
    """Whom it is about: the newest mention of each strength, so that an extract can take one away
    and leave the one before."""

    @property
    def exists(self) -> bool:
        return self.latest > self.deleted

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known of it any more, not even that it was deleted."""
        return self.latest == self.deleted == NEVER

    @property
    def mention(self) -> int:
        """The number of the strongest mention; 0 when it is about nobody."""
        return self.mentions[max(self.mentions)][1] if self.mentions else 0

    @property
    def fields(self) -> dict[str, Any]:
        """Every field with its present value."""
        return {name: value for _, layer in self.layers for name, value in layer.items()}

    def apply_change(self, change: StampedChange) -> None:
        """Apply one change to what earlier ones left."""
        stamp = change.stamp
        if change.mention:
            newest = self.mentions.get(change.strength, (NEVER, 0))
            self.mentions[change.strength] = max(newest, (stamp, change.mention))
        if change.deletes:
            self.deleted = max(self.deleted, stamp)
            self.layers = [layer for layer in self.layers if layer[0] > self.deleted]
            return
        self.latest = max(self.latest, stamp)
        if stamp > self.deleted and change.fields:
            self._add_layer(stamp, dict(change.fields))

    def _add_layer(self, stamp: Stamp, new: dict[str, Any]) -> None:
        for other, layer in self.layers:
            for name in new.keys() & layer.keys():
                if other < stamp or (other == stamp and _is_less(layer[name], new[name])):
                    del layer[name]
                else:
                    del new[name]
        if new:
            self.layers.append((stamp, new))
            self.layers = [layer for layer in self.layers if layer[1]]
            self.layers.sort(key=_get_stamp)

    def apply_cutoff(self, cutoff: ExtractCutoff) -> None:
        """Forget what a full extract has replaced."""
        if not cutoff.digest:
            return
        self.layers = [layer for layer in self.layers if cutoff.is_in_force(layer[0])]
        self.mentions = {
            strength: mention
            for strength, mention in self.mentions.items()
            if cutoff.is_in_force(mention[0])
        }
        if not cutoff.is_in_force(self.latest):
            self.latest = NEVER
        if not cutoff.is_in_force(self.deleted):
            self.deleted = NEVER

    def to_json(self) -> bytes:
        """A short text: a stamp that says nothing new is left out."""
        newest = self.layers[-1][0] if self.layers else NEVER
        latest = None if self.latest == newest else self.latest
        deleted = None if self.deleted == NEVER else self.deleted
        mentions = [
            [strength, None if stamp == self.latest else stamp, number]
            for strength, (stamp, number) in self.mentions.items()
        ]
        return orjson.dumps([self.layers, latest, deleted, mentions], default=tuple)

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """The state that `to_json` wrote."""
        listed, latest_stamp, deleted_stamp, mentions = orjson.loads(text)
        layers = [(Stamp(*stamp), layer) for stamp, layer in listed]
        newest = layers[-1][0] if layers else NEVER
        latest = Stamp(*latest_stamp) if latest_stamp else newest
        deleted = Stamp(*deleted_stamp) if deleted_stamp else NEVER
        if mentions and isinstance(mentions[0], int):
            mentions = [mentions] if mentions[2] else []  # as written before there were several
        return cls(
            layers,
            latest,
            deleted,
            {
                strength: (Stamp(*stamp) if stamp else latest, number)
                for strength, stamp, number in mentions
            },
        )


def _is_less(value: Any, other: Any) -> bool:
    """Decides between two values of one stamp, whether they were just read or stored before."""
    return orjson.dumps(value) < orjson.dumps(other)


def _get_stamp(layer: Layer) -> Stamp:
    return layer[0]


def apply_changes(
    state: RecordState, sayings: Iterable[StampedChange], cutoff: ExtractCutoff
) -> RecordState:
    """`state` with more changes, and without what an extract has replaced."""
    state.apply_cutoff(cutoff)
    for change in sayings:
        if not cutoff.digest or cutoff.is_in_force(change.stamp):
            state.apply_change(change)
    return state
