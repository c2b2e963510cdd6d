"""Changes of work that makes many of them, while people go on saving: their own changes get in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from sqlite_utils import Database

from downtime.vault.database import let_others_write
from downtime.vault.model import Actor
from downtime.vault.process_lock import ProcessLock
from downtime.vault.vault import Vault


class LongWork:
    """One process's part of long work.

    Of all the processes with such work only one waits for the vault at a time, and it leaves a gap
    behind its change: a person's save waits for one of these changes, not for several in a row.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._turn = ProcessLock(vault.home.path / ".long-work.lock")

    @contextmanager
    def change(
        self, actor: Actor, action: StrEnum, *, target: str, reason: str
    ) -> Iterator[Database]:
        """As `Vault.change`."""
        self._vault.db.check_writable()
        with self._turn.holding():
            with self._vault.change(actor, action, target=target, reason=reason) as db:
                yield db
            let_others_write()

    def close(self) -> None:
        """Let go of the file of turns."""
        self._turn.close()
