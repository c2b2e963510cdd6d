"""Try whether the disk answers again, and write then what waited; or go on with what can still be read."""

import sqlcipher3

from downtime.errors import LockedError, UserError
from downtime.vault import device, schema
from downtime.vault.audit import append_entry
from downtime.vault.database import Database, connect, is_damage, transaction
from downtime.vault.model import Actor, AuditAction
from downtime.vault.store import tables
from downtime.vault.vault import Vault, has_vault
from downtime.vault.write_access import (
    QueuedChange,
    ReadOnlyError,
    ReadOnlyReason,
    try_to_write,
)

_TRIAL_MILLISECONDS = 300
"""How long a vault that another program had locked is waited for: pages come meanwhile."""
NOT_WRITTEN = "not written with it: what it changed had changed meanwhile"


def write_again(vault: Vault) -> bool:
    """Whether the vault can be written, tried every few seconds at most; what waited is written first."""
    access = vault.write_access
    if access.reason is None or not access.may_look_again():
        return access.reason is None
    with access.lock:
        if reason := _find_reason(vault) or _write_all(vault):
            access.close(reason)
            return False
        vault.reopen()
    return True


def salvage_if_damaged(vault: Vault) -> bool:
    """Go on with what can be read of a damaged vault; False when it is none, or that was done before."""
    was_left = vault.write_access.reason in (ReadOnlyReason.DAMAGED, ReadOnlyReason.LOST)
    if was_left or not has_vault(vault.home) or not _is_damaged(vault):
        return False
    vault.read_salvaged(ReadOnlyReason.DAMAGED)
    return True


def _is_damaged(vault: Vault) -> bool:
    """Looked at as it is read now: a disk that takes nothing does not open it in any other way."""
    try:
        connection = vault.db.conn
        return bool(tables.count_damaged_pages(connection)) or not tables.is_intact(connection)
    except LockedError:
        return True
    except sqlcipher3.DatabaseError as error:
        return is_damage(error)


def _find_reason(vault: Vault) -> ReadOnlyReason | None:
    if not has_vault(vault.home):
        return ReadOnlyReason.LOST
    try:
        device.load_device(vault)
    except UserError:
        return ReadOnlyReason.NO_IDENTITY
    return try_to_write(vault.home.path)


def _write_all(vault: Vault) -> ReadOnlyReason | None:
    """Write what waits in one transaction; the reason why that cannot be."""
    access = vault.write_access
    changes = list(access.queue)
    try:
        db = connect(vault.home.vault_file, vault.derive_key("vault"))
        db.watch_schema(schema.list_unknown)
        if schema.list_pending(db):  # whoever signs in next brings it up to date
            return access.reason
        while (refused := _write_queue(vault, db, changes)) is not None:
            changes[refused] = _without_write(changes[refused])
    except ReadOnlyError as error:
        return error.reason
    except (OSError, sqlcipher3.Error, UserError) as error:
        damaged = ReadOnlyReason.DAMAGED if is_damage(error) else None
        return damaged or access.explain(error) or access.reason
    return None


def _write_queue(vault: Vault, db: Database, changes: list[QueuedChange]) -> int | None:
    """All of it, or the place of the change that does not fit what is there by now."""
    access = vault.write_access
    device_code = device.read_own_code(vault.home)
    program = Actor("program", "The program itself", device_code)
    try:
        with transaction(db, busy_milliseconds=_TRIAL_MILLISECONDS):
            for write in vault.before_writing:
                write(db)
            for place, change in enumerate(changes):
                _write(db, place, change)
                append_entry(
                    db, change.at, change.actor, change.action, change.target, change.reason
                )
            reason = f"{access.reason}, since {access.since or vault.now()}"
            target = f"{len(changes)} entries"
            append_entry(db, vault.now(), program, AuditAction.QUEUE_WRITE, target, reason)
    except _RefusedChangeError as error:
        return error.place
    return None


def _write(db: Database, place: int, change: QueuedChange) -> None:
    if change.write is None:
        return
    try:
        change.write(db)
    except (sqlcipher3.IntegrityError, UserError) as error:
        raise _RefusedChangeError(place) from error


class _RefusedChangeError(Exception):
    """Undoes the transaction: one change does not fit."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place


def _without_write(change: QueuedChange) -> QueuedChange:
    reason = "; ".join(filter(None, [change.reason, NOT_WRITTEN]))
    return QueuedChange(change.at, change.actor, change.action, change.target, reason)
