"""Short runs of `scripts/faults`: broken off at every step, damaged, under a wrong clock; a night tries more."""

import os
import random
from pathlib import Path

import pytest

from downtime.fleet.model import Direction
from downtime.fleet.run_state import hold_run, read_run_state
from downtime.snapshot.open_bundle import open_aside, verify_bundle_file
from tests.faults.break_off import break_off
from tests.faults.breaks import Child, DiskFull, Killed, PowerCut
from tests.faults.clocks import AGES, SHIFTS, shift_clock
from tests.faults.damage import damage_everything
from tests.faults.deeds import DEEDS, open_fetched, publish, pull
from tests.faults.examine import examine
from tests.faults.hospital import Hospital
from tests.faults.remote import break_server
from tests.faults.servers import SERVERS
from tests.night import by_night


@pytest.fixture
def hospital(tmp_path):
    """A laptop with two snapshots that wait to be opened, a full one and a delta."""
    made = Hospital(tmp_path / "site")
    for _ in range(2):
        made.go_on()
        for name in ("build and publish", "pull"):
            done, lines, trouble = Child(made, DEEDS[name]).end()
            assert done, trouble
            made.acknowledge(lines)
    return made


def dying_at_unlink(folder: str, deed):
    """The step, killed once it has removed a file of a folder."""

    def run(hospital, say):
        unlink = Path.unlink

        def unlink_and_die(path, missing_ok=False):
            unlink(path, missing_ok=missing_ok)
            if path.parent.name == folder and path.suffix == ".downtime":
                os._exit(9)

        Path.unlink = unlink_and_die  # in a process of its own
        deed(hospital, say)

    return run


def test_killed_after_the_first_of_two_was_opened_the_second_is_there(hospital):
    done, _, _ = Child(hospital, dying_at_unlink("inbox", open_fetched)).end()
    assert not done
    assert examine(hospital) == []
    assert Child(hospital, open_fetched).end()[:2] == (True, ["opened 2"])


def test_killed_while_what_waited_gives_way_to_a_full_one_it_is_there(hospital):
    with hold_run(hospital.machines["WD"].home, Direction.PULL) as state:
        state.needs_full = True
    hospital.go_on()
    assert Child(hospital, publish).end()[0]
    assert not Child(hospital, dying_at_unlink("inbox", pull)).end()[0]
    assert examine(hospital) == []
    assert Child(hospital, open_fetched).end()[:2] == (True, ["opened 3"])


def test_half_a_file_of_a_program_that_was_killed_is_in_nobodys_way(hospital):
    with hospital.open("WD") as vault:
        home = vault.home
        first = read_run_state(home, Direction.PULL).waiting[0]
        aside = open_aside(
            vault, hospital.settings,
            verify_bundle_file(home, hospital.settings, home.inbox_folder / first),
        )  # fmt: skip
        aside.snapshot.close()
    assert aside.path.exists()
    assert Child(hospital, open_fetched).end()[:2] == (True, ["opened 2"])


def harms(rows) -> list[str]:
    return [finding for row in rows for finding in row.findings]


def test_whatever_is_killed_loses_nothing(tmp_path):
    assert (
        harms(break_off(Killed, tmp_path, by_night(500, 4), 1, by_night(DEEDS, ("open", "sync"))))
        == []
    )


def test_a_full_disk_loses_nothing(tmp_path):
    assert (
        harms(break_off(DiskFull, tmp_path, by_night(100, 2), 3, ("build and publish", "open")))
        == []
    )


def test_a_power_cut_loses_nothing(tmp_path):
    assert harms(break_off(PowerCut, tmp_path, by_night(100, 2), 1, ("open", "backup"))) == []


@pytest.mark.parametrize("name", by_night(list(SERVERS), ["sshd"]))
def test_whatever_is_broken_off_at_a_server_is_old_or_new(tmp_path, name):
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk for the server")
    rows = break_server(tmp_path / name, name, by_night(100, 2), random.Random(4))
    assert harms(rows) == []


def test_nothing_damaged_is_believed(tmp_path):
    rows = damage_everything(tmp_path / "site", by_night(10_000, 150), seed=2)
    assert harms(rows) == []
    assert all(row.broken_off == row.rounds for row in rows)


@pytest.mark.parametrize("name", by_night(list(SHIFTS), ["a year ahead", "a year behind"]))
def test_under_a_wrong_clock_nothing_old_looks_fresh(tmp_path, name):
    ages = by_night(AGES, AGES[1:2])
    assert harms([shift_clock(tmp_path / "site", name, SHIFTS[name], ages)]) == []
