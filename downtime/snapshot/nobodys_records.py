"""Who hangs together with a record that names nobody: by its number, or by a reference of either.

Most feeds have no such record, and then nothing is looked for.
"""

from collections.abc import Iterator

import sqlite_utils

from downtime.clinical.record_types import RECORD_TYPES, RecordType
from downtime.feeds.named_resources import ADDRESSES
from downtime.feeds.server_addresses import split_address
from downtime.snapshot.record_state import RecordState
from downtime.snapshot.store import affected_cells, publisher_state

_Address = tuple[str, str]
"""Type and path of a record."""
_LINKED = {
    name
    for row in RECORD_TYPES.values()
    for name in ((row.name, *row.reference_fields.values()) if row.reference_fields else ())
}


def find_nobodys_people(db: sqlite_utils.Database) -> set[int]:
    """The mentions that must be settled together with what names nobody."""
    types = [row.name for row in RECORD_TYPES.values() if row.has_patient]
    names = affected_cells.select_nobodys_names(db, types)
    if not names:
        return set()
    sharers = affected_cells.select_sharers(db, names)
    if any(name[0] in _LINKED for name in names):
        sharers |= _find_by_reference(db)
    return sharers


def _find_by_reference(db: sqlite_utils.Database) -> set[int]:
    addresses: set[_Address] = set()
    by_mention: dict[int, set[_Address]] = {}
    for row in (RECORD_TYPES[name] for name in sorted(_LINKED)):
        for (_, _, key, mention), state in publisher_state.iterate_states(db, row.name):
            met = set(_list_addresses(row, key, state))
            if mention:
                by_mention.setdefault(mention, set()).update(met)
            else:
                addresses |= met
    return {mention for mention, met in by_mention.items() if met & addresses}


def _list_addresses(row: RecordType, key: str, state: RecordState) -> Iterator[_Address]:
    fields = state.fields
    for address in (key, *fields.get(ADDRESSES, ())):
        yield row.name, split_address(address).path
    for name, target in row.reference_fields.items():
        if value := fields.get(name):
            yield target, split_address(str(value)).path
