"""What reading a feed gives: changes, replacements of a whole data set, and rejects.

A *change* says only what the message said: a field that was empty is left out, a field that was
deleted (HL7 `""`) is set to empty text. Laying all changes of one record over each other in the
order of `event` (else `sent`), then `sent`, gives its present state, in whatever order they arrive.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from downtime.clinical.identifiers import Identifier

Value = str | int | tuple[str, ...]


class UnusableMessageError(Exception):
    """A message cannot be used: the segment concerned, and why, without patient data."""

    def __init__(self, segment: str, reason: str) -> None:
        super().__init__(reason)
        self.segment = segment
        self.reason = reason


def bed_key(ward: str, bay: str, bed: str) -> str:
    """The key of a Location, the same in every format, so that feeds meet in one bed."""
    return f"{ward}|{bay}|{bed}"


class Operation(StrEnum):
    """What a change does to its record."""

    SET = "set"
    DELETE = "delete"
    """Entered in error, or the bed is gone."""
    MERGE = "merge"
    """`patient` is the person who survives, `merged` holds what now belongs to them."""


class Position(NamedTuple):
    """Where in the input: the file as it was named, and the message or row in it, from 1."""

    file: str
    number: int


class Change(NamedTuple):
    """What one message or row says of one record.

    `type` is the record's name; `key` names it within `source` (a filler number, a visit number, a
    bed); a Patient's key is empty, since its identifiers say who it is. `patient` holds the
    identifiers of the person concerned, the most specific first. `fields` are the record's own
    fields without `id`, `source`, `updated`, `patient`; a field that refers to another record of
    the same source (`report`, `based_on`, `encounter`) holds that record's key.
    """

    type: str
    source: str
    key: str
    patient: tuple[Identifier, ...] = ()
    fields: Mapping[str, Value] = MappingProxyType({})
    event: str = ""
    """When it happened (EVN-2/6, ORC-9, meta.lastUpdated …), UTC; empty when not said."""
    sent: str = ""
    """When the message was made (MSH-7), UTC; empty when not said."""
    operation: Operation = Operation.SET
    merged: tuple[Identifier, ...] = ()
    position: Position = Position("", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A full extract: `changes` are all there is of these types from this source, as at `sent`."""

    types: tuple[str, ...]
    source: str
    sent: str
    changes: tuple[Change, ...]
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A message or row that cannot be used, and why; holds no patient data."""

    position: Position
    segment: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedMessage:
    """One message, resource or table that was accepted, with all that it says."""

    position: Position
    kind: str
    """`ADT^A01`, `Bundle`, `Patient`, `table` …"""
    source: str
    """The system that made it; empty when it does not say, and holds records of several."""
    sent: str
    content: tuple[Change | Replacement, ...]
