"""An older vault brings itself up to date after a checked backup; a newer one is only read."""

import os
import signal
import sys
from pathlib import Path

import pytest
import sqlcipher3

from downtime.errors import ConflictError
from downtime.vault import audit, device, jobs, keys, migrate_vault, schema
from downtime.vault.database import connect, transaction
from downtime.vault.migrate_vault import open_vault
from downtime.vault.model import Actor, AuditAction
from downtime.vault.schema import Migration
from downtime.vault.store import audit_chain, content_sums, tables
from downtime.vault.vault import Vault
from tests.integration import fork_server

from .conftest import SECRETS

LAST_OLD = "0021"
"""An old vault has the migrations up to this number."""
KILLED_AFTER = """
import os, signal, sys
from pathlib import Path
from downtime.clock import system_clock
from downtime.config import Home
from downtime.settings import Settings
from downtime.vault import schema
from downtime.vault.migrate_vault import open_vault

left, split = int(sys.argv[3]), schema._split_statements

def killing(sql):
    global left
    for statement in split(sql):
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        yield statement

schema._split_statements = killing
open_vault(Home(Path(sys.argv[1])), Settings(), bytes.fromhex(sys.argv[2]), system_clock)
"""


@pytest.fixture
def old(home, clock, settings, monkeypatch):
    """A home whose vault has an old schema and some rows; its data key."""
    data_key = os.urandom(32)
    keys.create_key_file(
        home, data_key, [(name, "person", s) for name, s in SECRETS.items()], settings.accounts
    )
    device.create_device(home, data_key, "K7", "Ward laptop 7")
    every = schema.list_migrations()
    with monkeypatch.context() as patch:
        patch.setattr(
            schema, "list_migrations", lambda: [m for m in every if m.name[:4] <= LAST_OLD]
        )
        vault = Vault(home, data_key, clock)
        schema.create_schema(vault.db, clock)
        jobs.submit_job(vault, "compare", {"ward": "7A"}, Actor("u-1", "Amina Ward", "K7"), "")
        vault.close()
    return data_key


@pytest.fixture
def opened(home, settings, clock):
    """`opened(key)`: the vault as the program opens it."""
    vaults = []

    def open_(data_key):
        vaults.append(open_vault(home, settings, data_key, clock))
        return vaults[-1]

    yield open_
    for vault in vaults:
        vault.close()


def contents(home, data_key, path=None):
    """Row counts and audit head, without the program's help."""
    db = connect(path or home.vault_file, Vault(home, data_key, None).derive_key("vault"))
    try:
        return tables.fetch_contents(db.conn)
    finally:
        db.conn.close()


def add_migration(monkeypatch, *sql):
    every = schema.list_migrations()
    more = [Migration(f"99{n:02}_later", "vault", text) for n, text in enumerate(sql)]
    monkeypatch.setattr(schema, "list_migrations", lambda: [*every, *more])


# ---- an older vault ---------------------------------------------------------------------------


def test_an_old_vault_is_brought_up_to_date_with_its_data(old, home, opened):
    before = contents(home, old)
    vault = opened(old)
    assert schema.list_pending(vault.db) == []
    (job,) = jobs.list_jobs_of(vault, "u-1")
    assert job.arguments == {"ward": "7A"}
    assert vault.migrated.steps == len(
        [m for m in schema.list_migrations() if m.name[:4] > LAST_OLD]
    )
    assert contents(home, old, vault.migrated.backup) == before
    assert vault.migrated.backup.stat().st_mode & 0o777 == 0o600
    assert vault.migrated.backup.name in vault.notice


def test_it_is_audited_in_its_own_transaction(old, opened):
    vault = opened(old)
    (entry,) = audit_chain.list_entries(vault.db, before=10**6, limit=1)
    assert (entry.action, entry.actor) == (AuditAction.VAULT_MIGRATE, "migration")
    assert entry.target == vault.migrated.backup.name
    assert audit.verify_chain(vault.db).first_bad is None


BINDS_MORE = "CREATE TABLE more (x TEXT);\nINSERT INTO bound_table (name) VALUES ('more');"


def test_what_a_migration_binds_is_not_taken_for_what_somebody_changed(old, opened, monkeypatch):
    opened(old).close()
    add_migration(monkeypatch, BINDS_MORE)
    vault = opened(old)
    assert audit.find_content_problems(vault.db) == []
    (entry,) = audit_chain.list_entries(vault.db, before=10**6, limit=1)
    assert entry.action == AuditAction.VAULT_MIGRATE
    with vault.change(Actor("u-1", "Amina Ward", "K7"), "job.look"):
        pass
    assert audit.find_content_problems(vault.db) == []


def test_a_migration_hides_nothing_that_somebody_changed_before(old, opened, monkeypatch):
    vault = opened(old)
    vault.db.conn.execute("INSERT INTO bound_table (name) VALUES ('ghost')")
    content_sums.rebase(vault.db.conn)  # as somebody does who has the key and the program
    vault.close()
    add_migration(monkeypatch, BINDS_MORE)
    (problem,) = audit.find_content_problems(opened(old).db)
    assert "something else had changed what people wrote" in problem


def test_the_second_opening_finds_nothing_to_do(old, home, opened):
    opened(old)
    again = opened(old)
    assert again.migrated is None
    assert again.notice == ""
    assert len(list(home.backups_folder.iterdir())) == 1


