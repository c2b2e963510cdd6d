"""The power fails while a bundle is merged: all of it is there or nothing, and it is taken again."""

import os
import shutil
import time

import pytest

from downtime.config import Home
from downtime.vault import audit
from downtime.vault.vault import Vault
from tests.integration.handover.test_killed import begun, counted
from tests.integration.vault.power import Disk

FORMS = 100


@pytest.fixture
def disk(tmp_path):
    made = Disk(tmp_path)
    yield made
    made.close()


def test_a_power_cut_leaves_all_of_a_merge_or_nothing(fleet, disk, tmp_path):
    station, k7, _ = fleet
    for _ in range(FORMS):
        k7.issue()
    for number in k7.issued[:20]:
        k7.key(number)
    bundle = tmp_path / "k7.handover"
    bundle.write_bytes(k7.seal(station).data)
    station.vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    outcomes = set()
    for seconds in (0.02, 0.1, 0.2, 0.4, 30):
        home = disk.folder / f"home-{seconds}"
        shutil.copytree(station.home.path, home)
        os.sync()  # the station's home is older than the bundle
        child = begun(home, bundle, station.data_key)
        said = child.stdout.readline() if seconds == 30 else time.sleep(seconds)
        disk.cut()
        child.kill()
        child.wait()
        disk.restart()
        vault = Vault(Home(home), station.data_key, station.clock)
        outcomes.add(counted(vault))
        assert audit.verify(vault.db).first_bad is None
        if said == "done\n":
            assert counted(vault) == (FORMS, 20, 1)
        station.vault, kept = vault, station.vault
        station.take(bundle.read_bytes())
        assert counted(vault)[:2] == (FORMS, 20)
        station.vault = kept
        vault.close()
    assert outcomes == {(0, 0, 0), (FORMS, 20, 1)}
