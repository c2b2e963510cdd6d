"""A laptop that hears nothing closes its snapshots, warns long before, and never in an outage."""

import shutil
from datetime import timedelta

import pytest

from downtime.errors import InputError, NotFoundError
from downtime.fleet import close_unheard, machine_list, unlock_notices
from downtime.fleet.machine_list import receive_list
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.load_bundle import load_bundle
from downtime.vault import copied_home, machines
from downtime.vault.marks import read_marks
from downtime.vault.model import Actor, MachineRole
from tests.conftest import NOW
from tests.integration.fleet.carrying import Machine
from tests.site import Site

NURSE = Actor("u-2", "Blessing Eze", "WD")
SETTINGS = Settings()


@pytest.fixture
def fleet(tmp_path):
    """`site, publisher, laptop`: the laptop has loaded one snapshot."""
    publisher, laptop = (Machine(tmp_path / code, code) for code in ("PB", "WD"))
    site = Site().enrol(publisher.vault, MachineRole.PUBLISHER)
    site.enrol(laptop.vault, MachineRole.WARD_LAPTOP)
    load(publisher, laptop, 1, tmp_path)
    yield site, publisher, laptop
    publisher.vault.close()
    laptop.vault.close()


def load(publisher, laptop, sequence, folder):
    path = folder / f"{sequence}.downtime"
    path.write_bytes(publisher.seal(sequence, laptop).data)
    load_bundle(laptop.vault, SETTINGS, path, NURSE, "test")


def unlocked(laptop, days, *, outage_open=False):
    """What is said at a sign-in so many days later."""
    laptop.now = NOW + timedelta(days=days, hours=1)
    silence = close_unheard.close_or_reopen(laptop.vault, SETTINGS, NURSE, outage_open=outage_open)
    return silence.describe(SETTINGS.fleet.unheard_warning_days)


def is_open(laptop):
    try:
        local_snapshots.open_current_snapshot(laptop.vault).close()
    except NotFoundError as error:
        return error.code != "snapshot.closed"
    return True


def test_it_warns_long_before_it_closes_them_and_opens_them_when_it_hears_again(fleet, tmp_path):
    site, publisher, laptop = fleet
    assert unlocked(laptop, 10) == ""
    assert "In 9 days its snapshots are closed" in unlocked(laptop, 21)
    assert is_open(laptop)
    assert unlocked(laptop, 31).endswith(
        "for 31 days: its snapshots are closed until it does, or somebody opens them."
    )
    assert not is_open(laptop)
    assert not list(laptop.home.snapshots_folder.glob("*.db"))
    site.now = laptop.now
    receive_list(laptop.home, site.sign().signed.data)
    assert unlocked(laptop, 31) == ""
    assert is_open(laptop)
    actions = [row["action"] for row in laptop.vault.db.query("SELECT action FROM audit")]
    assert actions.count("snapshot.close") == actions.count("snapshot.reopen") == 1


def test_a_declared_outage_keeps_them_open_and_opens_closed_ones(fleet):
    _, _, laptop = fleet
    sentence = unlocked(laptop, 40, outage_open=True)
    assert sentence.endswith("its snapshots will be closed once no outage is declared.")
    assert is_open(laptop)
    unlocked(laptop, 41)
    assert not is_open(laptop)
    unlocked(laptop, 42, outage_open=True)
    assert is_open(laptop)


def test_a_person_opens_them_with_a_reason_for_some_hours(fleet):
    _, _, laptop = fleet
    unlocked(laptop, 40)
    with pytest.raises(InputError):
        close_unheard.break_glass(laptop.vault, SETTINGS, NURSE, " ")
    assert not is_open(laptop)
    close_unheard.break_glass(laptop.vault, SETTINGS, NURSE, "network down since the flood")
    assert "stay open until 2026-12-15" in unlocked(laptop, 40)
    assert is_open(laptop)
    unlocked(laptop, 44)
    assert not is_open(laptop)
    (row,) = laptop.vault.db.query("SELECT why, actor FROM audit WHERE action = 'snapshot.reopen'")
    assert row["why"] == "network down since the flood"


