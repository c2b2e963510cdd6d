"""Go on reading when a page meets a damaged page of a database, or a vault that is locked or cannot be read.

What can be read of the vault, or the snapshot opened anew from its bundle, is shown from then on: the
page is asked for once more.
"""

from flask import g

from downtime.errors import UserError
from downtime.snapshot.heal_snapshots import read_damaged
from downtime.snapshot.index_again import index_again
from downtime.vault.database import is_damage, is_unreadable
from downtime.vault.model import Actor
from downtime.vault.vault import Vault
from downtime.vault.write_access import ReadOnlyError, ReadOnlyReason
from downtime.vault.write_again import salvage_if_damaged
from downtime.web import request_context

FIRST_PAGE = "vault.key"
"""The code of the error of a database whose first page is damaged: its key seems to be another one."""
_NOBODY = Actor("program", "The program itself", "")


def can_read_on(error: Exception) -> bool:
    """Whether the same page may come now, since something else is read for it."""
    with request_context.app_state().vault_holder.use_if_unlocked() as vault:
        if vault is None:
            return False
        if is_damage(error) or getattr(error, "code", "") == FIRST_PAGE:
            return _leave_damage(vault)
        return is_unreadable(error) and _read_copy(vault, error)


def _leave_damage(vault: Vault) -> bool:
    if salvage_if_damaged(vault):
        index_again(vault)
        return True
    request_context.open_snapshots().close()
    actor = request_context.actor() if "actor" in g else _NOBODY
    return read_damaged(vault, request_context.settings(), actor)


def _read_copy(vault: Vault, error: Exception) -> bool:
    if vault.reads_copy:
        return False
    try:
        vault.read_copy()
    except OSError:
        return False
    vault.write_access.close(vault.write_access.explain(error) or ReadOnlyReason.IN_USE)
    return True


def find_refusal(error: Exception) -> UserError | None:
    """The sentence of an error that says that this disk takes nothing; None for any other one."""
    with request_context.app_state().vault_holder.use_if_unlocked() as vault:
        reason = vault.write_access.explain(error) if vault else None
        if vault is None or reason is None:
            return None
        vault.write_access.close(reason)
        return ReadOnlyError(reason)
