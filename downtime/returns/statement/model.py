"""What a statement says: its verdict, and what is open as facts, worded when they are read. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from downtime.reconcile.harm.model import KINDS as FINDING_TITLES
from downtime.reconcile.harm.model import FindingKind
from downtime.returns.model import STATE_TITLES, WAITING, MessageState


class Verdict(StrEnum):
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
    LINK_UNCONFIRMED = "link-unconfirmed"
    NUMBER_UNLINKED = "number-unlinked"
    NOT_COMPARED = "not-compared"
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

    @classmethod
    def of_message(cls, state: MessageState) -> "OpenKind":
        """The kind of messages that wait in this state."""
        return cls(f"message-{state}")

    @classmethod
    def of_finding(cls, kind: FindingKind) -> "OpenKind":
        """The kind of findings of the harm review that nobody has judged."""
        return cls(f"harm-{kind}")


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
        return _SENTENCES[self.kind](self)

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
    counts: dict[str, int] = {}
    for item in items:
        counts[item.kind.value] = counts.get(item.kind.value, 0) + 1
    return counts


def _counted(text: str) -> Callable[[OpenItem], str]:
    """`3 × form: …`: how many names there are, before a text."""
    return lambda item: f"{len(item.names)} × {text}"


def _form_sentence(item: OpenItem) -> str:
    ward = f" of ward {item.ward}" if item.ward else ""
    return f"{len(item.names)} × {item.subject}{ward}: {item.explanation}."


def _not_compared_sentence(item: OpenItem) -> str:
    if not item.names:
        return "Nothing has been compared with the recovered systems yet."
    return f"{len(item.names)} × form: verified after the last comparison."


def _lower_first(text: str) -> str:
    return text[0].lower() + text[1:]


_SENTENCES: Mapping[OpenKind, Callable[[OpenItem], str]] = {
    OpenKind.SYSTEM_DOWN: lambda item: f"{item.subject} is still declared down.",
    OpenKind.LAPTOP_AWAITED: lambda item: f"Laptop {item.subject}: {item.explanation}",
    OpenKind.NUMBER_TWICE: lambda item: item.explanation,
    OpenKind.FORM_OUT: _form_sentence,
    OpenKind.FORM_UNKEYED: _form_sentence,
    OpenKind.FORM_UNFILED: _form_sentence,
    OpenKind.FORM_UNVERIFIED: _form_sentence,
    OpenKind.LINK_UNCONFIRMED: _counted("link between paper and a patient: not confirmed yet."),
    OpenKind.NUMBER_UNLINKED: _counted("downtime number: found by another number, not linked."),
    OpenKind.NOT_COMPARED: _not_compared_sentence,
    OpenKind.UNMATCHED: lambda item: f"{item.subject}: {item.explanation}",
    OpenKind.UNDECIDED: lambda item: f"{item.subject}: {item.explanation}",
    OpenKind.NOT_SENT: _counted("item: decided to be returned and not sent yet."),
    OpenKind.HARM_NOT_REVIEWED: lambda item: (
        "The harm review was not made since the last comparison."
    ),
    **{
        OpenKind.of_message(state): _counted(f"message: {STATE_TITLES[state]}.")
        for state in WAITING
    },
    **{
        OpenKind.of_finding(kind): _counted(
            f"{_lower_first(title)}: nobody has said what came of it."
        )
        for kind, title in FINDING_TITLES.items()
    },
}

OPEN_TITLES: Mapping[OpenKind, str] = {
    OpenKind.SYSTEM_DOWN: "Systems still down",
    OpenKind.LAPTOP_AWAITED: "Laptops awaited",
    OpenKind.NUMBER_TWICE: "Numbers given out twice, the second not seen to",
    OpenKind.FORM_OUT: "Forms still out",
    OpenKind.FORM_UNKEYED: "Forms returned and not keyed",
    OpenKind.FORM_UNFILED: "Forms returned and not filed",
    OpenKind.FORM_UNVERIFIED: "Forms keyed and not verified",
    OpenKind.LINK_UNCONFIRMED: "Links between paper and a patient, not confirmed",
    OpenKind.NUMBER_UNLINKED: "Downtime numbers of known patients, not linked",
    OpenKind.NOT_COMPARED: "Not compared yet",
    OpenKind.UNMATCHED: "Items whose patient was not found",
    OpenKind.UNDECIDED: "Items to be decided",
    OpenKind.NOT_SENT: "Items decided to be returned and not sent",
    **{OpenKind.of_message(state): f"Messages: {STATE_TITLES[state]}" for state in WAITING},
    OpenKind.HARM_NOT_REVIEWED: "Harm review to be made",
    **{
        OpenKind.of_finding(kind): f"Harm review: {_lower_first(title)}"
        for kind, title in FINDING_TITLES.items()
    },
}
"""What each kind is called above its lines."""
