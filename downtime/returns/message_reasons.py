"""Why a message is where it is: stored as a fact, worded when somebody reads it. Pure.

A reason that a person gave, or a receiver, is stored as it is. So are the sentences that earlier
versions stored; they are shown unchanged.
"""

from enum import StrEnum


class MessageReason(StrEnum):
    """What the program itself has to say about a message."""

    HELD_BEHIND = "held-behind"
    REPLACED_BY = "replaced-by"
    LINK_UNDONE = "link-undone"
    ACCEPTED_ONLY = "accepted-only"
    TAKEN_EARLIER = "taken-earlier"


_SENTENCES = {
    MessageReason.HELD_BEHIND: "Waits for message {} of the same patient, which was refused.",
    MessageReason.REPLACED_BY: "Replaced by message {}.",
    MessageReason.LINK_UNDONE: "The link was undone before it was told.",
    MessageReason.ACCEPTED_ONLY: "It is in safe keeping; whether it was taken in was not said.",
    MessageReason.TAKEN_EARLIER: "It was taken in at an earlier attempt.",
}
_SEPARATOR = ":"


def encode_reason(reason: MessageReason, control_id: str = "") -> str:
    """The reason as it is stored, with the other message that it names."""
    return f"{reason}{_SEPARATOR}{control_id}"


def word_reason(stored: str) -> str:
    """A stored reason as a sentence; what a person or a receiver said stays as it was said."""
    code, separator, control_id = stored.partition(_SEPARATOR)
    if separator and code in _SENTENCES:
        return _SENTENCES[MessageReason(code)].format(control_id)
    return stored
