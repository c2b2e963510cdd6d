"""Send what waits for a FHIR server: one message after the other, until it is empty or wants a rest."""

from collections.abc import Callable
from dataclasses import dataclass

from downtime.config import Settings
from downtime.returns import outbox, rest
from downtime.returns.fhir_target import fhir_target
from downtime.returns.outbox import Sender
from downtime.returns.outbox_states import FHIR
from downtime.returns.profiles import target
from downtime.returns.store import Message
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

Progress = Callable[[int], None]


@dataclass(slots=True)
class Sent:
    """What one round did; `pause` is how many seconds the server is to be left alone, at least."""

    taken: int = 0
    refused: int = 0
    later: int = 0
    pause: float = 0.0
    words: str = ""

    @property
    def sentence(self) -> str:
        """In words, for a job's end and a terminal; never what a server said about a patient."""
        words = f"{self.taken} bundle{'' if self.taken == 1 else 's'} taken in"
        if self.refused:
            words += f", {self.refused} refused"
        if self.later:
            words += f", {self.later} to be tried again"
        return words + "."


def send(
    vault: Vault,
    settings: Settings,
    system: str,
    who: Actor,
    *,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress = lambda done: None,
) -> Sent:
    """Send all that may go to a system now, each patient's in order.

    A fault of the server as a whole ends the round: it is tried again when the first message is
    due. ConflictError while another program sends to it; InputError for settings that cannot be.
    """
    names = fhir_target(settings, system, target(settings, system).fhir)
    done = Sent()
    with (
        outbox.sender(vault, settings.returns, system, FHIR, who) as sender,
        rest.connect(names, vault.clock) as client,
    ):
        while not stop() and not done.pause and (message := sender.next()):
            _settle(sender, message, client.post(sender.content(message)), done)
            progress(done.taken + done.refused)
    return done


def _settle(sender: Sender, message: Message, answer: rest.Answer, done: Sent) -> None:
    if answer.outcome == rest.TAKEN:
        sender.acknowledged(message, answer.held)
        done.taken += 1
    elif answer.outcome == rest.REFUSED:
        sender.refused(message, answer.words, answer.words)
        done.refused += 1
    else:
        sender.later(message, answer.words, least_seconds=answer.wait)
        done.later += 1
        if answer.pause:
            done.pause = max(answer.wait, sender.wait(message.attempts))
