"""Lay changes of one record over each other so that any order and repetition gives the same: pure.

For each field the newest value is kept together with its stamp, and for the record when it was
last said to exist and to be gone. That is all that any later change can ever be compared with, so
a change need not be kept once it is laid in: applying is a maximum, and a maximum does not mind
order or repetition.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import orjson

from downtime.feeds.changes import Value


class Stamp(NamedTuple):
    """When something was said, for deciding which of two sayings is the newer one.

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


class Cutoff(NamedTuple):
    """The full extract that holds for a data set: what was said before it no longer counts."""

    sent: str = ""
    file: str = ""
    number: int = 0
    digest: str = ""

    def counts(self, stamp: Stamp) -> bool:
        """Whether something said at `stamp` still counts."""
        if stamp.extract or not self.digest:
            return stamp.extract == self.digest
        return stamp.moment > self.sent


NEVER = Stamp("", "", -1, "", 0, 0)


class Saying(NamedTuple):
    """One change as the fold needs it: who it is about as a number, and how sure that is."""

    stamp: Stamp
    deletes: bool
    fields: Mapping[str, Value]
    mention: int
    strength: int


@dataclass(slots=True)
class Folded:
    """The present state of one record."""

    fields: dict[str, tuple[Stamp, Any]] = field(default_factory=dict)
    said: Stamp = NEVER
    deleted: Stamp = NEVER
    mention: tuple[int, Stamp, int] = (-1, NEVER, 0)
    """Strength, stamp and number of the strongest, then newest, saying of whom it is about."""

    @property
    def exists(self) -> bool:
        return self.said > self.deleted

    def lay(self, saying: Saying) -> None:
        """Take one change in."""
        if saying.mention:
            mine = (saying.strength, saying.stamp, saying.mention)
            self.mention = max(self.mention, mine)
        if saying.deletes:
            self.deleted = max(self.deleted, saying.stamp)
            self._forget(lambda stamp: stamp > self.deleted)
            return
        self.said = max(self.said, saying.stamp)
        if saying.stamp > self.deleted:
            for name, value in saying.fields.items():
                held = self.fields.get(name)
                if not held or _newer(saying.stamp, value, *held):
                    self.fields[name] = (saying.stamp, value)

    def cut(self, cutoff: Cutoff) -> None:
        """Forget what a full extract has replaced."""
        if not cutoff.digest:
            return
        self._forget(cutoff.counts)
        if not cutoff.counts(self.said):
            self.said = NEVER
        if not cutoff.counts(self.deleted):
            self.deleted = NEVER

    def _forget(self, keeps: Any) -> None:
        self.fields = {name: held for name, held in self.fields.items() if keeps(held[0])}

    def to_json(self) -> bytes:
        """A short text: every stamp is written once and named by its place."""
        stamps: dict[Stamp, int] = {}

        def place(stamp: Stamp) -> int:
            return stamps.setdefault(stamp, len(stamps))

        body = [
            {name: [place(stamp), value] for name, (stamp, value) in self.fields.items()},
            place(self.said),
            place(self.deleted),
            [self.mention[0], place(self.mention[1]), self.mention[2]],
        ]
        return orjson.dumps([[list(stamp) for stamp in stamps], *body])

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """The state that `to_json` wrote."""
        listed, held, said, deleted, (strength, mentioned, mention) = orjson.loads(text)
        stamps = [Stamp(*stamp) for stamp in listed]
        return cls(
            {name: (stamps[at], value) for name, (at, value) in held.items()},
            stamps[said],
            stamps[deleted],
            (strength, stamps[mentioned], mention),
        )


def _newer(stamp: Stamp, value: Any, held: Stamp, held_value: Any) -> bool:
    return stamp > held or (stamp == held and repr(value) > repr(held_value))


def fold(state: Folded, sayings: Iterable[Saying], cutoff: Cutoff) -> Folded:
    """`state` with more changes laid in, and without what an extract has replaced."""
    state.cut(cutoff)
    for saying in sayings:
        if not cutoff.digest or cutoff.counts(saying.stamp):
            state.lay(saying)
    return state
