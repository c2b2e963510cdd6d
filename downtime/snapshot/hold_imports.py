"""What a system sends after its outage is declared stays in the ledger until the outage is over.

A system that fails sends half a list, or an empty one, or yesterday's once more when it starts. So
its data stays as it was when it was lost, and as old as it is; what came meanwhile is applied, in
its own order, by the first build after the system is marked as restored.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Self

import sqlite_utils

from downtime.feeds.model import FeedMessage
from downtime.ingest.ledger import Ledger
from downtime.ingest.model import RecordedMessage
from downtime.ingest.read_ledger import read_after
from downtime.snapshot.store import held_imports
from downtime.snapshot.store.held_imports import HeldImport
from downtime.vault.database import transaction


class HeldImports(NamedTuple):
    """Systems whose messages wait, and those whose messages waited until now."""

    waiting: Mapping[str, HeldImport]
    resumed: Mapping[str, HeldImport]

    @classmethod
    def begin(cls, db: sqlite_utils.Database, down: Mapping[str, str], applied: int) -> Self:
        """Note down what is held before anything is passed over, so that a cut forgets none of it.

        `down` is each system that is declared down with the time of its loss (UTC), `applied` the
        highest arrival number that the state knows.
        """
        noted = held_imports.select_held(db)
        waiting = {
            system: noted.get(system, HeldImport(since, applied + 1))
            for system, since in down.items()
        }
        resumed = {system: item for system, item in noted.items() if system not in down}
        if noted or waiting:
            with transaction(db):
                held_imports.save_held(db, resumed | waiting)
        return cls(waiting, resumed)

    def finish(self, db: sqlite_utils.Database) -> None:
        """What waited until now is applied."""
        if self.resumed:
            with transaction(db):
                held_imports.save_held(db, self.waiting)

    def find_holder(self, message: RecordedMessage) -> str:
        """The system because of whose outage a message is not applied yet; else empty."""
        return _find_holder(message, self.waiting)

    def read_resumed(self, ledger: Ledger, applied: int) -> Iterator[RecordedMessage]:
        """What waited until now, in order of arrival."""
        if not self.resumed:
            return
        first = min(item.first_arrival for item in self.resumed.values())
        for message in read_after(ledger, first - 1, applied + 1):
            if _find_holder(message, self.resumed):
                yield message


NOTHING_HELD = HeldImports({}, {})


def _find_holder(message: RecordedMessage, imports: Mapping[str, HeldImport]) -> str:
    if not imports or not isinstance(message.item, FeedMessage):
        return ""
    for system in _list_systems(message.item):
        item = imports.get(system)
        if item and message.arrival >= item.first_arrival and message.received >= item.since:
            return system
    return ""


def _list_systems(message: FeedMessage) -> list[str]:
    """The system that made it; of a collection that does not say, those whose records it has."""
    if message.source:
        return [message.source]
    return sorted({item.source for item in message.content})
