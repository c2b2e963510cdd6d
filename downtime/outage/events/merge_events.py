"""Events as they travel between machines: only ever added, so that neither order nor repetition matters."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlite_utils import Database

from downtime.outage.events import store

EVENT_TABLE = "outage_event"


def export_events(db: Database, device: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every event as a row for a bundle; outages are named with the laptop: `K7:2026-11-02-1`."""
    for event in store.fetch_all(db):
        row = store.event_row(event)
        origin = row.pop("origin") or f"{device}:{event.outage}"
        yield EVENT_TABLE, row | {"outage": origin}


def merge_event(
    db: Database, device: str, local_outages: Mapping[str, str], row: Mapping[str, Any]
) -> bool:
    """Add an event of a bundle, inside the caller's transaction; whether it was new.

    What this machine itself (`device`) recorded and has lost since comes back. ValueError for a row
    that no laptop writes.
    """
    origin, own_prefix = str(row["outage"]), f"{device}:"
    is_own = origin.startswith(own_prefix)
    outage = origin.removeprefix(own_prefix) if is_own else local_outages.get(origin, origin)
    full_row = {**row, "outage": outage, "origin": "" if is_own else origin}
    store.parse_event(full_row)
    return store.insert_event_if_new(db, full_row)


def move_events_to_outages(db: Database, local_outages: Mapping[str, str]) -> None:
    """Follow laptops' outages that were put under others here, in the caller's transaction."""
    store.move_to_outages(db, local_outages)
