"""Documents of other hospitals as they travel to the records station: kept once, whoever read them in."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlite_utils import Database

from downtime.paper.mutual_aid import store

AID_TABLE = "aid_document"


def export_documents(db: Database) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every document as a row for a bundle, with whom it became."""
    for row in store.fetch_rows(db):
        yield AID_TABLE, row


def merge_document(db: Database, row: Mapping[str, Any]) -> bool:
    """Take over a document of a bundle, in the caller's transaction; whether anything of it was new.

    The laptop that sealed the bundle has verified its signature. ValueError for a row that no laptop
    writes.
    """
    document = store.parse_received(row)
    is_new = store.insert_row_if_new(db, row)
    known = store.find_received(db, document.id)
    if known is None or known.arrival or not document.arrival:
        return is_new
    store.set_arrival(db, document.id, document.arrival)
    return True
