"""Open a vault, and bring one that is older than the program up to date by itself.

A vault is copied first, and the copy is checked. All migrations and their audit entry are one
transaction: whatever fails or is cut off leaves the vault as it was. A vault that is newer than the
program is opened for reading only (`Vault.is_read_only`).
"""

import sqlcipher3

from downtime.clock import Clock
from downtime.config import Home
from downtime.errors import ConflictError
from downtime.settings import Settings
from downtime.vault import device, schema
from downtime.vault.audit import append_entry
from downtime.vault.backup import BackupError, back_up_vault, delete_old_backups
from downtime.vault.copied_home import check_at_opening
from downtime.vault.database import transaction
from downtime.vault.model import Actor, AuditAction, MigrationReport
from downtime.vault.store import content_sums
from downtime.vault.vault import Vault, check_vault_exists


def open_vault(home: Home, settings: Settings, data_key: bytes, clock: Clock) -> Vault:
    """The vault of a home, up to date; `migrated` says what had to be done.

    A home that was copied or put back is noticed (`copied_home`).

    LockedError without a vault; ConflictError when it could not be brought up to date.
    """
    check_vault_exists(home)
    vault = Vault(home, data_key, clock)
    try:
        vault.migrated = migrate_vault(vault, settings)
        check_at_opening(vault)
    except BaseException:
        vault.close()
        raise
    return vault


def migrate_vault(vault: Vault, settings: Settings) -> MigrationReport | None:
    """Bring an older vault up to date; None when there is nothing to do."""
    if vault.is_read_only or not schema.list_pending(vault.db):
        return None
    try:
        report = _migrate(vault)
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


def _migrate(vault: Vault) -> MigrationReport | None:
    with transaction(vault.db) as db:
        migrations = schema.list_pending(db)
        if not migrations:  # another process was first
            return None
        backup = back_up_vault(vault, db)
        changed = content_sums.find_changed_tables(db.conn)
        vault.db.content.disarm(db.conn)
        schema.apply_migrations(db, migrations, vault.now())
        content_sums.rebase(db.conn)
        vault.db.content.arm(db.conn)
        actor = Actor("migration", "Migration", device.read_own_code(vault.home))
        names = ", ".join(f"{migration.room}/{migration.name}" for migration in migrations)
        if changed:
            names += f"; rows had been changed by something else: {', '.join(changed)}"
        append_entry(db, vault.now(), actor, AuditAction.VAULT_MIGRATE, backup.name, names)
    return MigrationReport(len(migrations), backup)