def test_rows_of_a_room_that_had_another_name_are_recognised(old, opened):
    vault = opened(old)
    with transaction(vault.db) as db:
        db.conn.execute("UPDATE migration SET room = 'handover' WHERE room = 'sync'")
    assert schema.list_pending(vault.db) == []
    assert schema.list_unknown(vault.db) == []


def test_only_the_last_backups_are_kept(old, home, opened, settings, monkeypatch):
    for number in range(settings.vault.backups_kept + 2):
        opened(old).close()
        add_migration(monkeypatch, f"CREATE TABLE more_{number} (x TEXT);")
        monkeypatch.setattr(
            schema, "list_migrations", _renumbered(schema.list_migrations(), number)
        )
    assert len(list(home.backups_folder.iterdir())) == settings.vault.backups_kept


def _renumbered(migrations, number):
    *rest, last = migrations
    every = [*rest, last._replace(name=f"99{number:02}_more")]
    return lambda: every


def test_backups_are_under_the_key_of_the_vault_after_it_was_renewed(old, home, opened, settings):
    vault = opened(old)
    backup = vault.migrated.backup
    vault.close()
    following = keys.remove_slot(home, old, "bob")
    vault = Vault(home, old, lambda: None)
    assert keys.renew_data_key(vault, following)
    assert contents(home, following, backup).row_counts["job"] == 1
    vault.close()


# ---- what fails, or is cut off ----------------------------------------------------------------


def test_a_migration_that_fails_leaves_the_vault_as_it_was(old, home, opened, monkeypatch):
    add_migration(monkeypatch, "CREATE TABLE more (x TEXT);", "INSERT INTO nowhere VALUES (1);")
    before = contents(home, old)
    with pytest.raises(ConflictError) as failed:
        opened(old)
    assert failed.value.code == "vault.migrate-failed"
    assert "It is as it was before." in failed.value.sentence
    assert contents(home, old) == before


def test_without_a_whole_backup_nothing_is_migrated(old, home, opened, monkeypatch):
    before = contents(home, old)
    monkeypatch.setattr("downtime.vault.backup.tables.is_intact", lambda _: False)
    with pytest.raises(ConflictError, match="BackupError"):
        opened(old)
    assert contents(home, old) == before
    assert list(home.backups_folder.iterdir()) == []


@pytest.mark.parametrize("statements", [0, 1, 7])
def test_kill_nine_in_the_middle_leaves_the_vault_as_it_was(old, home, opened, statements):
    before = contents(home, old)
    command = [sys.executable, "-c", KILLED_AFTER, str(home.path), old.hex(), str(statements)]
    assert fork_server.run(command, cwd=Path(__file__).parents[3]).returncode == -signal.SIGKILL
    assert contents(home, old) == before
    vault = opened(old)
    assert schema.list_pending(vault.db) == []
    assert len(jobs.list_jobs_of(vault, "u-1")) == 1


def test_of_two_that_open_it_at_once_one_migrates(old, opened, monkeypatch):
    other = []
    back_up = migrate_vault.back_up_vault
    pending = schema.list_pending

    def late(db):
        """Between the first look and the transaction somebody else has done it."""
        found = pending(db)
        if found and not other:
            other.append(None)
            other[0] = opened(old)
        return found

    monkeypatch.setattr(schema, "list_pending", late)
    monkeypatch.setattr(migrate_vault, "back_up_vault", back_up)
    vault = opened(old)
    assert vault.migrated is None
    assert other[0].migrated is not None


# ---- a newer vault ----------------------------------------------------------------------------


@pytest.fixture
def newer(keyed):
    """A vault that a program of tomorrow has migrated; its data key."""
    jobs.submit_job(keyed, "compare", {}, Actor("u-1", "Amina Ward", "K7"), "")
    _migrate_tomorrow(keyed)
    return keyed.data_key


def _migrate_tomorrow(vault):
    later = Migration("9901_tomorrow", "fleet", "CREATE TABLE tomorrow (x TEXT);")
    with transaction(vault.db) as db:
        schema.apply_migrations(db, [later], vault.now())


def test_a_newer_vault_is_read_and_never_written(newer, home, opened):
    before = contents(home, newer)
    vault = opened(newer)
    assert vault.is_read_only
    assert vault.migrated is None
    assert len(jobs.list_jobs_of(vault, "u-1")) == 1
    with pytest.raises(ConflictError) as refused:
        jobs.submit_job(vault, "compare", {}, Actor("u-1", "Amina Ward", "K7"), "")
    assert refused.value.code == "vault.newer"
    assert refused.value.sentence in vault.notice
    with pytest.raises(sqlcipher3.OperationalError):
        vault.db.conn.execute("DELETE FROM job")
    assert contents(home, newer) == before
    assert not home.backups_folder.exists()


def test_a_program_that_is_open_meanwhile_stops_writing_too(keyed, actor):
    other = Vault(keyed.home, keyed.data_key, keyed.clock)
    jobs.submit_job(other, "compare", {}, actor, "")
    _migrate_tomorrow(keyed)
    with pytest.raises(ConflictError, match="A newer version of Downtime"):
        jobs.submit_job(other, "compare", {}, actor, "")
    assert len(jobs.list_jobs_of(other, actor.id)) == 1
    other.close()
