"""Keeps the one unlocked vault of this process, and forgets it when the last session ends.

The snapshot that was opened with it stays open between requests, and is closed with it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from downtime.errors import LockedError
from downtime.vault.vault import Vault
from downtime.web.open_snapshots import OpenSnapshots


class VaultHolder:
    """Holds the vault while somebody is signed in; whoever uses it meanwhile finishes first."""

    def __init__(self) -> None:
        self._vault: Vault | None = None
        self._released: list[Vault] = []
        self._use_counts: dict[int, int] = {}
        self._lock = threading.Lock()
        self.open_snapshots = OpenSnapshots()

    @property
    def unlocked(self) -> bool:
        """Whether a vault is held."""
        return self._vault is not None

    def keep_vault(self, vault: Vault) -> None:
        """Hold a vault that was just unlocked; a second one of the same home is closed again."""
        with self._lock:
            if self._vault is None:
                self._vault = vault
                return
        vault.close()

    @contextmanager
    def lend_vault(self) -> Iterator[Vault]:
        """The vault, which stays open at least until the block ends; LockedError when none is."""
        with self._lock:
            if self._vault is None:
                raise LockedError(
                    "vault.locked", "Nobody is signed in on this laptop.", "Sign in first."
                )
            vault = self._vault
            self._use_counts[id(vault)] = self._use_counts.get(id(vault), 0) + 1
        try:
            yield vault
        finally:
            with self._lock:
                self._use_counts[id(vault)] -= 1
            self._close_unused()

    @contextmanager
    def use_if_unlocked(self) -> Iterator[Vault | None]:
        """The vault as `lend_vault` gives it, or None when nobody has unlocked it yet."""
        if not self.unlocked:
            yield None
            return
        with self.lend_vault() as vault:
            yield vault

    def release(self) -> None:
        """Close the vault as soon as nobody uses it; until somebody signs in there is none."""
        with self._lock:
            if self._vault is not None:
                self._released.append(self._vault)
                self._vault = None
        self._close_unused()

    def _close_unused(self) -> None:
        with self._lock:
            unused = [v for v in self._released if not self._use_counts.get(id(v))]
            for vault in unused:
                self._released.remove(vault)
                self._use_counts.pop(id(vault), None)
        for vault in unused:
            self.open_snapshots.close()
            vault.close()
