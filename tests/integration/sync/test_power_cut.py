"""The power fails while a bundle is merged: all of it is there or nothing, and it is taken again."""

import os
import shutil
import time
from typing import NamedTuple

from .killed_merge import export_bundle_file, read_outcome, start_merge

FORMS = 100


def test_a_power_cut_leaves_all_of_a_merge_or_nothing(fleet, disk, tmp_path):
    """Cut before the merge, at parts of the time that a whole one takes, and after it."""
    station, k7, _ = fleet
    bundle = export_bundle_file(station, k7, FORMS, tmp_path)
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
    child = start_merge(home, bundle, station.data_key, held=True)
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
    return Cut(seconds, read_outcome(station, home, bundle, FORMS))
