"""Leave out what a laptop says of a second paper: here its serial is the paper of another patient. Pure.

It stays in the kept file, and a person sees to the paper (`clashes`). What other machines say of the
serial is of the first one.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from downtime.entry import merge_entries as entries
from downtime.paper import merge_ledger as ledger
from downtime.sync.bundle import Row

_SAID = (ledger.CONTENT, ledger.MOVE, *entries.TABLES)


def without_second_papers(
    rows: Iterable[Row], laptop: str, twice: Collection[str]
) -> Iterator[Row]:
    """The rows of a laptop's bundle but those; KeyError for a row that is not as it should be."""
    for table, row in rows:
        second = table in _SAID and _serial(row) in twice
        if not second or row.get("device", laptop).partition("-")[0] != laptop:
            yield table, row


def _serial(row: Mapping[str, Any]) -> str:
    return str(row["entry"]["serial"] if "entry" in row else row["serial"])
