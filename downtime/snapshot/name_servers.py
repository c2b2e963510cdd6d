"""On which FHIR server a patient lies whose resource or reference does not say so. Pure.

A reader gives the address of a Patient resource as an identifier with all it knows
(`feeds.server_addresses`): the server, the system that sent it, both, or neither. What is known of
the system, and that there is only one server, completes it here, so that what a server's pages say
and what its exports say is of one person. Nothing is guessed:

- a system's addresses lie on the one server on which others of that system lie;
- an address of which neither is known lies on the only server there is;
- unless the same address has another hospital number there: then they are two servers.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping

from downtime.clinical.identifiers import MRN, Identifier
from downtime.feeds.server_addresses import split_authority
from downtime.snapshot.mentions import Mention

FHIR = "FHIR"
"""Type of an identifier that is a resource's own address."""
_PATIENT = "Patient/"
_Numbers = dict[tuple[str, str], set[str]]


def list_servers(mentions: Collection[Mention]) -> frozenset[str]:
    """Every server on which a patient lies."""
    authorities = {
        i.authority for mention in mentions for i in mention.identifiers if _is_address(i)
    }
    return frozenset({split_authority(text)[0] for text in authorities} - {""})


def choose_servers(mentions: Collection[Mention]) -> dict[str, str]:
    """Of every authority of a Patient address the server that it means; empty when none is named."""
    authorities = {
        i.authority for mention in mentions for i in mention.identifiers if _is_address(i)
    }
    if authorities <= {""}:
        return {}
    return _choose_servers(authorities, _list_numbers(mentions))


def name_servers(mentions: Collection[Mention], servers: Mapping[str, str]) -> list[Mention]:
    """The mentions, the authority of each Patient address being its server alone."""
    if not servers:
        return list(mentions)
    return [
        mention._replace(identifiers=tuple(_name_server(i, servers) for i in mention.identifiers))
        for mention in mentions
    ]


def _name_server(identifier: Identifier, servers: Mapping[str, str]) -> Identifier:
    if not _is_address(identifier):
        return identifier
    return identifier._replace(authority=servers[identifier.authority])


def _choose_servers(authorities: set[str], numbers: _Numbers) -> dict[str, str]:
    """Of every authority the server that it means, else the system that stands for it."""
    by_system: dict[str, set[str]] = defaultdict(set)
    for server, system in map(split_authority, authorities):
        by_system[system].update({server} - {""})
    chosen = {text: server for text in authorities if (server := split_authority(text)[0])}
    for text in sorted(authorities - chosen.keys(), reverse=True):  # the nameless one is the last
        possible = by_system[text] if text else {*chosen.values()}
        only = next(iter(possible)) if len(possible) == 1 else text
        chosen[text] = text if _contradict(text, only, numbers) else only
    return chosen


def _list_numbers(mentions: Collection[Mention]) -> _Numbers:
    """The hospital numbers that were sent beside each address, by its server, else its system."""
    numbers: _Numbers = defaultdict(set)
    for mention in mentions:
        site_numbers = {str(i) for i in mention.identifiers if i.type == MRN}
        for identifier in filter(_is_address, mention.identifiers):
            server, system = split_authority(identifier.authority)
            numbers[server or system, identifier.value] |= site_numbers
    return numbers


def _contradict(authority: str, other: str, numbers: _Numbers) -> bool:
    """Whether one address has different hospital numbers under the two."""
    if authority == other:
        return False
    return any(
        sent and others and sent.isdisjoint(others)
        for (holder, value), sent in numbers.items()
        if holder == authority and (others := numbers.get((other, value)))
    )


def _is_address(identifier: Identifier) -> bool:
    return identifier.type == FHIR and identifier.value.startswith(_PATIENT)
