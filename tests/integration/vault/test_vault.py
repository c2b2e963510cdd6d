"""A change and its audit entry stand or fall together, and a broken chain is named."""

import pytest
import sqlcipher3

from downtime.vault import audit


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
