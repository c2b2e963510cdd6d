"""What things are called to which records refer (FHIR), over all files and over time. Pure.

A reader that meets a reference whose target is not in the same document leaves a *reference text*
in the field: where the target lies, and what the sender calls it there. The target, whenever it
comes, is a change of the type `NAMED_RESOURCE`. Both meet when records are settled:

- `NamedResources.add` takes the fields of every such change in the state;
- `NamedResources.fill_references` puts the name in the place of each reference text of a record's
  fields, and says which fields it could not fill;
- `NamedResources.list_locations` gives the beds and wards whose parts came in different documents.

A field that refers to another *record* (`record_types`: `reference_fields`) needs no such text: it
holds the record's key, or one of the addresses that the record's own changes carry in the field
`ADDRESSES`.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from downtime.feeds.model import Value, bed_key
from downtime.feeds.server_addresses import split_address

NAMED_RESOURCE = "NamedResource"
"""Type of the changes that say what something is called (a medicine, a person, a place): no record
of a patient or snapshot, and no sign of how new a system is. Fields: `ADDRESSES`, `name`; of a
medicine `code`, `codes` and `batch`; of a specimen `collected`; of a place `number`, `kind`, `part_of` (an address), `status`, `note`."""
ADDRESSES = "addresses"
"""A field of changes that is none of the record: every address by which references mean it, as
`Type/id` (with its server before it, when that is known), and as `Type?number` for each of its business identifiers."""
REFERENCE_MARK = "\x1f"
"""With what every reference text begins."""
_MOST_STEPS = 6
"""How far up a Location is followed; no hospital nests deeper, and a circle ends here."""
_PLACE_FIELDS = ("ward", "ward_name", "bay", "bed")
_FIELD_OF_KIND = {"wa": "ward", "ro": "bay", "bd": "bed"}
_PLACE_KINDS = ("bd", "wa")
_DETAILS = frozenset({"batch", "codes", "collected", "collected_text"})
"""Fields that are never filled with a name."""
_NOT_MISSED = _DETAILS | {"bay", "bed"}

Fields = Mapping[str, Value]


class NamedLocation(NamedTuple):
    """A bed or ward put together of its parts, as a change of a Location would say it."""

    source: str
    key: str
    fields: dict[str, Value]


def reference_text(address: str, display: str = "") -> str:
    """What stands in a field until its target is known."""
    return f"{REFERENCE_MARK}{address}{REFERENCE_MARK}{display}"


def is_reference_text(value: object) -> bool:
    """Whether a field's value waits for its target."""
    return (
        isinstance(value, str)
        and value.startswith(REFERENCE_MARK)
        and value.count(REFERENCE_MARK) > 1
    )


def split_reference_text(value: str) -> tuple[str, str]:
    """Address of the target, and what the sender calls it there."""
    _, address, display = value.split(REFERENCE_MARK, 2)
    return address, display


class NamedResources:
    """Every named resource that is known, by address.

    `servers` are all FHIR servers of which anything was sent. An address with a server means that
    server only. One without means what was sent without, or what lies on the only server there is.
    """

    def __init__(self, servers: Collection[str] = ()) -> None:
        self._servers = set(servers)
        self._by_address: dict[str, dict[str, list[Fields]]] = {}
        self._on_servers: dict[str, dict[str, list[Fields]]] = {}
        """By the paths of addresses that name a server."""

    def add(self, source: str, fields: Fields) -> None:
        """Make one known: the present fields of its state."""
        addresses = fields.get(ADDRESSES, ())
        for address in addresses if isinstance(addresses, (tuple, list)) else ():
            server, path = split_address(address)
            if server:
                self._servers.add(server)
                self._on_servers.setdefault(path, {}).setdefault(source, []).append(fields)
            self._by_address.setdefault(address, {}).setdefault(source, []).append(fields)

    def fill_references(self, fields: dict[str, Value], source: str) -> list[str]:
        """Put names in the place of reference texts, in `fields`; the fields that stay without.

        Of several that have the address, the same source's is meant, else none unless all of them
        say the same. A field without its target keeps what the sender calls it there, or is empty.
        """
        unresolved = []
        for name, value in fields.items():
            if (
                isinstance(value, str)
                and value.startswith(REFERENCE_MARK)
                and is_reference_text(value)
            ):
                address, display = split_reference_text(value)
                fields[name] = self._find_text(name, address, source) or display
                is_missed = name not in _NOT_MISSED and (name == "ward" or not fields[name])
                if is_missed and not self._find(address, source):
                    unresolved.append(name)
        return unresolved

    def list_locations(self) -> Iterator[NamedLocation]:
        """The beds and wards among them, each whole and once."""
        listed: set[tuple[str, str]] = set()
        for address, by_source in self._by_address.items():
            for source, fields in ((s, item) for s, items in by_source.items() for item in items):
                place = self.find_place(address, source)
                key = bed_key(place["ward"], place["bay"], place["bed"])
                is_place = fields.get("kind") in _PLACE_KINDS and bool(place["ward"])
                if is_place and (source, key) not in listed:
                    listed.add((source, key))
                    parts: dict[str, Value] = {name: text for name, text in place.items() if text}
                    note = {name: fields[name] for name in ("status", "note") if name in fields}
                    yield NamedLocation(source, key, parts | note)

    def find_place(self, address: str, source: str) -> dict[str, str]:
        """Ward, its name, bay and bed, going up from a Location to what it is part of."""
        place = dict.fromkeys(_PLACE_FIELDS, "")
        for _ in range(_MOST_STEPS):
            fields = self._find(address, source)
            part = _FIELD_OF_KIND.get(str(fields.get("kind", "")), "")
            name = str(fields.get("name", ""))
            if part == "ward":
                place |= {"ward": str(fields.get("number", "")) or name, "ward_name": name}
            elif part:
                place[part] = name
            address = str(fields.get("part_of", ""))
        return place

    def _find(self, address: str, source: str) -> Fields:
        by_source = self._by_address.get(address) or self._find_elsewhere(address)
        possible = by_source.get(source) or [f for items in by_source.values() for f in items]
        first: Fields = next(iter(possible), {})
        return first if all(fields == first for fields in possible) else {}

    def _find_elsewhere(self, address: str) -> dict[str, list[Fields]]:
        """What lies under an address with a server, sent without one, or the other way round."""
        server, path = split_address(address)
        if self._servers - {server} and (server or len(self._servers) > 1):
            return {}
        return (self._by_address if server else self._on_servers).get(path, {})

    def _find_text(self, name: str, address: str, source: str) -> str:
        if name in _PLACE_FIELDS:
            place = self.find_place(address, source)
            return place[name] if place["ward"] or place["bed"] else ""
        for _ in range(_MOST_STEPS):
            fields = self._find(address, source)
            text = str(
                fields.get(name, "") or (fields.get("name", "") if name not in _DETAILS else "")
            )
            if not is_reference_text(text):
                return text
            address = split_reference_text(text)[0]
        return ""
