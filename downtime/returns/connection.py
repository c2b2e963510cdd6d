"""What every network channel offers to the sender: a connection, and what an attempt came to."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from downtime.clock import Clock
from downtime.returns.model import AttemptOutcome, Message
from downtime.returns.profiles import Target
from downtime.settings import Settings


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What one attempt came to: `reason` for a person, `answer` in the receiver's own words.

    With `pause`, nothing else is tried at this receiver before the next attempt, and
    `wait_seconds` is what it asked for.
    """

    outcome: AttemptOutcome
    reason: str = ""
    answer: str = ""
    pause: bool = False
    wait_seconds: float = 0.0
    stored_nothing: bool = False
    """Whether a receiver that refused it has certainly kept nothing of this attempt."""
    asks_for_pause: bool = False
    """Whether the receiver itself asked to be left alone: all its other messages wait as well."""
    is_unanswered: bool = False
    """Whether it may have arrived although nothing says so: its bytes left, and no answer came."""
    is_absent: bool = False
    """Whether the receiver says that it holds nothing of it, of earlier attempts neither."""


class Connection(Protocol):
    """A connection to one receiver, opened when first used."""

    def deliver(self, message: Message, content: bytes) -> AttemptResult:
        """Hand a message over and wait for what becomes of it; a network fault is `LATER`."""


LateAnswer = Callable[[str, str, bool], None]
"""Record the late answer to a message in safe keeping: its control ID, the answer's words, and
whether it was taken in. NotFoundError or ConflictError for what is not ours."""
OpenConnection = Callable[[Settings, Target, Clock, LateAnswer], AbstractContextManager[Connection]]
