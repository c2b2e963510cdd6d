"""Which identifiers belong to one person, without ever guessing. Pure.

Two patients on one number is far worse than one patient on two. So:

- A hospital number of this site names a person of its own; two of them are one person only after a
  merge (ADT^A40), which the last merge in time decides.
- Any other number (of another hospital, a FHIR server, an account) belongs to the hospital number
  it was sent beside. Sent beside two different ones, it belongs to neither.
- Two different hospital numbers of one other authority are never joined either.
- An NHS number leads to a person only when exactly one has it. When several have it, none is
  chosen, and each gets a warning.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from downtime.clinical.identifiers import MRN, NHS, Identifier

VISIT_TYPES = frozenset({"AN", "VN", "ACSN", "ANC", "ANT", "AM"})


class Mention(NamedTuple):
    """The identifiers that one message gave for a person, and when they were last sent."""

    id: int
    identifiers: tuple[Identifier, ...]
    newest: str


@dataclass(slots=True)
class Identity:
    """The persons that were found. An anchor is the identifier that names a person."""

    authority: str
    anchors: dict[int, Identifier] = field(default_factory=dict)
    """Mention to person."""
    replaced: dict[Identifier, Identifier] = field(default_factory=dict)
    """Merged person to the next; `find_survivor` follows the chain."""
    belongs: dict[Identifier, Identifier] = field(default_factory=dict)
    """Identifier to person, for every identifier that names exactly one."""
    nhs: dict[Identifier, str] = field(default_factory=dict)
    """Person to their present NHS number: the one that was sent last."""
    shared: dict[str, list[Identifier]] = field(default_factory=dict)
    """NHS number to the several persons who have it."""

    def find_survivor(self, anchor: Identifier) -> Identifier:
        """The person who survives after all merges."""
        while anchor in self.replaced:
            anchor = self.replaced[anchor]
        return anchor


def is_site_number(identifier: Identifier, authority: str) -> bool:
    """Whether this is a hospital number of this site."""
    return identifier.type == MRN and identifier.authority == authority


def grade_strength(identifiers: Iterable[Identifier], authority: str) -> int:
    """How surely these identifiers name a person: 2 this site's number, 1 another, 0 a visit."""
    grades = (2 if is_site_number(i, authority) else i.type not in VISIT_TYPES for i in identifiers)
    return max(map(int, grades), default=-1)


def resolve_identities(
    mentions: list[Mention], merges: Iterable[tuple[int, int]], authority: str
) -> Identity:
    """Find the person of every mention. `merges` are pairs (survivor, merged) of mentions in order of time."""
    identity = Identity(authority)
    identity.belongs = _find_owners(mentions, authority)
    strong: list[Mention] = []
    weak: list[Mention] = []
    for mention in mentions:
        if anchor := _choose_anchor(mention, identity.belongs, authority):
            identity.anchors[mention.id] = anchor
            strong.append(mention)
        elif mention.identifiers:
            weak.append(mention)
    _apply_merges(identity, mentions, merges)
    _settle_nhs(identity, strong)
    for mention in weak:
        identity.anchors[mention.id] = identity.belongs.get(
            mention.identifiers[0], mention.identifiers[0]
        )
    return identity


def _find_owners(mentions: list[Mention], authority: str) -> dict[Identifier, Identifier]:
    """Person of every identifier but NHS numbers."""
    owners: dict[Identifier, set[Identifier]] = defaultdict(set)
    sent_together: dict[Identifier, set[Identifier]] = defaultdict(set)
    belongs: dict[Identifier, Identifier] = {}
    for mention in mentions:
        numbers = [i for i in mention.identifiers if i.type != NHS]
        site_numbers = [i for i in numbers if is_site_number(i, authority)]
        others = [i for i in numbers if not is_site_number(i, authority)]
        belongs.update((i, i) for i in site_numbers)
        for number in others:
            owners[number].update(site_numbers[:1])
            sent_together[number].update(others)
    done: set[Identifier] = set()
    for number in sorted(sent_together):
        if number not in done:
            group = _find_connected(number, sent_together)
            done |= group
            belongs.update(_settle_group(group, owners))
    return _separate_numbers_of_one_hospital(belongs)