def test_a_check_opens_none_that_were_closed_on_purpose(fleet):
    _, _, laptop = fleet
    unlocked(laptop, 31)
    (part,) = close_unheard.check_open_snapshots(laptop.vault, SETTINGS, NURSE)
    assert part.is_sound
    assert "closed: nothing was heard of the site" in part.sentence
    assert not is_open(laptop)
    close_unheard.break_glass(laptop.vault, SETTINGS, NURSE, "flood")
    (path,) = laptop.home.snapshots_folder.glob("*.db")
    path.unlink()
    (part,) = close_unheard.check_open_snapshots(laptop.vault, SETTINGS, NURSE)
    assert "opened again from its bundle" in part.sentence


def test_an_old_list_played_again_is_no_contact(fleet):
    site, publisher, laptop = fleet
    receive_list(laptop.home, machine_list.read_list_bytes(publisher.home))
    unlocked(laptop, 31)
    assert not is_open(laptop)


def test_a_publisher_and_a_machine_of_no_site_close_nothing(fleet, tmp_path):
    _, publisher, _ = fleet
    alone = Machine(tmp_path / "XX", "XX")
    for machine in (publisher, alone):
        machine.now = NOW + timedelta(days=400)
        assert close_unheard.assess_silence(machine.vault, SETTINGS) is None
    alone.vault.close()


def notices(laptop):
    found = unlock_notices.list_notices(laptop.vault, SETTINGS, NURSE, outage_open=False)
    return " ".join(found)


def test_an_older_list_that_was_put_back_on_the_disk_is_said_at_the_next_unlock(fleet):
    """It is signed as well, and would bring a revoked machine back."""
    site, _, laptop = fleet
    path = machines.list_path(laptop.home)
    before = path.read_bytes()
    site.revoke("PB")
    assert notices(laptop) == ""
    path.write_bytes(before)
    assert "older than number 3, which was believed here before" in notices(laptop)
    shutil.rmtree(path.parent)
    assert "older than number 3" in notices(laptop)


def test_who_puts_an_older_vault_back_as_well_is_found_by_the_marks(fleet):
    site, _, laptop = fleet
    path = machines.list_path(laptop.home)
    before = path.read_bytes()
    site.revoke("PB")
    assert notices(laptop) == ""
    path.write_bytes(before)
    laptop.vault.db.conn.execute("DELETE FROM fleet_list_seen")
    assert "older than number 3, which was believed here before" in notices(laptop)


def test_an_older_list_is_noticed_though_the_newer_one_came_while_nobody_was_signed_in(fleet):
    site, publisher, laptop = fleet
    path = machines.list_path(laptop.home)
    before = path.read_bytes()
    receive_list(laptop.home, site.sign().signed.data)
    path.write_bytes(before)
    assert "older than number 3, which was believed here before" in notices(laptop)
    laptop.home.newest_list_file.unlink()
    assert "older than number 3" in notices(laptop)


def test_a_copy_that_another_root_signed_raises_nothing(fleet, tmp_path):
    _, publisher, laptop = fleet
    stranger = Machine(tmp_path / "ST", "ST")
    other = Site().enrol(stranger.vault, MachineRole.PUBLISHER)
    for _ in range(4):
        listed = other.sign()
    laptop.home.newest_list_file.write_bytes(listed.signed.data)
    assert notices(laptop) == ""
    stranger.vault.close()


def test_marks_that_were_lost_are_said_and_know_the_list_again_after_the_next_unlock(fleet):
    _, _, laptop = fleet
    assert notices(laptop) == ""
    laptop.home.marks_file.unlink()
    copied_home.check_at_opening(laptop.vault)
    assert (
        "which say how far it had come, are missing" in copied_home.list_sentences(laptop.vault)[0]
    )
    assert notices(laptop) == ""
    assert read_marks(laptop.home).machines == machines.read_list(laptop.home).signed.rank


def test_a_list_that_is_carried_with_a_snapshot_is_in_the_marks_at_once(fleet, tmp_path):
    site, publisher, laptop = fleet
    (tmp_path / "machines.json").write_bytes(site.sign().signed.data)
    bundle = tmp_path / "2.downtime"
    bundle.write_bytes(publisher.seal(2, laptop).data)
    receive_snapshot(laptop.vault, SETTINGS, bundle, NURSE)
    assert read_marks(laptop.home).machines == (1, 3)


def test_a_list_that_was_altered_keeps_nobody_out(fleet):
    _, _, laptop = fleet
    machines.list_path(laptop.home).write_bytes(b"{}")
    assert "changed by something else than this program" in notices(laptop)
