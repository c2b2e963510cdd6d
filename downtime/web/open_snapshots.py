"""Keeps the snapshot in use open from one request to the next: opening it takes longer than most pages.

It is closed when another one is in use, when its file was taken away or changed, and with the vault
under whose key it was read; whoever has it meanwhile finishes first.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from downtime.outage.events.hospital_now import EventState, HospitalNow, read_event_state
from downtime.snapshot import local_snapshots
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.vault import Vault


@dataclass
class LentSnapshot:
    """An opened snapshot, the state of its file when it was opened, and how many have it."""

    snapshot: Snapshot
    state: tuple[object, ...]
    users: int = 0
    is_outdated: bool = False
    _latest_answers: tuple[EventState, HospitalNow] | None = None

    def read_hospital_now(self, vault: Vault) -> HospitalNow:
        """The hospital as staff say, folded anew only when somebody has said something since."""
        state, latest = read_event_state(vault), self._latest_answers
        if latest is None or latest[0] != state:
            latest = self._latest_answers = state, HospitalNow(vault, self.snapshot)
        return latest[1]


class OpenSnapshots:
    """Lends the snapshot in use to any number of requests at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: LentSnapshot | None = None

    @contextmanager
    def lend_current(self, vault: Vault) -> Iterator[LentSnapshot]:
        """The snapshot in use, open until the block ends; NotFoundError when there is none."""
        lent = self._take(vault)
        try:
            yield lent
        finally:
            self._give_back(lent)

    def close(self) -> None:
        """Keep nothing open any more, but what somebody has."""
        with self._lock:
            self._drop_latest()

    def _take(self, vault: Vault) -> LentSnapshot:
        with self._lock:
            state = _read_state(vault)
            if self._latest is None or self._latest.state != state:
                self._drop_latest()
                self._latest = LentSnapshot(local_snapshots.open_current_snapshot(vault), state)
            self._latest.users += 1
            return self._latest

    def _give_back(self, lent: LentSnapshot) -> None:
        with self._lock:
            lent.users -= 1
            self._close_unused(lent)

    def _drop_latest(self) -> None:
        if self._latest is not None:
            self._latest.is_outdated = True
            self._close_unused(self._latest)
            self._latest = None

    def _close_unused(self, lent: LentSnapshot) -> None:
        if lent.is_outdated and not lent.users:
            lent.snapshot.close()


def _read_state(vault: Vault) -> tuple[object, ...]:
    """What is another as soon as what was opened is not what would be opened now."""
    path = local_snapshots.readable_path(vault, local_snapshots.require_current_id(vault))
    try:
        file = path.stat()
    except FileNotFoundError:
        return (vault, path)
    return (vault, path, file.st_ino, file.st_size, file.st_mtime_ns)