def _separate_numbers_of_one_hospital(
    belongs: dict[Identifier, Identifier],
) -> dict[Identifier, Identifier]:
    same: dict[tuple[Identifier, str], list[Identifier]] = defaultdict(list)
    for number, anchor in belongs.items():
        if number.type == MRN:
            same[anchor, number.authority].append(number)
    shared = {number for numbers in same.values() if len(numbers) > 1 for number in numbers}
    return {number: number if number in shared else a for number, a in belongs.items()}


def _find_connected(
    start: Identifier, sent_together: dict[Identifier, set[Identifier]]
) -> set[Identifier]:
    group, todo = {start}, [start]
    while todo:
        new = sent_together[todo.pop()] - group
        group |= new
        todo += new
    return group


def _settle_group(
    group: set[Identifier], owners: dict[Identifier, set[Identifier]]
) -> dict[Identifier, Identifier]:
    """Persons of identifiers that were sent beside each other: one, unless that would be a guess."""
    persons = set().union(*(owners[number] for number in group))
    hospitals = [number.authority for number in group if number.type == MRN]
    if len(persons) > 1 or (not persons and len(hospitals) > len(set(hospitals))):
        return {n: next(iter(owners[n])) if len(owners[n]) == 1 else n for n in group}
    anchor = next(iter(persons), min(group, key=lambda n: (n.type != MRN, n)))
    return dict.fromkeys(group, anchor)


def _choose_anchor(
    mention: Mention, belongs: dict[Identifier, Identifier], authority: str
) -> Identifier | None:
    numbers = [i for i in mention.identifiers if i.type != NHS]
    site_numbers = (i for i in numbers if is_site_number(i, authority))
    first = next(site_numbers, numbers[0] if numbers else None)
    return belongs[first] if first else None


def _apply_merges(
    identity: Identity, mentions: list[Mention], merges: Iterable[tuple[int, int]]
) -> None:
    first = {mention.id: mention.identifiers[0] for mention in mentions if mention.identifiers}
    for survivor, merged in merges:
        survivor_anchor = identity.anchors.get(survivor) or first.get(survivor)
        gone = identity.anchors.get(merged) or first.get(merged)
        if survivor_anchor and gone and survivor_anchor != gone:
            if identity.find_survivor(survivor_anchor) == identity.find_survivor(gone):
                identity.replaced.pop(survivor_anchor, None)
            identity.replaced[gone] = survivor_anchor


def _settle_nhs(identity: Identity, strong: list[Mention]) -> None:
    latest: dict[Identifier, tuple[str, str]] = {}
    for mention in strong:
        anchor = identity.anchors[mention.id]
        for number in mention.identifiers:
            if number.type == NHS:
                latest[anchor] = max(latest.get(anchor, ("", "")), (mention.newest, number.value))
    identity.nhs = {anchor: value for anchor, (_, value) in latest.items()}
    holders: dict[str, set[Identifier]] = defaultdict(set)
    for anchor, value in identity.nhs.items():
        holders[value].add(identity.find_survivor(anchor))
    joined: dict[Identifier, Identifier] = {}
    for value, persons in sorted(holders.items()):
        site_persons = {person for person in persons if is_site_number(person, identity.authority)}
        if len(site_persons) == 1:
            joined.update((person, next(iter(site_persons))) for person in persons - site_persons)
            persons = site_persons
        if len(persons) == 1:
            identity.belongs[Identifier(NHS, "NHS", value)] = next(iter(persons))
        else:
            identity.shared[value] = sorted(persons)
    identity.anchors = {mention: joined.get(a, a) for mention, a in identity.anchors.items()}
    identity.belongs = {number: joined.get(a, a) for number, a in identity.belongs.items()}
