"""Who would leave and who would come if a list were released from quarantine: looked at before it is."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import sqlite_utils

from downtime.clinical.identifiers import Identifier
from downtime.feeds.model import Change, FeedMessage, Replacement
from downtime.ingest.ledger import Ledger
from downtime.ingest.read_ledger import get_raw
from downtime.ingest.read_raw import number_items, read_raw
from downtime.snapshot.plausible_lists import PresentRecord, stands
from downtime.snapshot.state_files import open_state
from downtime.snapshot.store import publisher_state
from downtime.vault.vault import Vault


class ListedRecord(NamedTuple):
    """A record that leaves or comes; `who` is patient data."""

    type: str
    ward: str
    who: str
    """Name and number; the record's own key where it is of nobody (a bed)."""


@dataclass(frozen=True, slots=True)
class ReleasePreview:
    """What a release would take away and bring."""

    leaving: tuple[ListedRecord, ...] = ()
    coming: tuple[ListedRecord, ...] = ()


def count_wards(records: Iterable[ListedRecord]) -> dict[str, int]:
    """How many of each ward, in order; of no ward last under an empty name."""
    counts = Counter(record.ward for record in records)
    return {ward: counts[ward] for ward in sorted(counts, key=lambda ward: (not ward, ward))}


def preview_release(vault: Vault, ledger: Ledger, arrival: int) -> ReleasePreview:
    """Hold a list of the ledger against the state; empty when it is no full list or not kept."""
    extracts = _read_extracts(ledger, arrival)
    leaving: list[ListedRecord] = []
    coming: list[ListedRecord] = []
    if not extracts or not vault.home.state_file.exists():
        return ReleasePreview()
    with open_state(vault, vault.home.state_file) as db:
        for extract in extracts:
            for type_name in sorted(set(extract.types) - {"Patient"}):
                _compare(db, extract, type_name, leaving, coming)
    return ReleasePreview(tuple(sorted(leaving)), tuple(sorted(coming)))


def _read_extracts(ledger: Ledger, arrival: int) -> list[Replacement]:
    stored = get_raw(ledger, arrival)
    if stored is None:
        return []
    numbered = number_items(stored.raw, stored.arrival, read_raw(stored.raw, ledger.context))
    items = [item for number, item in numbered if number == arrival]
    messages = (item for item in items if isinstance(item, FeedMessage))
    return [part for item in messages for part in item.content if isinstance(part, Replacement)]


def _compare(
    db: sqlite_utils.Database,
    extract: Replacement,
    type_name: str,
    leaving: list[ListedRecord],
    coming: list[ListedRecord],
) -> None:
    present = dict(_list_present(db, type_name, extract))
    rows = [change for change in extract.changes if change.type == type_name]
    keys, listed = {row.key for row in rows}, {n for row in rows for n in row.patient}
    known_keys = {record.key for record in present.values()}
    known = {number for record in present.values() for number in record.identifiers}
    missing = {
        mention: record
        for mention, record in present.items()
        if record.key not in keys and listed.isdisjoint(record.identifiers)
    }
    names = _name_known_people(db, {name[1] for name in missing})
    for (_, mention), record in missing.items():
        who = _describe(names.get(mention, ""), record.identifiers, record.key)
        leaving.append(ListedRecord(type_name, record.ward, who))
    names_of_list = {change.patient: _name(change.fields) for change in _people(extract)}
    for row in rows:
        if row.key not in known_keys and known.isdisjoint(row.patient):
            who = _describe(names_of_list.get(row.patient, ""), row.patient, row.key)
            coming.append(ListedRecord(type_name, str(row.fields.get("ward", "")), who))


def _list_present(
    db: sqlite_utils.Database, type_name: str, extract: Replacement
) -> Iterator[tuple[tuple[str, int], PresentRecord]]:
    """What the list would have to name, by key and mention of the person."""
    states = [
        (name, str(state.fields.get("ward", "")))
        for name, state in publisher_state.iterate_states(db, type_name, extract.source)
        if stands(state, extract.sent)
    ]
    people = publisher_state.select_identifiers(db, {name[3] for name, _ in states})
    for name, ward in states:
        yield (name[2], name[3]), PresentRecord(name[2], people.get(name[3], ()), ward)


def _name_known_people(db: sqlite_utils.Database, mentions: set[int]) -> dict[int, str]:
    if not mentions:
        return {}
    return {
        name[3]: _name(state.fields)
        for name, state in publisher_state.iterate_states(db, "Patient")
        if name[3] in mentions
    }


def _people(extract: Replacement) -> Iterator[Change]:
    return (change for change in extract.changes if change.type == "Patient")


def _name(fields: Mapping[str, object]) -> str:
    return ", ".join(str(fields[part]) for part in ("family", "given") if fields.get(part))


def _describe(name: str, numbers: tuple[Identifier, ...], key: str) -> str:
    number = numbers[0].value if numbers else ""
    return " ".join(filter(None, (name, number))) or key
