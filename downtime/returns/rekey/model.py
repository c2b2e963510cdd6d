"""A line of a re-key worklist, and how far it is. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from downtime.entry.facts import Fact
from downtime.reconcile.model import StoredItem
from downtime.returns.model import Message, NumberClaim, Tick
from downtime.returns.rekey.line_text import (
    describe_item,
    find_department,
    keying_rank,
    name_type,
)


class LineState(StrEnum):
    """What people are to do with a line: the words above it on paper."""

    TO_KEY = "Key this"
    LISTED = "Key this, unless done: already on the list of {listed}"
    SENT = "Do not key: sent as {kind}, message {control_id}. Check that it arrived."
    DONE = "Done"


@dataclass(frozen=True, slots=True)
class RekeyLine:
    """One thing to key into one system, or to check there when it was sent: the item, its message.

    `tick` says who has keyed it, if anybody has.
    """

    row: StoredItem
    message: Message
    tick: Tick | None
    state: LineState
    claim: NumberClaim | None = None
    """A number that another patient's line has too."""

    @property
    def awaited(self) -> NumberClaim | None:
        """The claim while a second person has still to type the number."""
        return self.claim if self.claim and not self.tick else None

    @property
    def fact(self) -> Fact:
        """What is to be keyed."""
        return self.row.item.fact

    @property
    def worklist(self) -> tuple[str, str]:
        """The list it stands on: system and department."""
        return self.fact.system, find_department(self.fact)

    @property
    def order(self) -> tuple[str | int, ...]:
        """Its place: system, department, and then as records teams key (`keying_rank`)."""
        fact, person = self.fact, self.row.item.person
        return (
            *self.worklist, keying_rank(fact), fact.event if fact.type == "Encounter" else "",
            fact.fields.get("ward") or fact.ward, person.family, person.given, fact.event, fact.key,
        )  # fmt: skip

    def matches_search(self, text: str) -> bool:
        """Whether every word of a search is in it: name, number, serial, what it is, ward."""
        fact, person = self.fact, self.row.item.person
        parts = (
            person.family, person.given, person.mrn, person.nhs_number, person.downtime_number,
            fact.serial, describe_item(fact), name_type(fact), fact.ward,
            self.tick.number if self.tick else "",
        )  # fmt: skip
        searched = " ".join(parts).casefold()
        return all(word in searched for word in text.casefold().split())
