"""The power fails while a bundle is merged: all of it is there or nothing, and it is taken again."""

import os
import shutil
import time
from typing import NamedTuple

import pytest

from downtime.config import Home
from downtime.handover.take import take
from downtime.vault import audit
from downtime.vault.vault import Vault
from tests.integration.handover.fleet import SETTINGS
from tests.integration.handover.test_killed import begun, counted
from tests.integration.vault.power import Disk

FORMS = 100


@pytest.fixture
def disk(tmp_path):
    made = Disk(tmp_path)
    yield made
    made.close()


def test_a_power_cut_leaves_all_of_a_merge_or_nothing(fleet, disk, tmp_path):
    """Cut before the merge, at parts of the time that a whole one takes, and after it."""
    station, k7, _ = fleet
    for _ in range(FORMS):
        k7.issue()
    for number in k7.issued[:20]:
        k7.key(number)
    bundle = tmp_path / "k7.handover"
    bundle.write_bytes(k7.seal(station).data)
    station.vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    nothing, all_of_it = (0, 0, 0), (FORMS, 20, 1)
    whole = _taken_until_the_cut(station, disk, bundle, after=None)
    assert whole.outcome == all_of_it
    assert _taken_until_the_cut(station, disk, bundle, after=0).outcome == nothing
    for share in (0.05, 0.2, 0.4, 0.6, 0.8, 0.95):
        cut = _taken_until_the_cut(station, disk, bundle, after=share * whole.seconds)
        assert cut.outcome in (nothing, all_of_it)


class Cut(NamedTuple):
    seconds: float
    outcome: tuple[int, int, int]


def _taken_until_the_cut(station, disk, bundle, after: float | None) -> Cut:
    """What the station holds after a cut so many seconds into the merge; None: once it is done."""
    home = disk.folder / f"home-{after}"
    shutil.copytree(station.home.path, home)
    os.sync()  # the station's home is older than the bundle
    child = begun(home, bundle, station.data_key, held=True)
    if after == 0:
        disk.cut()
    begins = time.monotonic()
    child.stdin.close()
    if after is None:
        assert child.stdout.readline() == "done\n"
    seconds = time.monotonic() - begins
    if after != 0:
        time.sleep(after or 0)
        disk.cut()
    else:
        assert child.stdout.readline() == ""
    child.kill()
    child.wait()
    disk.restart()
    vault = Vault(Home(home), station.data_key, station.clock)
    outcome = counted(vault)
    assert audit.verify(vault.db).first_bad is None
    take(vault, SETTINGS, bundle.read_bytes(), station.clerk, "again")
    assert counted(vault)[:2] == (FORMS, 20)
    vault.close()
    return Cut(seconds, outcome)
