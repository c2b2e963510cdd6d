"""Which identifiers belong to one person, without ever guessing. Pure.

Two patients on one number is far worse than one patient on two. So:

- A hospital number of this site names a person of its own; two of them are one person only after a
  merge (ADT^A40), which the last merge in time decides, and until it is undone (ADT^A37).
- Two hospital numbers in one message are two persons as well, and the message is of the first of them
  in the order of letters, in whatever order it names them.
- Any other number (of another hospital, a FHIR server, an account) belongs to the hospital number
  it was sent beside. Sent beside two different ones, it belongs to neither.
- Two different hospital numbers of one other authority are never joined either.
- An NHS number leads to a person only when exactly one has it. When several have it, none is
  chosen, and each gets a warning.
- The number of a visit, an order or a message says less than any of these (`weak_mentions`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from downtime.clinical.identifiers import MRN, NHS, Identifier
from downtime.feeds.model import Operation
from downtime.snapshot.mentions import Mention
from downtime.snapshot.record_state import NEVER, Stamp


class IdentityChange(NamedTuple):
    """A merge, its undoing, or the move of a stay, between two mentions."""

    stamp: Stamp
    operation: Operation
    source: str
    key: str
    """Of a move: the number of the stay or account. Of a merge that a FHIR Patient states: its key among
    those that its newest version states (`feeds.model.LINKS`)."""
    person: int
    """Who survives; of a move, who has it now."""
    other: int
    """Who was merged; of a move, who had it before."""


class UndoneMerge(NamedTuple):
    """A time in which two persons were taken for one."""

    person: Identifier
    other: Identifier
    begin: Stamp
    end: Stamp


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
    undone: list[UndoneMerge] = field(default_factory=list)
    moves: dict[tuple[str, Identifier], Identifier] = field(default_factory=dict)
    """Number of a stay or account, and who had it before, to who has it now."""
    unmatched: list[IdentityChange] = field(default_factory=list)
    """Merges that find nobody to merge, and undoings of merges that never were."""

    def find_survivor(self, anchor: Identifier) -> Identifier:
        """The person who survives after all merges."""
        while anchor in self.replaced:
            anchor = self.replaced[anchor]
        return anchor

    def list_people(self) -> set[Identifier]:
        """Everybody of whom anything was sent, and the survivors of merges."""
        people = set(self.anchors.values())
        return people | {self.find_survivor(anchor) for anchor in people}


def is_site_number(identifier: Identifier, authority: str) -> bool:
    """Whether this is a hospital number of this site."""
    return identifier.type == MRN and identifier.authority == authority


def resolve_identities(
    mentions: Collection[Mention],
    changes: Iterable[IdentityChange],
    authority: str,
) -> Identity:
    """Find the person of every mention of somebody. `changes` come in order of time."""
    identity = Identity(authority)
    named = [mention for mention in mentions if not mention.is_weak]
    identity.belongs = _find_owners(named, authority)
    strong: list[Mention] = []
    numberless: list[Mention] = []
    for mention in named:
        if anchor := _choose_anchor(mention, identity.belongs, authority):
            identity.anchors[mention.id] = anchor
            strong.append(mention)
        elif mention.identifiers:
            numberless.append(mention)
    _apply_changes(identity, mentions, changes)
    _settle_nhs(identity, strong)
    for mention in numberless:
        identity.anchors[mention.id] = identity.belongs.get(
            mention.identifiers[0], mention.identifiers[0]
        )
    _drop_unknown_people(identity, named)
    return identity


def _drop_unknown_people(identity: Identity, mentions: Iterable[Mention]) -> None:
    """Who is only named as merged, and of whom nothing was ever sent, is nobody."""
    known = {identity.anchors.get(mention.id) for mention in mentions if mention.has_records}
    for mention in mentions:
        if identity.anchors.get(mention.id) not in known:
            identity.anchors.pop(mention.id, None)


def _find_owners(mentions: Iterable[Mention], authority: str) -> dict[Identifier, Identifier]:
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
            owners[number].update(sorted(site_numbers)[:1])
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
    first = min(site_numbers, default=numbers[0] if numbers else None)
    return belongs[first] if first else None


def _apply_changes(
    identity: Identity, mentions: Iterable[Mention], changes: Iterable[IdentityChange]
) -> None:
    first = {mention.id: mention.identifiers[0] for mention in mentions if mention.identifiers}
    anchors = first | identity.anchors
    known = {anchors[mention.id] for mention in mentions if mention.has_records}
    begins: dict[tuple[Identifier, Identifier], Stamp] = {}
    for change in changes:
        person, other = anchors.get(change.person), anchors.get(change.other)
        if not person or not other or person == other:
            continue
        if change.operation is Operation.MOVE:
            _move(identity, change.key, person, other)
        elif change.operation is Operation.UNMERGE:
            if not _undo_merge(identity, change, person, other, begins):
                identity.unmatched.append(change)
        elif other not in known:
            identity.unmatched.append(change)
        else:
            begins[person, other] = change.stamp
            if identity.find_survivor(person) == identity.find_survivor(other):
                identity.replaced.pop(person, None)
            identity.replaced[other] = person


def _move(identity: Identity, key: str, person: Identifier, other: Identifier) -> None:
    """Also what came to `other` before, and what was sent of the stay while it was theirs."""
    for (moved, former), present in list(identity.moves.items()):
        if (moved, present) == (key, other):
            identity.moves[key, former] = person
    identity.moves[key, other] = person
    identity.moves.pop((key, person), None)  # moved back


def _undo_merge(
    identity: Identity,
    change: IdentityChange,
    person: Identifier,
    other: Identifier,
    begins: Mapping[tuple[Identifier, Identifier], Stamp],
) -> bool:
    """Make two persons of one again, whichever of them the message names first."""
    for survivor, merged in ((person, other), (other, person)):
        if merged in identity.replaced and _is_on_way(identity, merged, survivor):
            del identity.replaced[merged]
            begin = begins.get((survivor, merged), NEVER)
            identity.undone.append(UndoneMerge(survivor, merged, begin, change.stamp))
            return True
    return False


def _is_on_way(identity: Identity, merged: Identifier, survivor: Identifier) -> bool:
    while merged in identity.replaced:
        merged = identity.replaced[merged]
        if merged == survivor:
            return True
    return False


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
