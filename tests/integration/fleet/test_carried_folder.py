"""A folder that is carried by hand: its newest snapshot is used, also where deltas lead to it."""

import pytest

from downtime.errors import NotFoundError, UntrustedError
from downtime.fleet.outbox import put_in_folder
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.snapshot import local_snapshots
from downtime.snapshot.heal_snapshots import check_snapshots
from downtime.vault.model import MachineRole
from tests.integration.fleet.carrying import PEOPLE, STAYS, make_settings

SETTINGS = make_settings({})
FEWER = (*PEOPLE[:2], *STAYS[:2])


@pytest.fixture
def folder(publisher, laptop, tmp_path):
    """Number 1 in full, and two deltas after it that change nothing: there is no newer full file."""
    path = tmp_path / "place"
    put_in_folder(publisher.home, path, SETTINGS, [publisher.seal(1, laptop)])
    for number in (2, 3):
        delta = publisher.seal(number, laptop, base=number - 1, is_empty=True)
        put_in_folder(publisher.home, path, SETTINGS, [publisher.seal(number, laptop), delta])
    assert len(list(path.glob("*.downtime"))) == 3
    return path


@pytest.fixture
def load(laptop, actor):
    return lambda source: receive_snapshot(laptop.vault, SETTINGS, source, actor)


def test_the_deltas_after_the_full_file_are_followed(folder, load):
    received = load(folder)
    assert (received.info.header.sequence, received.warnings) == (3, ())
    again = load(folder)
    assert again.info.header.sequence == 3
    assert again.warnings == ("The folder's newest snapshot is in use already.",)


def test_what_is_in_use_is_led_on_without_the_full_file(folder, load, publisher, laptop):
    load(next(folder.glob("DEMO-1-000001-*")))
    next(folder.glob("DEMO-1-000001-*")).unlink()
    assert load(folder).info.header.sequence == 3


@pytest.mark.parametrize("lost", ["*-after-000002-*", "recent.json"])
def test_what_was_not_copied_is_named(folder, load, lost):
    next(folder.glob(lost)).unlink()
    received = load(folder)
    assert received.info.header.sequence == (2 if "after" in lost else 1)
    (warning,) = received.warnings
    assert warning.startswith("The folder names a newer snapshot, number 3, and")


@pytest.mark.parametrize("content", [None, b"", b"{}"])
def test_a_folder_that_names_no_newest_is_said(folder, load, content):
    (folder / "latest.json").unlink()
    if content is not None:
        (folder / "latest.json").write_bytes(content)
    with pytest.raises(NotFoundError, match="does not say which bundle is the newest"):
        load(folder)


def test_a_ward_laptop_takes_its_own_folder_of_a_place_and_no_other_ones(
    publisher, laptop, folder, load
):
    laptop.site.enrol(publisher.vault, MachineRole.PUBLISHER)
    laptop.site.enrol(laptop.vault, MachineRole.WARD_LAPTOP, wards=("AMU",))
    whole = next(folder.glob("DEMO-1-000001-*"))
    for scope, records, number in (("W1", FEWER, 4), ("AMU", FEWER, 5)):
        others = [laptop] if scope == "AMU" else []
        sealed = publisher.seal(number, *others, scope=scope, records=records)
        put_in_folder(publisher.home, folder, SETTINGS, [sealed])
    for source in (folder / "wards/W1", whole):
        with pytest.raises(UntrustedError, match="this machine is for ward AMU") as refused:
            load(source)
        assert "Take the bundle from the folder wards/AMU of that place" in refused.value.next_step
    assert load(folder).info.header.scope == "AMU"


def test_what_came_as_deltas_heals_from_the_bundles_although_no_base_is_left(
    folder, load, laptop, actor
):
    load(folder)
    for path in laptop.home.snapshots_folder.iterdir():
        path.unlink()
    parts = list(check_snapshots(laptop.vault, SETTINGS, actor))
    assert [part.is_sound for part in parts] == [True] * 3
    with local_snapshots.open_current_snapshot(laptop.vault) as snapshot:
        assert snapshot.header.sequence == 3
        assert len(list(snapshot.find_patients("hill"))) == 3
