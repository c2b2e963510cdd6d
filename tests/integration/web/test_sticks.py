"""A stick that is put in is offered on the page Snapshots; what was pulled opens by itself."""

from types import SimpleNamespace

import pytest

from downtime.fleet.outbox import put_in_folder
from downtime.fleet.pull_snapshot import pull_snapshot
from downtime.snapshot.bundle import key_id
from downtime.transport.pace import Pace
from downtime.vault import device
from downtime.web.snapshot_opener import SnapshotOpener
from tests.integration.fleet.carrying import Machine


@pytest.fixture
def stick(empty_hospital, tmp_path):
    """`stick(sequence)` writes a snapshot on the stick HOLIDAY, which is put in."""
    folder = tmp_path / "media" / "HOLIDAY"
    folder.mkdir(parents=True)
    with empty_hospital.home.config_file.open("a") as file:
        file.write(f"\n[fleet]\nstick_folders = ['{tmp_path}/media/*']\n")
        file.write(f"[fleet.places.stick]\nkind = 'folder'\npath = '{folder}'\n")
    empty_hospital.__post_init__()  # the app reads its settings once
    opened = empty_hospital.open().vault
    me = device.load_device(opened)
    machine = SimpleNamespace(me=me, key=key_id(me.card.public_key))

    def write(sequence: int):
        put_in_folder(
            empty_hospital.home,
            folder,
            empty_hospital.settings,
            [Machine.seal(machine, sequence, hospital="TEST")],
        )
        return folder

    yield write
    opened.close()


def test_a_stick_with_a_newer_snapshot_is_offered_and_used(empty_hospital, stick):
    stick(42)
    browser = empty_hospital.browser("ward")
    assert "snapshot 42 of" in browser.get("/snapshots").text
    browser.post("/snapshots/stick", {"stick": "HOLIDAY"})
    page = browser.get("/snapshots").text
    assert "Snapshot 42 of the stick HOLIDAY is in use." in page
    assert "snapshot 42 of" not in page
    stick(43)
    assert "newer than the one in use" in browser.get("/snapshots").text


def test_a_stick_that_was_altered_or_pulled_out_is_said(empty_hospital, stick):
    folder = stick(42)
    (bundle,) = folder.glob("*.downtime")
    bundle.write_bytes(b"x" * bundle.stat().st_size)
    browser = empty_hospital.browser("ward")
    browser.post("/snapshots/stick", {"stick": "HOLIDAY"})
    assert "damaged or altered" in browser.get("/snapshots").text
    answer = browser.post("/snapshots/stick", {"stick": "../../etc"})
    assert "not there any more" in answer.text


def test_nobody_is_offered_a_stick_who_may_not_use_it(empty_hospital, stick):
    stick(42)
    assert "HOLIDAY" not in empty_hospital.browser("auditor").get("/snapshots").text


def test_what_was_pulled_while_locked_is_opened_once_somebody_has_signed_in(empty_hospital, stick):
    stick(42)
    pull_snapshot(empty_hospital.home, empty_hospital.settings, empty_hospital.clock, Pace())
    browser = empty_hospital.browser("ward")
    assert "is being opened" in browser.get("/snapshots").text
    opener = SnapshotOpener(empty_hospital.app.extensions["downtime"])
    assert opener.open_if_unlocked()
    page = browser.get("/snapshots").text
    assert "is being opened" not in page
    assert "In use" in page
