"""One bundle over REST: posted once, or again, and what that came to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from downtime.clock import Clock
from downtime.returns.fhir import rest
from downtime.returns.fhir.target import FhirTarget
from downtime.returns.lines import TAKEN, Line, Outcome
from downtime.returns.store import Message


@contextmanager
def connected(names: FhirTarget, clock: Clock) -> Iterator[Line]:
    """A line to one server; InputError when its certificates or token cannot be read."""
    with rest.connect(names, clock) as client:
        yield FhirLine(client)


@dataclass(slots=True)
class FhirLine:
    """A line to one FHIR server."""

    client: rest.Client

    def exchange(self, message: Message, content: bytes) -> Outcome:
        """Post it. What is refused after an attempt that got no answer may be there already."""
        said = self.client.post(content)
        if said.whole and message.attempts > 1 and self.client.holds(message.control_id):
            return Outcome(TAKEN, answer="It was taken in at an earlier attempt.")
        return Outcome(said.outcome, said.words, said.held or said.words, said.pause, said.wait)
