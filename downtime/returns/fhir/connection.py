"""One bundle over REST: posted once, or again, and what that came to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from downtime.clock import Clock
from downtime.returns.connection import AttemptResult, Connection
from downtime.returns.fhir import rest_client
from downtime.returns.fhir.target import FhirTarget
from downtime.returns.message_reasons import MessageReason, encode_reason
from downtime.returns.model import AttemptOutcome, Message


@contextmanager
def open_connection(target: FhirTarget, clock: Clock) -> Iterator[Connection]:
    """A connection to one server; InputError when its certificates or token cannot be read."""
    with rest_client.open_client(target, clock) as client:
        yield FhirConnection(client)


@dataclass(slots=True)
class FhirConnection:
    """A connection to one FHIR server."""

    client: rest_client.FhirClient

    def deliver(self, message: Message, content: bytes) -> AttemptResult:
        """Post it. What is refused after an attempt that got no answer may be there already."""
        response = self.client.post(content)
        is_repeated = response.is_refused_whole and message.attempts > 1
        if is_repeated and self.client.has_bundle(message.control_id):
            answer = encode_reason(MessageReason.TAKEN_EARLIER)
            return AttemptResult(AttemptOutcome.TAKEN, answer=answer)
        return AttemptResult(
            response.outcome,
            response.reason,
            response.detail or response.reason,
            response.pause,
            response.wait_seconds,
        )
