"""What truly was: which snapshot held what, which numbers were given out, and what was found wrong."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tests.year.hospital import Beds

MOST_SENTENCES = 200


class Harm(StrEnum):
    """What may never happen in a year."""

    UNTRUE = "untrue"
    """Shown as what the publisher held at a time, and it did not."""
    TOO_YOUNG = "too young"
    """Data looked younger than it was, and nothing said that this may be."""
    DOUBTED = "doubted"
    """All clocks were right, and data looked older or more doubtful than it was."""
    REVOKED = "revoked"
    """What a revoked machine made was believed, or it could read what was made since."""
    TWICE = "twice"
    """A number or a serial came twice."""
    STUCK = "stuck"
    """Something did not work, or a machine that could have had newer data did not get it."""


@dataclass(frozen=True, slots=True)
class Published:
    """One snapshot: what its publisher held then."""

    made: datetime
    """True time."""
    created: str
    """By the publisher's clock."""
    beds: Beds
    newest: datetime
    """True time of the last message in it."""
    publisher: str
    by_right_clock: bool


@dataclass(slots=True)
class Record:
    """The truth of a year."""

    published: dict[tuple[str, int, int], Published] = field(default_factory=dict)
    """By key of the publisher, epoch and sequence."""
    numbers: dict[str, str] = field(default_factory=dict)
    """Serials and downtime numbers that were given out, and by which home."""
    harms: Counter[Harm] = field(default_factory=Counter)
    sentences: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """What happened, and how often something was looked at."""
    say: Callable[[str], None] = lambda sentence: None
    _said: set[tuple[Harm, object]] = field(default_factory=set)

    def harm(self, kind: Harm, moment: datetime, sentence: str, subject: object = None) -> None:
        """Something is wrong; of one subject it is counted at each minute, and said once."""
        self.harms[kind] += 1
        subject = subject or sentence
        if (kind, subject) not in self._said and len(self.sentences) < MOST_SENTENCES:
            self.sentences.append(f"{moment:%m-%d %H:%M} {kind}: {sentence}")
            self.say(self.sentences[-1])
        self._said.add((kind, subject))

    def give_out(self, moment: datetime, home: str, numbers: list[str]) -> None:
        """Numbers that a home gave out."""
        self.counts["numbers given out"] += len(numbers)
        for number in numbers:
            if before := self.numbers.get(number):
                self.harm(Harm.TWICE, moment, f"{number} by {before} and by {home}")
            self.numbers[number] = home

    def publish(self, moment: datetime, number: tuple[str, int, int], held: Published) -> None:
        """A snapshot that a laptop may find from now on."""
        if number in self.published:
            self.harm(Harm.TWICE, moment, f"snapshot {number[1:]} of {held.publisher}")
        self.published[number] = held
        self.counts["snapshots published"] += 1
