"""Everybody in the state, and where one number was sent for two people."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

import sqlite_utils

from downtime.clinical.identifiers import Identifier
from downtime.feeds.model import LINKS, Finding, FindingKind, Operation
from downtime.snapshot.identity import Identity, is_site_number, resolve_identities
from downtime.snapshot.mentions import Mention
from downtime.snapshot.name_servers import FHIR
from downtime.snapshot.person_details import PersonDetails
from downtime.snapshot.record_state import NEVER, RecordState, Stamp
from downtime.snapshot.store import publisher_state
from downtime.snapshot.traces import PERSON, list_traces
from downtime.snapshot.weak_mentions import WeakLinks, join_weak_mentions


class PatientState(NamedTuple):
    """What one system has sent of a person under one combination of identifiers."""

    source: str
    mention: int
    state: RecordState


@dataclass(frozen=True, slots=True)
class IdentifiedPeople:
    """Who there is, and what is doubtful in it."""

    identity: Identity
    weak: WeakLinks
    states: tuple[PatientState, ...]
    contradicted: tuple[Identifier, ...] = ()
    """Persons whose number was sent with another name, birth date and sex."""
    findings: list[tuple[int, Finding]] = field(default_factory=list)
    """Mention of a person whom each concerns, and what was found."""


def identify_people(
    db: sqlite_utils.Database, mentions: Collection[Mention], authority: str
) -> IdentifiedPeople:
    """Find the person of every mention."""
    states = tuple(
        PatientState(source, mention, state)
        for (_, source, _, mention), state in publisher_state.iterate_states(db, "Patient")
        if state.exists
    )
    details = {
        mention: [PersonDetails.parse(text) for text in texts]
        for mention, texts in _list_details(states).items()
    }
    stated = _list_stated_merges(states, mentions)
    changes = [
        change
        for change in publisher_state.select_identity_changes(db)
        if change.operation is not Operation.MERGE or not change.key or change.key in stated
    ]
    identity = resolve_identities(mentions, changes, authority)
    weak = join_weak_mentions(identity, mentions, _find_number_holders(db, mentions), details)
    contradicted = _find_contradicted(identity, weak, details)
    people = IdentifiedPeople(identity, weak, states, contradicted)
    _note_findings(people, mentions)
    _note_zeros(people, details)
    return people


def _list_stated_merges(states: Iterable[PatientState], mentions: Iterable[Mention]) -> set[str]:
    """The merges that FHIR Patients state in their newest versions: one that is gone was undone."""
    addresses = {
        mention.id: next((i for i in mention.identifiers if i.type == FHIR), None)
        for mention in mentions
    }
    newest: dict[tuple[str, Identifier | None], tuple[Stamp, tuple[str, ...]]] = {}
    for source, mention, state in states:
        for layer in state.layers:
            links: Any = layer.fields.get(LINKS)
            if links is None:
                continue
            name = source, addresses.get(mention)
            # A stored layer has a list.
            newest[name] = max(newest.get(name, (NEVER, ())), (layer.stamp, tuple(links)))
    return {key for _, keys in newest.values() for key in keys}


def _note_zeros(people: IdentifiedPeople, details: Mapping[int, Collection[PersonDetails]]) -> None:
    """Hospital numbers that differ by leading zeros alone, of people who are called the same: they
    stay two until a person or the profile says that they are one.
    """
    by_number: dict[str, dict[Identifier, list[int]]] = defaultdict(lambda: defaultdict(list))
    for mention, anchor in people.identity.anchors.items():
        survivor = people.identity.find_survivor(anchor)
        if is_site_number(survivor, people.identity.authority) and mention in details:
            by_number[survivor.value.lstrip("0")][survivor].append(mention)
    source_of = {state.mention: state.source for state in people.states}
    for persons in by_number.values():
        for first, second in combinations(persons.values(), 2):
            pairs = ((a, b) for m in first for n in second for a in details[m] for b in details[n])
            if any(a.is_same_person(b) for a, b in pairs):
                text = "Two hospital numbers differ by leading zeros alone, and name and birth date agree: are they one patient?"
                kind = FindingKind.PATIENT_WITH_TWO_NUMBERS
                finding = Finding(kind, source_of.get(second[0], ""), text, "Patient")
                people.findings.append((second[0], finding))


def _list_details(states: Iterable[PatientState]) -> dict[int, set[str]]:
    """What was sent beside the numbers of each mention, as far as it differed."""
    texts: dict[int, set[str]] = defaultdict(set)
    for _, mention, state in states:
        texts[mention].update(list_traces(state.fields, PERSON))
    return texts


def _find_number_holders(
    db: sqlite_utils.Database, mentions: Collection[Mention]
) -> dict[int, set[int]]:
    """Of each mention that is only a number: the others whose records have the same key."""
    weak = {mention.id for mention in mentions if mention.is_weak}
    sharers: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for type_name, source, key, mention in publisher_state.select_names_of(db, weak):
        sharers[type_name, source, key].add(mention)
    holders: dict[int, set[int]] = defaultdict(set)
    for present in sharers.values():
        for mention in present & weak:
            holders[mention] |= present - weak - {0}
    return holders


def _find_contradicted(
    identity: Identity, weak: WeakLinks, details: Mapping[int, Collection[PersonDetails]]
) -> tuple[Identifier, ...]:
    sent: dict[Identifier, set[PersonDetails]] = defaultdict(set)
    for mention, listed in details.items():
        if mention not in weak.joined and (anchor := identity.anchors.get(mention)):
            sent[anchor].update(listed)
    return tuple(
        anchor
        for anchor, listed in sorted(sent.items())
        if any(first.is_other_person(second) for first, second in combinations(listed, 2))
    )


def _note_findings(people: IdentifiedPeople, mentions: Iterable[Mention]) -> None:
    source_of = {state.mention: state.source for state in people.states}
    by_anchor = {anchor: mention for mention, anchor in people.identity.anchors.items()}

    def note(kind: FindingKind, mention: int, text: str) -> None:
        finding = Finding(kind, source_of.get(mention, ""), text, "Patient")
        people.findings.append((mention, finding))

    for anchor in people.contradicted:
        text = "One number was sent with two names, birth dates and sexes: are they two people?"
        note(FindingKind.NUMBER_REUSED, by_anchor[anchor], text)
    for mention_id in sorted(people.weak.contradicted):
        text = "The number of a visit, an order or a message came with another name, birth date or sex than its patient's: it is of a person of its own."
        note(FindingKind.NUMBER_REUSED, mention_id, text)
    for anchor in sorted({people.identity.anchors[mention] for mention in people.weak.alone}):
        text = "A patient is known only by the number of a visit, an order or a message."
        note(FindingKind.PATIENT_WITHOUT_NUMBER, by_anchor[anchor], text)
    for mention in (mention for mention in mentions if not mention.is_weak):
        site_numbers = [
            i for i in mention.identifiers if is_site_number(i, people.identity.authority)
        ]
        if len({people.identity.find_survivor(number) for number in site_numbers}) > 1:
            text = "A message names two hospital numbers as one person, whom no merge made one: they stay two."
            note(FindingKind.PATIENT_WITH_TWO_NUMBERS, mention.id, text)
