"""Open a vault, and bring one that is older than the program up to date by itself.

A vault is copied first, and the copy is checked. All migrations and their audit entry are one
transaction: whatever fails or is cut off leaves the vault as it was. A vault that is newer than the
program, on a disk that takes nothing, damaged or missing is opened for reading only
(`Vault.read_only_reason`): what can be read of it is shown.
"""

import sqlcipher3

from downtime.clock import Clock
from downtime.config import Home
from downtime.errors import ConflictError, LockedError, UserError
from downtime.settings import Settings
from downtime.vault import device, schema
from downtime.vault.audit import append_rebased, note_foreign_changes
from downtime.vault.backup import BackupError, back_up_vault, delete_old_backups
from downtime.vault.copied_home import check_at_opening
from downtime.vault.database import is_damage, transaction
from downtime.vault.model import Actor, AuditAction, MigrationReport
from downtime.vault.store import audit_chain, content_sums
from downtime.vault.vault import Vault, has_vault
from downtime.vault.write_access import ReadOnlyError, ReadOnlyReason


def open_vault(home: Home, settings: Settings, data_key: bytes, clock: Clock) -> Vault:
    """The vault of a home, up to date; `migrated` says what had to be done.

    A home that was copied or put back is noticed (`copied_home`).

    ConflictError when it could not be brought up to date.
    """
    vault = Vault(home, data_key, clock)
    try:
        _open(vault, settings)
        _check_identity(vault)
    except BaseException:
        vault.close()
        raise
    return vault


def _open(vault: Vault, settings: Settings) -> None:
    if not has_vault(vault.home):
        vault.read_salvaged(ReadOnlyReason.LOST)
        return
    try:
        vault.migrated = migrate_vault(vault, settings)
        check_at_opening(vault)
    except (sqlcipher3.DatabaseError, LockedError) as error:
        if not is_damage(error) and not _is_key_right(vault, error):
            raise
        vault.read_salvaged(ReadOnlyReason.DAMAGED)


def _is_key_right(vault: Vault, error: Exception) -> bool:
    """Whether the vault refuses a data key that opens this machine's identity: its first page is damaged."""
    if getattr(error, "code", "") != "vault.key":
        return False
    try:
        device.load_device(vault)
    except UserError:
        return False
    return True


def _check_identity(vault: Vault) -> None:
    """Without it nothing is signed and no number given out; the audit knows which machine this was."""
    try:
        device.load_device(vault)
    except UserError:
        device.remember_code(vault.home, audit_chain.find_last_device(vault.db))
        if vault.read_only_reason is None:
            vault.write_access.close(ReadOnlyReason.NO_IDENTITY)


def migrate_vault(vault: Vault, settings: Settings) -> MigrationReport | None:
    """Bring an older vault up to date; None when there is nothing to do."""
    if not schema.list_pending(vault.db):
        return None
    if vault.is_read_only:
        _migrate_copy(vault)
        return None
    try:
        report = _migrate(vault)
    except ReadOnlyError:
        _migrate_copy(vault)
        return None
    except (sqlcipher3.Error, OSError, BackupError) as error:
        raise ConflictError(
            "vault.migrate-failed",
            "The vault could not be brought up to this version of Downtime"
            f" ({type(error).__name__}). It is as it was before.",
            "Make room on the disk, see that the home's folder 'backups' can be written, and sign in"
            " again; until then use the version before.",
        ) from error
    delete_old_backups(vault, settings.vault.backups_kept)
    return report


def _migrate_copy(vault: Vault) -> None:
    """On a disk that takes nothing a copy in memory is brought up to date, to be read."""
    if vault.read_only_reason is ReadOnlyReason.NEWER:
        return
    vault.read_copy()
    schema.apply_migrations(vault.db, schema.list_pending(vault.db), vault.now())


def _migrate(vault: Vault) -> MigrationReport | None:
    with transaction(vault.db) as db:
        migrations = schema.list_pending(db)
        if not migrations:  # another process was first
            return None
        backup = back_up_vault(vault, db)
        changed = content_sums.find_changed_tables(db.conn)
        note_foreign_changes(db, vault.now(), device.read_own_code(vault.home))
        vault.db.content.disarm(db.conn)
        schema.apply_migrations(db, migrations, vault.now())
        content_sums.rebase(db.conn)
        vault.db.content.arm(db.conn)
        actor = Actor("migration", "Migration", device.read_own_code(vault.home))
        names = ", ".join(f"{migration.room}/{migration.name}" for migration in migrations)
        if changed:
            names += f"; rows had been changed by something else: {', '.join(changed)}"
        append_rebased(db, vault.now(), actor, AuditAction.VAULT_MIGRATE, backup.name, names)
    return MigrationReport(len(migrations), backup)
