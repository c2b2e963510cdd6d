"""Whom the number of a visit, an order or a message means: pure.

It leads to the one person whose record has that number, unless name, birth date or sex that stood
beside it contradict; then it is somebody of their own. What stood beside it never changes the details
of a known person. Messages with one such number are of one person, unless they contradict each other.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from downtime.clinical.identifiers import Identifier
from downtime.snapshot.identity import Identity
from downtime.snapshot.mentions import Mention
from downtime.snapshot.person_details import PersonDetails


@dataclass(slots=True)
class WeakLinks:
    """What became of the mentions that are only numbers of visits, orders or messages."""

    joined: set[int] = field(default_factory=set)
    """Those that lead to a known person."""
    alone: set[int] = field(default_factory=set)
    contradicted: set[int] = field(default_factory=set)
    """Those whose number is somebody else's by all that stands beside it."""


def join_weak_mentions(
    identity: Identity,
    mentions: Iterable[Mention],
    holders: Mapping[int, Collection[int]],
    details: Mapping[int, Collection[PersonDetails]],
) -> WeakLinks:
    """Give every weak mention its person, in `identity.anchors`.

    `holders` are, of a weak mention, the other mentions whose records have its number; `details` what
    was sent beside the numbers of each mention.
    """
    links = WeakLinks()
    known: dict[Identifier, set[PersonDetails]] = defaultdict(set)
    for mention_id, anchor in identity.anchors.items():
        known[identity.find_survivor(anchor)].update(details.get(mention_id, ()))
    by_number: dict[Identifier, list[Mention]] = defaultdict(list)
    for mention in mentions:
        if mention.identifiers and mention.is_weak:
            by_number[mention.number].append(mention)
    for number, sharers in sorted(by_number.items()):
        _join_number(identity, links, number, sharers, holders, known)
    return links


def _join_number(
    identity: Identity,
    links: WeakLinks,
    number: Identifier,
    sharers: list[Mention],
    holders: Mapping[int, Collection[int]],
    known: Mapping[Identifier, Collection[PersonDetails]],
) -> None:
    is_clear = not _contradict_each_other(sharers)
    strong = {other for mention in sharers for other in holders.get(mention.id, ())}
    anchors = {identity.anchors[other] for other in strong if other in identity.anchors}
    if number in identity.belongs:
        anchors.add(identity.belongs[number])
    persons = {identity.find_survivor(anchor) for anchor in anchors}
    for mention in sharers:
        sent = PersonDetails.parse(mention.details)
        is_possible = len(persons) == 1 and (is_clear or any(sent))
        if is_possible and _fits(sent, known[next(iter(persons))]):
            identity.anchors[mention.id] = min(anchors)
            links.joined.add(mention.id)
            continue
        identity.anchors[mention.id] = number if is_clear else mention.identifiers[0]
        links.alone.add(mention.id)
        if len(persons) == 1 or not is_clear:
            links.contradicted.add(mention.id)


def _contradict_each_other(sharers: Iterable[Mention]) -> bool:
    sent = [PersonDetails.parse(mention.details) for mention in sharers]
    return any(first.contradicts(second) for first, second in combinations(sent, 2))


def _fits(sent: PersonDetails, known: Collection[PersonDetails]) -> bool:
    """Whether what was sent beside a number is, for all that is said, of the known person."""
    return not known or not all(sent.contradicts(details) for details in known)
