"""A vault that was put back from a backup has forgotten what it loaded; the marks have not."""

import shutil

import pytest

from downtime.errors import UntrustedError
from downtime.settings import Settings
from downtime.snapshot import load_bundle
from downtime.snapshot.build_snapshot import build_snapshot
from downtime.vault import copied_home
from downtime.vault.vault import Vault
from tests.integration.web import tiny


def put_back(vault, file):
    """The same home with an older vault."""
    home, data_key, clock = vault.home, vault.data_key, vault.clock
    vault.close()
    shutil.copy2(file, home.vault_file)
    opened = Vault(home, data_key, clock)
    copied_home.check_at_opening(opened)
    return opened


def test_an_older_snapshot_is_refused_after_a_restore(me, actor, build, tmp_path):
    text = (tiny.write(tmp_path / "feeds") / "pas.hl7").read_text()
    first, second = build(text).bundle, build().bundle
    kept = shutil.copy2(first, tmp_path / "first.downtime")
    load_bundle.load_bundle(me, Settings(), first, actor)
    me.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    shutil.copy2(me.home.vault_file, tmp_path / "kept.db")
    load_bundle.load_bundle(me, Settings(), second, actor)
    me.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    restored = put_back(me, tmp_path / "kept.db")
    with pytest.raises(UntrustedError, match="number 2 was loaded before"):
        load_bundle.load_bundle(restored, Settings(), kept, actor)
    assert load_bundle.load_bundle(restored, Settings(), second, actor).header.sequence == 2
    restored.close()


def test_a_publisher_that_was_put_back_gives_no_number_again(me, actor, build, tmp_path):
    text = (tiny.write(tmp_path / "feeds") / "pas.hl7").read_text()
    build(text)
    me.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    shutil.copy2(me.home.vault_file, tmp_path / "kept.db")
    build()
    me.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    restored = put_back(me, tmp_path / "kept.db")
    assert build_snapshot(restored, Settings(), [], actor).header.sequence == 3
    restored.close()
