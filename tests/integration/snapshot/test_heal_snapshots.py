"""A snapshot that is damaged or missing is opened again from the bundle that is kept with it."""

import pytest

from downtime.settings import Settings
from downtime.snapshot import load_bundle, local_snapshots
from downtime.snapshot.heal_snapshots import check_snapshots
from tests.integration.web import tiny


@pytest.fixture
def loaded(me, actor, build, tmp_path):
    feeds = tiny.write(tmp_path / "feeds")
    built = build((feeds / "pas.hl7").read_text())
    info = load_bundle.load_bundle(me, Settings(), built.bundle, actor)
    return local_snapshots.database_path(me, info.id), info


@pytest.mark.parametrize("damage", ["a page", "the first page", "missing"])
def test_a_damaged_snapshot_heals_itself(me, actor, loaded, damage):
    path, info = loaded
    if damage == "missing":
        path.unlink()
    else:
        content = bytearray(path.read_bytes())
        content[99 if damage == "the first page" else -4000] ^= 1
        path.write_bytes(content)
    (part,) = check_snapshots(me, Settings(), actor)
    assert part.is_sound
    assert "opened again from its bundle" in part.sentence
    (part,) = check_snapshots(me, Settings(), actor)
    assert part.sentence == f"snapshot {info.id}: sound"


def test_without_its_bundle_it_is_named(me, actor, loaded):
    path, _ = loaded
    path.write_bytes(path.read_bytes()[:-4096])
    for bundle in me.home.bundles_folder.iterdir():
        bundle.unlink()
    (part,) = check_snapshots(me, Settings(), actor)
    assert not part.is_sound
    assert "load the newest bundle" in part.next_step
