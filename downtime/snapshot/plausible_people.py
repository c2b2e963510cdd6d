"""Whether the numbers of a full list are of the people who stand beside them: pure.

A column that was sorted alone, or that slipped by a row, gives everybody a number of somebody else,
and all that is known under it. One row may be wrong; of many the list is.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from downtime.clinical.identifiers import NHS, Identifier
from downtime.feeds.model import Change, FeedMessage, Finding, FindingKind
from downtime.snapshot.person_details import PersonDetails

_LEAST_ROWS = 2
"""One person under the wrong number is a finding of that person, not of the list."""
_LEAST_DIFFERENCES = 2
"""A name changes by marriage, and a birth date by a correction: both at once is another person."""


class ListedPerson(NamedTuple):
    """Who stands in one row of a list."""

    number: Identifier
    nhs: str
    details: PersonDetails


@dataclass(slots=True)
class KnownPerson:
    """What was sent under a number before."""

    nhs: set[str] = field(default_factory=set)
    details: set[PersonDetails] = field(default_factory=set)


def list_people(message: FeedMessage) -> dict[Identifier, ListedPerson]:
    """The people of a list by their numbers."""
    people = {}
    for change in message.content:
        if isinstance(change, Change) and change.type == "Patient":
            number = next((i for i in change.patient if i.type != NHS), None)
            nhs = next((i.value for i in change.patient if i.type == NHS), "")
            if number:
                people[number] = ListedPerson(number, nhs, PersonDetails.of_patient(change.fields))
    return people


def check_people(
    source: str,
    people: Collection[ListedPerson],
    known: Mapping[Identifier, KnownPerson],
    percent: int,
) -> Finding | None:
    """What is wrong with a list of which more than `percent` of the people who are known are, by
    what stands beside their numbers, somebody else; else None.
    """
    listed = [person for person in people if person.number in known]
    others = sum(_is_somebody_else(person, known[person.number]) for person in listed)
    if others < _LEAST_ROWS or others * 100 <= percent * len(listed):
        return None
    reason = (
        f"In {others} of the {len(listed)} rows whose number is known stand other people than it"
        " was sent for: a column may have been sorted alone."
    )
    text = f"{reason} The list is in quarantine until a person releases it."
    return Finding(FindingKind.LIST_IMPLAUSIBLE, source, text, "Patient")


def _is_somebody_else(person: ListedPerson, known: KnownPerson) -> bool:
    if not known.details:
        return bool(person.nhs and known.nhs and person.nhs not in known.nhs)
    return all(
        _count_differences(person, known, sent) >= _LEAST_DIFFERENCES for sent in known.details
    )


def _count_differences(person: ListedPerson, known: KnownPerson, sent: PersonDetails) -> int:
    mine = person.details
    pairs: Iterable[tuple[str, str]] = (
        (mine.family, sent.family),
        (mine.given_name[:1], sent.given_name[:1]),
        (mine.birth_date, sent.birth_date),
    )
    differences = sum(bool(first and second) and first != second for first, second in pairs)
    return differences + bool(person.nhs and known.nhs and person.nhs not in known.nhs)
