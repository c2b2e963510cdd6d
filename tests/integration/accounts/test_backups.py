"""A home is backed up for the site's recovery key, put back elsewhere, and says what is damaged."""

import shutil

import pyrage
import pytest

from downtime.accounts import homes
from downtime.config import Home
from downtime.errors import ConflictError, InputError, UntrustedError
from downtime.vault import back_up_home, check_home, copied_home
from downtime.vault.restore_home import read_identity, restore_home
from downtime.vault.write_access import ReadOnlyReason

PAGE = 4096


@pytest.fixture
def recovery():
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def kept(admin, recovery, tmp_path):
    """A backup of the hospital's home."""
    admin.vault.home.forms_folder.mkdir()
    (admin.vault.home.forms_folder / "own.yaml").write_text("title: own")
    ledger = admin.vault.open_database(_make(admin.vault.home.ingest_folder) / "d.db", "ingest")
    ledger.execute("CREATE TABLE message (raw BLOB)")
    ledger.execute("INSERT INTO message VALUES ('SECRET-OF-A-PATIENT')")
    made = back_up_home.back_up_home(
        admin.vault, tmp_path, admin.actor, recipient=str(recovery.to_public())
    )
    ledger.close()
    return made


def _make(folder):
    folder.mkdir()
    return folder


def open_restored(hospital, home):
    return homes.open_with_file(home, hospital.settings, hospital.clock, hospital.unlock_file)


def test_a_backup_is_put_back_on_a_new_machine(hospital, kept, recovery, tmp_path):
    new = restore_home(kept.path, Home(tmp_path / "new"), recovery)
    assert (new.device, new.files) == ("K7", kept.files)
    signed_in = open_restored(hospital, new.home)
    vault = signed_in.vault
    (sentence,) = copied_home.list_sentences(vault)
    assert "copy of machine K7's, or was put back" in sentence
    assert [part.name for part in check_home.check_home(vault) if not part.is_sound] == ["marks"]
    ledger = vault.open_database(new.home.ingest_folder / "d.db", "ingest", read_only=True)
    assert ledger.execute("SELECT raw FROM message").fetchone()[0] == "SECRET-OF-A-PATIENT"
    assert (new.home.forms_folder / "own.yaml").read_text() == "title: own"
    assert new.home.vault_file.stat().st_mode & 0o077 == 0
    vault.close()


def test_nothing_of_it_lies_in_clear(kept, admin):
    assert b"SECRET-OF-A-PATIENT" not in kept.path.read_bytes()
    left = [p.name for p in admin.vault.home.backups_folder.iterdir()]
    assert left == [], "what was copied on the way is gone"
    assert kept.path.stat().st_mode & 0o077 == 0


def test_what_is_not_right_leaves_nothing_behind(kept, recovery, tmp_path):
    other = pyrage.x25519.Identity.generate()
    with pytest.raises(UntrustedError, match="does not open with this key"):
        restore_home(kept.path, Home(tmp_path / "new"), other)
    whole = kept.path.read_bytes()
    other_byte = bytes([whole[99_999] ^ 1])
    for damage in (
        whole[: len(whole) // 2],
        whole[:-1],
        whole[:99_999] + other_byte + whole[100_000:],
    ):
        kept.path.write_bytes(damage)
        with pytest.raises(UntrustedError):
            restore_home(kept.path, Home(tmp_path / "new"), recovery)
    assert not list(tmp_path.glob("*new*"))


def test_a_home_that_is_there_is_never_overwritten(kept, recovery, admin):
    with pytest.raises(ConflictError, match="not empty"):
        restore_home(kept.path, admin.vault.home, recovery)


def test_a_backup_that_cannot_be_read_back_is_none(admin, recovery, tmp_path, monkeypatch):
    monkeypatch.setattr(back_up_home, "check_backup", lambda *_: 1)
    with pytest.raises(ConflictError, match="cannot be read back"):
        back_up_home.back_up_home(
            admin.vault, tmp_path, admin.actor, recipient=str(recovery.to_public())
        )
    assert not list(tmp_path.glob("*backup*"))


def test_a_key_has_to_be_known(admin, tmp_path):
    for recipient in ("", "age1nonsense"):
        with pytest.raises(InputError):
            back_up_home.back_up_home(admin.vault, tmp_path, admin.actor, recipient=recipient)


def test_a_key_file_as_age_writes_it(recovery, tmp_path):
    file = tmp_path / "key.txt"
    file.write_text(f"# created: 2026\n# public key: x\n{recovery}\n")
    assert str(read_identity(file)) == str(recovery)
    file.write_text("nothing\n")
    with pytest.raises(InputError):
        read_identity(file)


def test_a_sound_home(admin):
    assert all(part.is_sound for part in check_home.check_home(admin.vault))


def test_a_damaged_page_is_named_with_the_way_out(admin, hospital, tmp_path):
    admin.vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    copy = Home(shutil.copytree(admin.vault.home.path, tmp_path / "damaged"))
    content = bytearray(copy.vault_file.read_bytes())
    content[len(content) - PAGE + 99] ^= 1
    copy.vault_file.write_bytes(content)
    (part,) = check_home.check_closed_home(copy, admin.vault.data_key)
    assert "1 of its pages are damaged" in part.sentence
    assert "downtime restore" in part.next_step
    content[99 + PAGE : -1 : PAGE] = b"x" * len(content[99 + PAGE : -1 : PAGE])
    copy.vault_file.write_bytes(content)
    opened = open_restored(hospital, copy)  # to be read: the rest is not touched
    assert opened.vault.read_only_reason is ReadOnlyReason.DAMAGED
    (part,) = (p for p in check_home.check_home(opened.vault) if p.name == "vault.db")
    assert not part.is_sound
    opened.vault.close()
    assert copy.vault_file.read_bytes() == bytes(content)


def test_lost_keys_are_named(admin):
    (admin.vault.home.keys_folder / "device.json").write_text("{}")
    names = {part.name for part in check_home.check_home(admin.vault) if not part.is_sound}
    assert "identity" in names
