"""In which order the messages of one sender were made, where their times do not tell: pure.

A sequence number (MSH-13) counts the messages of its own sender: beside that of another it means
nothing. So messages of one time stand in the order in which they arrived, but that one which arrives
after another that its sender made later stands before that one.
"""

from collections.abc import Mapping
from typing import NamedTuple

_MOST_PARTS = 100_000
"""More than one message has."""


class Place(NamedTuple):
    """Where a message stands among those of one time: at an arrival number, and how far before it."""

    arrival: int
    offset: int = 0


Sent = dict[str, tuple[str, dict[int, int]]]
"""Sender to the newest time of its messages (MSH-7), and sequence to arrival number of those."""


class SenderSequences:
    """The sequence numbers that each sender used at its newest time."""

    def __init__(self, sent: Mapping[str, tuple[str, Mapping[int, int]]] | None = None) -> None:
        self.sent: Sent = {
            sender: (time, dict(numbers)) for sender, (time, numbers) in (sent or {}).items()
        }

    def find_place(self, sender: str, sent: str, sequence: int, arrival: int) -> Place:
        """Where a message stands; one without a sequence number where it arrived."""
        if not sequence:
            return Place(arrival)
        newest, numbers = self.sent.get(sender, ("", {}))
        if sent < newest:
            return Place(arrival)
        if sent > newest:
            numbers = {}
            self.sent[sender] = (sent, numbers)
        numbers.setdefault(sequence, arrival)
        later = [(when, number) for number, when in numbers.items() if number > sequence]
        first, number = min(later, default=(arrival, sequence))
        if first >= arrival:
            return Place(arrival)
        return Place(first, (sequence - number) * _MOST_PARTS)
