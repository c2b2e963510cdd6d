"""Who is who: which identifiers mean one person, without ever guessing. Pure.

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
    """The identifiers that one message gave for a person, and when this was last said."""

    id: int
    identifiers: tuple[Identifier, ...]
    newest: str


@dataclass(slots=True)
class Identity:
    """The outcome. A person is named by an anchor: the identifier that stands for them."""

    authority: str
    anchors: dict[int, Identifier] = field(default_factory=dict)
    """Mention to person."""
    replaced: dict[Identifier, Identifier] = field(default_factory=dict)
    """Merged person to the next; `survivor` follows the chain."""
    belongs: dict[Identifier, Identifier] = field(default_factory=dict)
    """Identifier to person, for every identifier that names exactly one."""
    nhs: dict[Identifier, str] = field(default_factory=dict)
    """Person to their present NHS number: the one that was said last."""
    shared: dict[str, list[Identifier]] = field(default_factory=dict)
    """NHS number to the several persons who have it."""

    def survivor(self, anchor: Identifier) -> Identifier:
        """Who stands for this person after all merges."""
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
    """Settle every mention. `merges` are pairs (survivor, merged) of mentions in order of time."""
    found = Identity(authority)
    found.belongs = _find_owners(mentions, authority)
    strong: list[Mention] = []
    weak: list[Mention] = []
    for mention in mentions:
        if anchor := _choose_anchor(mention, found.belongs, authority):
            found.anchors[mention.id] = anchor
            strong.append(mention)
        elif mention.identifiers:
            weak.append(mention)
    _apply_merges(found, mentions, merges)
    _settle_nhs(found, strong)
    for mention in weak:
        found.anchors[mention.id] = found.belongs.get(
            mention.identifiers[0], mention.identifiers[0]
        )
    return found


def _find_owners(mentions: list[Mention], authority: str) -> dict[Identifier, Identifier]:
    """Person of every identifier but NHS numbers."""
    owners: dict[Identifier, set[Identifier]] = defaultdict(set)
    beside: dict[Identifier, set[Identifier]] = defaultdict(set)
    belongs: dict[Identifier, Identifier] = {}
    for mention in mentions:
        numbers = [i for i in mention.identifiers if i.type != NHS]
        own = [i for i in numbers if is_site_number(i, authority)]
        others = [i for i in numbers if not is_site_number(i, authority)]
        belongs.update((i, i) for i in own)
        for number in others:
            owners[number].update(own[:1])
            beside[number].update(others)
    done: set[Identifier] = set()
    for number in sorted(beside):
        if number not in done:
            group = _find_connected(number, beside)
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
    doubled = {number for numbers in same.values() if len(numbers) > 1 for number in numbers}
    return {number: number if number in doubled else a for number, a in belongs.items()}


def _find_connected(
    start: Identifier, beside: dict[Identifier, set[Identifier]]
) -> set[Identifier]:
    group, todo = {start}, [start]
    while todo:
        new = beside[todo.pop()] - group
        group |= new
        todo += new
    return group


def _settle_group(
    group: set[Identifier], owners: dict[Identifier, set[Identifier]]
) -> dict[Identifier, Identifier]:
    """Persons of identifiers that were sent beside each other: one, unless that would be a guess."""
    found = set().union(*(owners[number] for number in group))
    hospitals = [number.authority for number in group if number.type == MRN]
    if len(found) > 1 or (not found and len(hospitals) > len(set(hospitals))):
        return {n: next(iter(owners[n])) if len(owners[n]) == 1 else n for n in group}
    anchor = next(iter(found), min(group, key=lambda n: (n.type != MRN, n)))
    return dict.fromkeys(group, anchor)


def _choose_anchor(
    mention: Mention, belongs: dict[Identifier, Identifier], authority: str
) -> Identifier | None:
    numbers = [i for i in mention.identifiers if i.type != NHS]
    own = (i for i in numbers if is_site_number(i, authority))
    first = next(own, numbers[0] if numbers else None)
    return belongs[first] if first else None


def _apply_merges(
    found: Identity, mentions: list[Mention], merges: Iterable[tuple[int, int]]
) -> None:
    first = {mention.id: mention.identifiers[0] for mention in mentions if mention.identifiers}
    for survivor, merged in merges:
        kept = found.anchors.get(survivor) or first.get(survivor)
        gone = found.anchors.get(merged) or first.get(merged)
        if kept and gone and kept != gone:
            if found.survivor(kept) == found.survivor(gone):
                found.replaced.pop(kept, None)
            found.replaced[gone] = kept


def _settle_nhs(found: Identity, strong: list[Mention]) -> None:
    latest: dict[Identifier, tuple[str, str]] = {}
    for mention in strong:
        anchor = found.anchors[mention.id]
        for number in mention.identifiers:
            if number.type == NHS:
                latest[anchor] = max(latest.get(anchor, ("", "")), (mention.newest, number.value))
    found.nhs = {anchor: value for anchor, (_, value) in latest.items()}
    holders: dict[str, set[Identifier]] = defaultdict(set)
    for anchor, value in found.nhs.items():
        holders[value].add(found.survivor(anchor))
    joined: dict[Identifier, Identifier] = {}
    for value, persons in sorted(holders.items()):
        own = {person for person in persons if is_site_number(person, found.authority)}
        if len(own) == 1:
            joined.update((person, next(iter(own))) for person in persons - own)
            persons = own
        if len(persons) == 1:
            found.belongs[Identifier(NHS, "NHS", value)] = next(iter(persons))
        else:
            found.shared[value] = sorted(persons)
    found.anchors = {mention: joined.get(a, a) for mention, a in found.anchors.items()}
    found.belongs = {number: joined.get(a, a) for number, a in found.belongs.items()}
