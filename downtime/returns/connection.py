"""What every network channel offers to the sender: a connection, and what an attempt came to."""

import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from downtime.clock import Clock
from downtime.errors import InputError
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
    """Whether a receiver that refused it has certainly kept nothing of it."""


class Connection(Protocol):
    """A connection to one receiver, opened when first used."""

    def deliver(self, message: Message, content: bytes) -> AttemptResult:
        """Hand a message over and wait for what becomes of it; a network fault is `LATER`."""


LateAnswer = Callable[[str, str, bool], None]
"""Record the late answer to a message in safe keeping: its control ID, the answer's words, and
whether it was taken in. NotFoundError or ConflictError for what is not ours."""
OpenConnection = Callable[[Settings, Target, Clock, LateAnswer], AbstractContextManager[Connection]]


def build_tls_context(receiver: str, ca_file: str, certificate_file: str) -> ssl.SSLContext:
    """TLS that checks a receiver, with our own certificate where it is asked for; InputError."""
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        if certificate_file:
            context.load_cert_chain(certificate_file)
    except (OSError, ssl.SSLError):
        raise InputError(
            "target.certificate",
            f"The certificates set for {receiver} cannot be read.",
            "Name PEM files in ca_file and certificate_file that this program may read.",
        ) from None
    return context
