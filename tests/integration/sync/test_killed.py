"""A program killed with SIGKILL while it takes a bundle leaves all of it or nothing."""

import shutil
import signal
import time

from .killed_merge import export_bundle_file, read_outcome, start_merge

FORMS = 400


def test_nothing_is_half_merged(fleet, tmp_path):
    station, k7, _ = fleet
    bundle = export_bundle_file(station, k7, FORMS, tmp_path)
    shutil.copytree(station.home.path, tmp_path / "whole")
    before = time.monotonic()
    child = start_merge(tmp_path / "whole", bundle, station.data_key)
    assert child.wait() == 0
    whole = time.monotonic() - before
    outcomes = set()
    for share in (0, 0.01, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95):
        home = tmp_path / f"killed-{share}"
        shutil.copytree(station.home.path, home)
        child = start_merge(home, bundle, station.data_key)
        time.sleep(whole * share)
        child.send_signal(signal.SIGKILL)
        child.wait()
        outcomes.add(read_outcome(station, home, bundle, FORMS))
    assert outcomes <= {(0, 0, 0), (FORMS, 20, 1)}
    assert (0, 0, 0) in outcomes, f"no kill came in the middle of {whole:.2f} s"
