"""Combinations of identifiers by which messages name people, numbered: pure."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from downtime.clinical.identifiers import Identifier

WEAK_TYPES = frozenset({"AN", "VN", "ACSN", "ANC", "ANT", "AM", "PLAC", "FILL", "MSG"})
"""Types of number that name a visit, an order or a message, and only through it a person."""


_DETAILS = "\x1e"
"""What stands between a number and the details that were sent beside it."""


def add_details(number: Identifier, details: str) -> Identifier:
    """A weak number together with what was sent beside it of its person (`PersonDetails`)."""
    return number._replace(value=f"{number.value}{_DETAILS}{details}") if details else number


def strip_details(number: Identifier) -> Identifier:
    """A weak number without what was sent beside it."""
    return number._replace(value=number.value.split(_DETAILS)[0])


class Mention(NamedTuple):
    """The identifiers that one message gave for a person, and when they were last sent."""

    id: int
    identifiers: tuple[Identifier, ...]
    newest: str
    has_records: bool = True
    """Whether anything was sent of them; else they were only named as merged or moved."""

    @property
    def is_weak(self) -> bool:
        """Whether it is only the number of a visit, an order or a message."""
        return all(identifier.type in WEAK_TYPES for identifier in self.identifiers)

    @property
    def number(self) -> Identifier:
        """Of a weak mention: its number alone."""
        return strip_details(self.identifiers[0])

    @property
    def details(self) -> str:
        """Of a weak mention: what was sent beside its number; empty when nothing was."""
        return self.identifiers[0].value.partition(_DETAILS)[2]


_NOBODY = Mention(0, (Identifier("", "", ""),), "", has_records=False)


class MentionBook:
    """Numbers combinations of identifiers, and remembers those that are not saved yet."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[Identifier, ...], int] = {(): 0}
        self._unsaved: dict[int, Mention] = {}
        self._last = _NOBODY

    def note(
        self, identifiers: tuple[Identifier, ...], moment: str, *, has_records: bool = True
    ) -> int:
        """The number of this combination; 0 when it is empty."""
        if identifiers is self._last.identifiers and moment <= self._last.newest and has_records:
            return self._last.id  # most messages name one person in all their changes
        number = self._numbers.get(identifiers)
        if number is None:
            number = self._numbers[identifiers] = hash_identifiers(identifiers)
        if number:
            before = self._unsaved.get(number)
            newest = max(moment, before.newest) if before else moment
            has_records = has_records or bool(before and before.has_records)
            self._last = self._unsaved[number] = Mention(number, identifiers, newest, has_records)
        return number

    def take_unsaved(self) -> Iterable[Mention]:
        """What was noted since the last call."""
        unsaved, self._unsaved, self._last = self._unsaved, {}, _NOBODY
        return unsaved.values()


def hash_identifiers(identifiers: Iterable[Identifier]) -> int:
    """56 bits of a hash: the same in whatever order people are met."""
    text = "\0".join(map(str, identifiers)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest())
