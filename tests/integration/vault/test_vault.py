"""A change and its audit entry stand or fall together, and a broken chain is named."""

import pytest
import sqlcipher3

from downtime.vault import audit
from downtime.vault.database import connect


def test_a_change_leaves_its_entry(vault, actor):
    with vault.change(actor, "note.add", target="n-1", reason="because"):
        pass
    (entry,) = vault.db.query("SELECT * FROM audit")
    assert (entry["actor"], entry["action"], entry["target"]) == ("u-1", "note.add", "n-1")
    assert audit.verify_chain(vault.db).first_bad is None


def test_a_failed_change_leaves_nothing(vault, actor):
    with pytest.raises(RuntimeError), vault.change(actor, "note.add") as db:
        db["note"].insert({"text": "lost"})
        raise RuntimeError
    assert vault.db["audit"].count == 0
    assert "note" not in vault.db.table_names()


def test_the_chain_refuses_changes_and_names_a_forged_entry(vault, actor):
    for number in range(5):
        with vault.change(actor, "note.add", target=str(number)):
            pass
    with pytest.raises(sqlcipher3.IntegrityError, match="never changed"):
        vault.db.conn.execute("UPDATE audit SET why = 'x' WHERE seq = 3")
    vault.db.conn.execute("DROP TRIGGER audit_no_update")
    vault.db.conn.execute("UPDATE audit SET why = 'x' WHERE seq = 3")
    assert audit.verify_chain(vault.db).first_bad == 3


def test_nothing_is_stored_in_clear(vault, actor, home):
    with vault.change(actor, "note.add", reason="Zebediah Quill"):
        pass
    for path in home.path.iterdir():
        if path.is_file():
            assert b"Zebediah" not in path.read_bytes()
            assert b"SQLite format" not in path.read_bytes()


def test_databases_are_their_owners_alone_also_those_of_an_older_program(vault, actor, home):
    with vault.change(actor, "note.add"):
        pass
    files = [path for path in home.path.iterdir() if path.name.startswith(home.vault_file.name)]
    assert len(files) > 1
    assert {path.stat().st_mode & 0o077 for path in files} == {0}
    key = vault.derive_key("vault")
    vault.close()
    home.vault_file.chmod(0o644)
    connect(home.vault_file, key).close()
    assert home.vault_file.stat().st_mode & 0o777 == 0o600
