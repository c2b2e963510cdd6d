"""What a statement says: its verdict, and what is open as facts, worded when they are read. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from downtime.config import read_data_file
from downtime.reconcile.harm.model import FindingKind
from downtime.returns.model import WAITING, MessageState


class StatementVerdict(StrEnum):
    """What the statement says of its outage."""

    COMPLETE = "COMPLETE"
    INCOMPLETE = "NOT COMPLETE"
    UNPROVED = "COMPLETE, BUT NOT PROVED"
    """Nothing is open, and an audit chain on which the statement rests does not hold."""


class OpenKind(StrEnum):
    """What can stand between an outage and the word 'complete', in the order of settling it."""

    SYSTEM_DOWN = "system-down"
    LAPTOP_AWAITED = "laptop-awaited"
    NUMBER_TWICE = "given-twice"
    FORM_OUT = "form-out"
    FORM_UNKEYED = "form-unkeyed"
    FORM_UNFILED = "form-unfiled"
    FORM_UNVERIFIED = "form-unverified"
    PAGE_UNFILED = "page-unfiled"
    PAGE_UNSCANNED = "page-unscanned"
    PAGE_LATE = "page-late"
    QUERY_OPEN = "query-open"
    LINK_UNCONFIRMED = "link-unconfirmed"
    NUMBER_UNLINKED = "number-unlinked"
    NOT_COMPARED = "not-compared"
    NEWER_SNAPSHOT = "newer-snapshot"
    NOT_RECOVERED = "not-recovered"
    EVENT_NOT_COMPARED = "event-not-compared"
    RESULT_NOT_READ_BACK = "result-not-read-back"
    UNIT_WITHOUT_FATE = "unit-without-fate"
    ACCESS_UNREVIEWED = "access-unreviewed"
    UNMATCHED = "unmatched"
    UNDECIDED = "undecided"
    NOT_SENT = "not-sent"
    MESSAGE_QUEUED = "message-queued"
    MESSAGE_SENDING = "message-sending"
    MESSAGE_HELD = "message-held"
    MESSAGE_REFUSED = "message-refused"
    HARM_NOT_REVIEWED = "harm-not-reviewed"
    HARM_WAITING = "harm-waiting"
    HARM_MISMATCH = "harm-mismatch"
    HARM_DUPLICATE = "harm-duplicate"
    HARM_PUT_OFF = "harm-put-off"
    HARM_DELAY = "harm-delay"
    PAPER_DIFFERS = "paper-differs"
    FACTS_DIFFER = "facts-differ"
    RETURN_MISSING = "return-missing"
    MESSAGE_DIFFERS = "message-differs"
    TICK_DIFFERS = "tick-differs"
    ROWS_CHANGED = "rows-changed"
    AUDIT_BROKEN = "audit-broken"
    CLOCK_SET_BACK = "clock-set-back"
    HOME_PUT_BACK = "home-put-back"

    @classmethod
    def of_message(cls, state: MessageState) -> "OpenKind":
        """The kind of messages that wait in this state."""
        return cls(f"message-{state}")

    @classmethod
    def of_finding(cls, kind: FindingKind) -> "OpenKind":
        """The kind of findings of the harm review that nobody has judged."""
        return cls(f"harm-{kind}")


FORM_KINDS = frozenset(
    {
        OpenKind.FORM_OUT,
        OpenKind.FORM_UNKEYED,
        OpenKind.FORM_UNFILED,
        OpenKind.FORM_UNVERIFIED,
    }
)
ITEM_KINDS = frozenset(
    {OpenKind.NOT_RECOVERED, OpenKind.UNMATCHED, OpenKind.UNDECIDED, OpenKind.NOT_SENT}
)
PERSON_KINDS = frozenset({OpenKind.LINK_UNCONFIRMED, OpenKind.NUMBER_UNLINKED})
MESSAGE_KINDS = frozenset(map(OpenKind.of_message, WAITING))
HARM_KINDS = frozenset({OpenKind.HARM_NOT_REVIEWED, *map(OpenKind.of_finding, FindingKind)})


@dataclass(frozen=True, slots=True)
class OwnedItems:
    """What one owner has to settle until `due` (UTC as stored), by the names shown."""

    owner: str
    due: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One thing that is open: its kind, and the serials or item it is about."""

    kind: OpenKind
    names: tuple[str, ...] = ()
    owners: tuple[OwnedItems, ...] = ()
    """Who sees to which of them, and by when; nobody has the others."""
    subject: str = ""
    """What is open, in its own name: a form's title, a laptop, an item."""
    ward: str = ""
    explanation: str = ""

    @property
    def sentence(self) -> str:
        """In words, for a person."""
        if self.kind == OpenKind.NOT_COMPARED and not self.names:
            return NOTHING_COMPARED
        return WORDINGS[self.kind].sentence.format(
            count=len(self.names),
            subject=self.subject,
            ward=f" of ward {self.ward}" if self.ward else "",
            explanation=self.explanation,
        )

    def as_json(self) -> dict[str, Any]:
        """As the statement holds it."""
        return {
            "kind": self.kind,
            "sentence": self.sentence,
            "names": self.names,
            "owners": [asdict(owned) for owned in self.owners],
        }


def count_kinds(items: Iterable[OpenItem]) -> dict[str, int]:
    """How many things of each kind are open."""
    return dict(Counter(item.kind.value for item in items))


class OpenWording(NamedTuple):
    """What a kind is called above its lines, and the sentence of each line."""

    title: str
    sentence: str


_TABLE = read_data_file("downtime.returns.statement", "open_kinds.toml")
NOTHING_COMPARED: str = _TABLE["nothing_compared"]
WORDINGS = {kind: OpenWording(**_TABLE[kind]) for kind in OpenKind}
"""One for each kind: a kind without one ends the program as it starts."""
