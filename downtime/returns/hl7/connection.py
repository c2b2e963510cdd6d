"""One message over MLLP and its answers, in original and in enhanced mode.

An answer belongs to a message by its MSA-2, never by its place. One that names another message
makes the connection doubtful: it is closed, and the message goes out again unchanged. The only
exception is the late application answer to a message that was in safe keeping before.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from downtime.clock import Clock, to_text
from downtime.errors import ConflictError, NotFoundError
from downtime.returns.connection import AttemptResult, Connection, LateAnswer
from downtime.returns.hl7.acknowledgements import (
    Acknowledgement,
    describe_acknowledgement,
    determine_outcome,
    parse_acknowledgement,
    write_commit,
)
from downtime.returns.hl7.mllp import ConnectionBrokenError, MllpClient
from downtime.returns.model import AttemptOutcome, Message, MessageReason, encode_reason
from downtime.returns.profiles import Target
from downtime.settings import Settings
from downtime.vault.write_access import ReadOnlyError


@contextmanager
def open_connection(
    settings: Settings, target: Target, clock: Clock, on_late_answer: LateAnswer
) -> Iterator[Connection]:
    """A connection to one MLLP receiver, closed at the end."""
    with closing(MllpClient(target)) as client:
        yield MllpConnection(target, client, clock, on_late_answer)


@dataclass(slots=True)
class MllpConnection:
    """A connection to one MLLP receiver."""

    target: Target
    client: MllpClient
    clock: Clock
    on_late_answer: LateAnswer

    def deliver(self, message: Message, content: bytes) -> AttemptResult:
        """Send, then wait for the answer that is final in this mode."""
        try:
            return self._deliver(message, content)
        finally:
            if not self.target.keep_open:
                self.client.close()

    def _deliver(self, message: Message, content: bytes) -> AttemptResult:
        commit: Acknowledgement | None = None
        try:
            self.client.send(content)
            deadline = self.client.deadline()
            while True:
                answer = self._own_answer(self._receive(deadline), message.control_id)
                if answer is None:
                    continue
                result = self._result(answer, is_committed=commit is not None)
                if result is not None:
                    return result
                commit, deadline = answer, self.client.deadline()
        except ConnectionBrokenError as fault:
            if commit is not None:
                reason = encode_reason(MessageReason.ACCEPTED_ONLY)
                text = describe_acknowledgement(commit)
                return AttemptResult(AttemptOutcome.COMMITTED, reason, text)
            may_have_arrived = not fault.nothing_left
            return AttemptResult(
                AttemptOutcome.LATER, str(fault), pause=True, is_unanswered=may_have_arrived
            )

    def _result(self, answer: Acknowledgement, *, is_committed: bool) -> AttemptResult | None:
        """What an answer settles; None when the application's answer is still awaited."""
        outcome = determine_outcome(answer, self.target.retry)
        if outcome == AttemptOutcome.COMMITTED:
            if self.target.enhanced and self.target.application_answer:
                return None
            return AttemptResult(AttemptOutcome.TAKEN, answer=answer.code)
        if not answer.is_commit:
            self._confirm(answer)
        if outcome == AttemptOutcome.TAKEN:
            return AttemptResult(AttemptOutcome.TAKEN, answer=answer.code)
        if is_committed:
            # In safe keeping: what its application makes of it is no longer ours to repeat.
            outcome = AttemptOutcome.REFUSED
        text = describe_acknowledgement(answer)
        is_busy = outcome == AttemptOutcome.LATER
        return AttemptResult(outcome, text, text, pause=is_busy, asks_for_pause=is_busy)

    def _receive(self, deadline: float) -> Acknowledgement:
        answer = parse_acknowledgement(self.client.receive(deadline))
        if answer is None:
            self.client.close()
            raise ConnectionBrokenError(
                f"{self.target.system} answered with something that is no answer."
            )
        return answer

    def _own_answer(self, answer: Acknowledgement, control_id: str) -> Acknowledgement | None:
        """The answer if it is to this message; None when it was a late one to another of ours."""
        if answer.message_id == control_id:
            return answer
        if answer.is_commit:
            raise self._foreign_error()
        is_taken = determine_outcome(answer) == AttemptOutcome.TAKEN
        try:
            self.on_late_answer(answer.message_id, describe_acknowledgement(answer), is_taken)
        except ReadOnlyError:
            raise
        except (NotFoundError, ConflictError):
            raise self._foreign_error() from None
        self._confirm(answer)
        return None

    def _foreign_error(self) -> ConnectionBrokenError:
        self.client.close()
        return ConnectionBrokenError(f"{self.target.system} answered another message.")

    def _confirm(self, answer: Acknowledgement) -> None:
        """The commit answer to an application's answer, if it asks for one."""
        if self.target.enhanced and answer.wants_commit and answer.control_id:
            at = to_text(self.clock()).translate({ord(c): None for c in "-:TZ"})
            self.client.send_commit(write_commit(answer, at, f"A{answer.control_id}"[:20]))
