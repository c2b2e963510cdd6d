"""Numbers are given out once, whatever is copied, put back or lost of a home."""

import json
import os
import shutil

import pytest

from downtime.config import Home
from downtime.vault import copied_home, marks, raise_marks
from downtime.vault.database import transaction
from downtime.vault.marks import MarkName, SeenSnapshot
from downtime.vault.store import audit_chain
from downtime.vault.vault import Vault

LIMIT = 999_999


def take(vault, count=1, name=MarkName.SERIAL, limit=LIMIT):
    with transaction(vault.db) as db:
        return raise_marks.take_numbers(vault, db, name, count, 0, limit)


def reopen(vault, home=None):
    """The same vault, or a home that was made of it, as another program opens it."""
    opened = Vault(home or vault.home, vault.data_key, vault.clock)
    copied_home.check_at_opening(opened)
    return opened


def still(vault):
    """Everything in the one file, so that it can be copied."""
    vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return vault.home


def act(vault, actor, count=1):
    for _ in range(count):
        with vault.change(actor, "note.add", target="1"):
            pass


def test_numbers_go_on_where_they_were(keyed):
    assert take(keyed, 3) == [("", 1, 3)]
    assert take(keyed) == [("", 4, 1)]
    assert take(keyed, name=MarkName.DOWNTIME_NUMBER) == [("", 1, 1)]
    assert take(reopen(keyed)) == [("", 5, 1)]
    assert copied_home.list_sentences(keyed) == []


def test_the_mark_is_on_the_disk_before_the_number_is_given_out(keyed):
    """What a program that is cut off before its commit has taken is not taken again."""
    take(keyed)
    with pytest.raises(InterruptedError), transaction(keyed.db) as db:
        raise_marks.take_numbers(keyed, db, MarkName.SERIAL, 5, 0, LIMIT)
        raise InterruptedError
    assert marks.read_marks(keyed.home).numbers[MarkName.SERIAL].used == 6
    assert take(keyed) == [("", 7, 1)]
    assert copied_home.list_sentences(keyed) == [], "nothing was copied"


def test_a_vault_that_is_put_back_goes_on_above_its_marks(keyed, tmp_path, actor):
    take(keyed, 10)
    shutil.copy2(still(keyed).vault_file, tmp_path / "kept.db")
    take(keyed, 20)
    act(keyed, actor)
    take(keyed, 5)
    still(keyed)
    data_key, clock, home = keyed.data_key, keyed.clock, keyed.home
    keyed.close()
    shutil.copy2(tmp_path / "kept.db", home.vault_file)
    restored = reopen(Vault(home, data_key, clock))
    (sentence,) = copied_home.list_sentences(restored)
    assert "older than its marks" in sentence
    assert take(restored) == [("", 36, 1)]
    assert len(copied_home.list_sentences(restored)) == 1, "it is said once"
    entry = audit_chain.list_entries(restored.db, before=10**9, limit=9)[0]
    assert entry.action == "home.restored"


def test_a_vault_put_back_from_after_its_last_number_is_seen_by_its_audit(keyed, tmp_path, actor):
    """No number was given out since; what was written since is missing all the same."""
    act(keyed, actor)
    take(keyed)
    shutil.copy2(still(keyed).vault_file, tmp_path / "kept.db")
    act(keyed, actor, 3)
    with transaction(keyed.db) as db:
        raise_marks.raise_audit_mark(keyed, db)
    data_key, clock, home = keyed.data_key, keyed.clock, still(keyed)
    keyed.close()
    shutil.copy2(tmp_path / "kept.db", home.vault_file)
    restored = reopen(Vault(home, data_key, clock))
    assert "older than its marks" in copied_home.list_sentences(restored)[0]


def test_a_copy_of_a_home_takes_a_block_of_its_own(keyed, tmp_path):
    take(keyed, 10)
    copy = reopen(keyed, Home(shutil.copytree(still(keyed).path, tmp_path / "copy")))
    (sentence,) = copied_home.list_sentences(copy)
    assert "This home is a copy of machine K7's" in sentence
    ((block, first, count),) = take(copy)
    assert (len(block), first, count) == (raise_marks.BLOCK_LENGTH, 1, 1)
    assert f"K7-{block}" in sentence
    ((number_block, *_),) = take(copy, name=MarkName.DOWNTIME_NUMBER)
    assert number_block != block
    assert take(reopen(keyed)) == [("", 11, 1)], "the first one goes on as it was"
    assert copied_home.list_sentences(keyed) == []


