"""The hospital as it was when its systems were lost: of each system, the snapshot of its own T0."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from downtime.outage.model import Outage
from downtime.snapshot import local_snapshots
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.vault import Vault

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class T0Snapshots:
    """The snapshot of the first T0, and by system those of systems that were lost later."""

    first: Snapshot | None
    """None when the outage began without any."""
    later: dict[str, Snapshot]

    @property
    def snapshots(self) -> list[Snapshot]:
        """All of them."""
        first = [self.first] if self.first is not None else []
        return [*first, *dict.fromkeys(self.later.values())]

    def read(
        self, fetch: Callable[[Snapshot], Iterable[R]], get_source: Callable[[R], str]
    ) -> Iterator[R]:
        """What each snapshot holds of the systems whose T0 it is."""
        if self.first is not None:
            yield from (row for row in fetch(self.first) if get_source(row) not in self.later)
        for snapshot in dict.fromkeys(self.later.values()):
            rows = fetch(snapshot)
            yield from (row for row in rows if self.later.get(get_source(row)) is snapshot)


@contextmanager
def open_t0_snapshots(vault: Vault, outage: Outage) -> Iterator[T0Snapshots]:
    """The T0 snapshots of an outage, open meanwhile; NotFoundError when one is not here."""
    with ExitStack() as stack:

        def open_(snapshot_id: str) -> Snapshot:
            return stack.enter_context(closing(local_snapshots.open_snapshot(vault, snapshot_id)))

        first = open_(outage.snapshot) if outage.snapshot else None
        ids = {name: outage.get_snapshot(name) for name in outage.system_names}
        opened = {id_: open_(id_) for id_ in outage.t0_snapshots - {outage.snapshot}}
        yield T0Snapshots(first, {name: opened[id_] for name, id_ in ids.items() if id_ in opened})
