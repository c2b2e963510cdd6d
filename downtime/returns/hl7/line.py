"""One message over MLLP and its answers, in original and in enhanced mode.

An answer belongs to a message by its MSA-2, never by its place. One that names another message
makes the connection doubtful: it is closed, and the message goes out again unchanged. The only
exception is the late application answer to a message that was kept safe before.
"""

from collections.abc import Callable
from dataclasses import dataclass

from downtime.clock import Clock, to_text
from downtime.errors import ConflictError, NotFoundError
from downtime.returns.hl7 import answers
from downtime.returns.hl7.answers import Answer
from downtime.returns.hl7.mllp import BrokenError, Line
from downtime.returns.lines import COMMITTED, LATER, REFUSED, TAKEN, Outcome
from downtime.returns.profiles import Target
from downtime.returns.store import Message

Late = Callable[[str, str, str], None]
"""Record the late answer to a message kept safe before: control ID, `taken` or `refused`, words."""


@dataclass(slots=True)
class MllpLine:
    """A line to one MLLP receiver. `late` raises NotFoundError or ConflictError for what is not ours."""

    target: Target
    line: Line
    clock: Clock
    late: Late

    def exchange(self, message: Message, content: bytes) -> Outcome:
        """Send, then wait for the answer that is final in this mode."""
        try:
            return self._exchange(message, content)
        finally:
            if not self.target.keep_open:
                self.line.close()

    def _exchange(self, message: Message, content: bytes) -> Outcome:
        committed: Answer | None = None
        try:
            self.line.send(content)
            deadline = self.line.deadline()
            while True:
                answer = self._ours(self._answer(deadline), message.control_id)
                if answer is None:
                    continue
                result = self._outcome(answer, committed is not None)
                if result is not None:
                    return result
                committed, deadline = answer, self.line.deadline()
        except BrokenError as fault:
            if committed is not None:
                said = "It is in safe keeping; whether it was taken in was not said."
                return Outcome(COMMITTED, said, answers.reason(committed))
            return Outcome(LATER, str(fault), pause=True)

    def _outcome(self, answer: Answer, committed: bool) -> Outcome | None:
        """What an answer settles; None when the application's answer is still awaited."""
        state = answers.outcome(answer, self.target.retry)
        words = answers.reason(answer)
        if state == answers.COMMITTED:
            awaited = self.target.enhanced and self.target.application_answer
            return None if awaited else Outcome(TAKEN, "", answer.code)
        if not answer.is_commit:
            self._confirm(answer)
        if state == answers.LATER and committed:
            # In safe keeping: what its application makes of it is no longer ours to repeat.
            state = answers.REFUSED
        if state == answers.TAKEN:
            return Outcome(TAKEN, "", answer.code)
        return Outcome(LATER if state == answers.LATER else REFUSED, words, words)

    def _answer(self, deadline: float) -> Answer:
        found = answers.parse(self.line.receive(deadline))
        if found is None:
            self.line.close()
            raise BrokenError(f"{self.target.system} answered with something that is no answer.")
        return found

    def _ours(self, answer: Answer, control_id: str) -> Answer | None:
        """The answer if it is to this message; None when it was a late one to another of ours."""
        if answer.about == control_id:
            return answer
        try:
            if answer.is_commit:
                raise self._foreign()
            state = TAKEN if answers.outcome(answer) == answers.TAKEN else REFUSED
            self.late(answer.about, state, answers.reason(answer))
        except (NotFoundError, ConflictError):
            raise self._foreign() from None
        self._confirm(answer)
        return None

    def _foreign(self) -> BrokenError:
        self.line.close()
        return BrokenError(f"{self.target.system} answered another message.")

    def _confirm(self, answer: Answer) -> None:
        """The commit answer to an application's answer, if it asks for one."""
        if not (self.target.enhanced and answer.wants and answer.own):
            return
        at = to_text(self.clock()).translate({ord(c): None for c in "-:TZ"})
        self.line.say(answers.commit(answer, at, f"A{answer.own}"[:20]))