def test_a_home_put_back_into_its_own_files_knows_it(keyed, tmp_path):
    """`cp -a` writes into the files that are there: their numbers on the disk stay the same."""
    take(keyed, 10)
    kept = shutil.copytree(still(keyed).path, tmp_path / "kept")
    take(keyed, 10)
    data_key, clock, home = keyed.data_key, keyed.clock, still(keyed)
    keyed.close()
    for file in ("vault.db", "marks"):
        with (kept / file).open("rb") as source, (home.path / file).open("r+b") as target:
            target.truncate()
            shutil.copyfileobj(source, target)
        shutil.copystat(kept / file, home.path / file)
    restored = reopen(Vault(home, data_key, clock))
    assert "copy" in copied_home.list_sentences(restored)[0]
    assert take(restored)[0].block


def test_another_machine_with_the_same_files_is_a_copy(keyed, monkeypatch):
    """A disk that was moved: file system and file are the same, the machine is not."""
    take(keyed)
    monkeypatch.setattr(marks, "_find_machine", lambda: "another")
    assert "copy" in copied_home.list_sentences(reopen(keyed))[0]


@pytest.mark.parametrize("damage", ["missing", "forged"])
def test_marks_that_are_lost_are_said_loudly(keyed, damage):
    take(keyed, 10)
    file = keyed.home.marks_file
    if damage == "missing":
        file.unlink()
    else:
        document = json.loads(file.read_bytes())
        document["numbers"]["serial"] = ["", 1]
        file.write_text(json.dumps(document))
    opened = reopen(keyed)
    assert "missing or were changed" in copied_home.list_sentences(opened)[0]
    assert take(opened)[0].block


def test_a_block_that_is_full_is_followed_by_another(keyed, tmp_path):
    copy = reopen(keyed, Home(shutil.copytree(still(keyed).path, tmp_path / "copy")))
    take(copy)
    copy.home.marks_file.unlink()
    ranges = take(reopen(copy), 2500)
    assert sum(r.size for r in ranges) == 2500
    assert len({r.block for r in ranges}) == 3
    assert all(r.first + r.size - 1 <= raise_marks.BLOCK_NUMBERS for r in ranges)


def test_a_first_block_that_is_full_is_followed_by_a_named_one(keyed):
    assert take(keyed, 10, limit=12) == [("", 1, 10)]
    ((block, first, count),) = take(keyed, 3, limit=12)
    assert (bool(block), first, count) == (True, 1, 3)


def test_who_has_read_it_says_what_happened(keyed, tmp_path, actor):
    take(keyed)
    copy = reopen(keyed, Home(shutil.copytree(still(keyed).path, tmp_path / "copy")))
    assert copied_home.confirm_reading(copy, actor, "The laptop was replaced") == 1
    assert copied_home.list_sentences(copy) == []
    entry = audit_chain.list_entries(copy.db, before=10**9, limit=9)[0]
    assert (entry.action, entry.reason) == ("marks.read", "The laptop was replaced")


def test_a_publisher_never_gives_a_snapshot_number_twice(keyed, tmp_path):
    def number(vault, known=(1, 0)):
        with transaction(vault.db) as db:
            return raise_marks.take_snapshot_number(vault, db, known)

    assert number(keyed) == (1, 1)
    assert number(keyed, (1, 7)) == (1, 8)
    copy = reopen(keyed, Home(shutil.copytree(still(keyed).path, tmp_path / "copy")))
    assert number(copy) == (2, 1), "laptops take the next epoch for newer"
    assert number(copy, (1, 99)) == (2, 2)
    assert number(keyed) == (1, 9)
    keyed.home.marks_file.unlink()
    assert number(reopen(keyed)) == (2, 1)


def test_what_was_seen_of_a_publisher_outlives_the_vault(keyed):
    with transaction(keyed.db) as db:
        raise_marks.raise_seen(keyed, db, "key", SeenSnapshot(1, 5, "hash"))
        raise_marks.raise_seen(keyed, db, "key", SeenSnapshot(1, 4, "older"))
    assert raise_marks.find_seen(keyed, "key") == (1, 5, "hash")


def test_a_disk_that_cannot_be_written_keeps_nobody_from_opening(keyed, monkeypatch):
    take(keyed)
    keyed.home.marks_file.unlink()

    def refuse(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(marks, "write_marks", refuse)
    reopen(keyed).close()
