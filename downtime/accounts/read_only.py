"""Sign-in and sessions of a vault that is newer than this program: kept in memory, never written.

So people can read what it holds; it ends with this process, and nothing of it is audited.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from threading import Lock
from weakref import WeakKeyDictionary

import sqlite_utils

from downtime.accounts.store import in_memory
from downtime.vault.database import transaction
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_in_memory: WeakKeyDictionary[Vault, sqlite_utils.Database] = WeakKeyDictionary()
_lock = Lock()


@contextmanager
def change_accounts(
    vault: Vault, actor: Actor, action: StrEnum, target: str, reason: str = ""
) -> Iterator[sqlite_utils.Database]:
    """As `vault.change`, of accounts and sessions."""
    if vault.is_read_only:
        yield accounts_db(vault)
        return
    with vault.change(actor, action, target=target, reason=reason) as db:
        yield db


@contextmanager
def write_accounts(vault: Vault) -> Iterator[sqlite_utils.Database]:
    """As `transaction`, of accounts and sessions."""
    if vault.is_read_only:
        yield accounts_db(vault)
        return
    with transaction(vault.db) as db:
        yield db


def accounts_db(vault: Vault) -> sqlite_utils.Database:
    """Where accounts and sessions are read."""
    if not vault.is_read_only:
        return vault.db
    with _lock:
        if vault not in _in_memory:
            _in_memory[vault] = in_memory.copy_to_memory(vault.db)
        return _in_memory[vault]
