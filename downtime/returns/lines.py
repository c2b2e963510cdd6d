"""What every network channel offers to the sender: a line to a receiver, and what an attempt came to."""

from dataclasses import dataclass
from typing import Protocol

from downtime.returns.store import Message

TAKEN, COMMITTED, REFUSED, LATER = "taken", "committed", "refused", "later"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to, in words for a person and in the receiver's own (`answer`).

    `taken`: it has its effect. `committed`: it is in safe keeping, and no more word came.
    `refused`: a person must look. `later`: the same bytes again; with `pause`, nothing else is
    tried at this receiver before that, and `wait` is how many seconds it asked for.
    """

    state: str
    words: str = ""
    answer: str = ""
    pause: bool = False
    wait: float = 0.0


class Line(Protocol):
    """A way to one receiver, opened when first used."""

    def exchange(self, message: Message, content: bytes) -> Outcome:
        """Hand a message over and wait for what becomes of it; a network fault is `later`."""
