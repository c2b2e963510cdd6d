"""Which record a reference means: never one of another person, and never one of several. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from downtime.feeds.server_addresses import split_address


class Target(NamedTuple):
    """A record to which others may refer."""

    source: str
    person: str
    """Id of its person; empty when it is about nobody."""
    id: str


class ReferenceIndex:
    """The records of some types by their keys, and by every other address they have."""

    def __init__(self, types: Iterable[str]) -> None:
        self._by_key: dict[str, dict[str, list[Target]]] = {
            name: defaultdict(list) for name in types
        }
        self._on_servers: dict[tuple[str, str], list[Target]] = defaultdict(list)
        """By the paths of addresses that name a server."""

    def add(self, type_name: str, keys: Iterable[str], target: Target) -> None:
        """Make a record known under its key and its other addresses."""
        by_key = self._by_key.get(type_name)
        if by_key is not None:
            for key in keys:
                by_key[key].append(target)
                if (address := split_address(key)).server:
                    self._on_servers[type_name, address.path].append(target)

    def find(self, type_name: str, key: str, source: str, person: str) -> str:
        """Id of the record that a record of this source and person means; empty when unsure.

        The same source's is meant, else the only one of that key.
        """
        targets = self._by_key[type_name].get(key, ())
        possible = _list_possible(targets, person) or _list_possible(
            self._find_elsewhere(type_name, key), person
        )
        if len(possible) == 1:
            return next(iter(possible)).id
        same_source = {target for target in possible if target.source == source}
        chosen = same_source or possible
        return next(iter(chosen)).id if len(chosen) == 1 else ""

    def _find_elsewhere(self, type_name: str, key: str) -> Sequence[Target]:
        """What lies under an address with a server, sent without one, or the other way round."""
        server, path = split_address(key)
        if server:
            return self._by_key[type_name].get(path, ())
        return self._on_servers.get((type_name, path), ())


def _list_possible(targets: Sequence[Target], person: str) -> set[Target]:
    """Those of this person or of nobody; who is nobody may mean anybody's."""
    return {target for target in targets if person in ("", target.person) or not target.person}
