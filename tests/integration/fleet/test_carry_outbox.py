"""What is published reaches places of every kind, and each place alone decides for itself."""

import contextlib
import shutil
import subprocess
from datetime import timedelta
from types import SimpleNamespace

import pytest

from downtime.fleet import publish_everywhere as publish_everywhere_module
from downtime.fleet.carry_outbox import carry_outbox
from downtime.fleet.outbox import put_in_outbox
from downtime.fleet.publish_everywhere import publish_everywhere
from downtime.fleet.run_state import PlaceState
from downtime.transport.folder_address import FolderAddress, FolderKind
from downtime.transport.local_carrier import LocalCarrier
from downtime.transport.open_carrier import open_carrier
from downtime.transport.pace import Pace
from downtime.transport.pointer import Pointer
from downtime.vault.machines import list_recipients
from downtime.vault.model import MachineRole
from tests.integration.fleet.carrying import fetch, make_settings
from tests.integration.transport.test_carriers import make_address

BUILT = SimpleNamespace(quarantine=None, header=SimpleNamespace(counts={}))
TABLE = {"file": "folder"}


@pytest.fixture
def publish(publisher, laptop):
    """`publish(bundle, …)` puts bundles for the laptop too into the outbox."""

    def put(*bundles, settings=make_settings({})):  # noqa: B008
        return put_in_outbox(publisher.home, settings, bundles)

    return put


def carry(publisher, folder, state=None) -> PlaceState:
    state = state or PlaceState()
    address = folder if isinstance(folder, FolderAddress) else _local(folder)
    with open_carrier(address, Pace()) as carrier:
        carry_outbox(publisher.home, carrier, state)
    return state


def _local(folder) -> FolderAddress:
    folder.mkdir(exist_ok=True)
    return FolderAddress(kind=FolderKind.LOCAL, path=str(folder))


def place_of(folder) -> dict:
    return {"kind": "folder", "path": str(folder)}


def bundles(folder) -> list[str]:
    return sorted(path.name for path in folder.glob("*.downtime"))


@pytest.mark.parametrize("kind", ["file", "sftp", "smb", "s3"])
def test_a_snapshot_goes_through_every_kind_of_place(
    kind, publisher, laptop, publish, tmp_path, request
):
    address = make_address(kind, tmp_path, request)
    publish(publisher.seal(1, laptop), publisher.seal(1, laptop, scope="W1"))
    state = carry(publisher, address)
    names = ("path", "host", "port", "user", "password_file", "endpoint", "key_file",
             "known_hosts_file")  # fmt: skip
    table = {name: getattr(address, name) for name in names if getattr(address, name)}
    settings = make_settings({"place": {"kind": TABLE.get(kind, kind), **table}})
    assert fetch(laptop, settings)[0]
    assert not fetch(laptop, settings)[0]
    publish(publisher.seal(2, laptop), publisher.seal(2, laptop, base=1))
    carry(publisher, address, state)
    fetched, after = fetch(laptop, settings)
    assert (fetched, after.sequence, len(after.waiting)) == (True, 2, 2)
    assert "-after-000001-" in after.waiting[1]
    assert not any(place.fault for place in after.places.values())


def test_a_place_that_was_off_gets_what_it_lacks_and_nothing_twice(
    publisher, laptop, publish, tmp_path
):
    publish(publisher.seal(1, laptop))
    state = carry(publisher, tmp_path / "share")
    publish(publisher.seal(2, laptop), publisher.seal(2, laptop, base=1))
    publish(publisher.seal(3, laptop), publisher.seal(3, laptop, base=2))
    carry(publisher, tmp_path / "share", state)
    pointer = Pointer.parse((tmp_path / "share" / "latest.json").read_bytes())
    assert (pointer.sequence, pointer.full.sequence, pointer.delta.base) == (3, 3, 2)
    assert [name for name in bundles(tmp_path / "share") if "000002-" in name]
    with open_carrier(_local(tmp_path / "share"), Pace()) as carrier:
        carry_outbox(publisher.home, carrier, state)
        assert carrier.traffic.bytes_out == 0


def test_unchanged_data_costs_a_small_delta_only(publisher, laptop, publish, tmp_path):
    publish(publisher.seal(1, laptop))
    for number in (2, 3, 4):
        publish(
            publisher.seal(number, laptop),
            publisher.seal(number, laptop, base=number - 1, is_empty=True),
        )
    state = carry(publisher, tmp_path / "share")
    pointer = Pointer.parse((tmp_path / "share" / "latest.json").read_bytes())
    assert (pointer.sequence, pointer.full.sequence) == (4, 1)
    fetched, after = fetch(laptop, make_settings({"share": place_of(tmp_path / "share")}))
    assert fetched
    assert [("-after-" in name) for name in after.waiting] == [False, True, True, True]
    assert state.sequence == after.sequence == 4


def test_a_full_one_is_published_again_before_the_chain_is_too_long(
    publisher, laptop, publish, tmp_path
):
    settings = make_settings({}, max_chain=3)
    publish(publisher.seal(1, laptop), settings=settings)
    for number in range(2, 9):
        publish(
            publisher.seal(number, laptop),
            publisher.seal(number, laptop, base=number - 1, is_empty=True),
            settings=settings,
        )
        pointer = Pointer.parse((publisher.home.outbox_folder / "latest.json").read_bytes())
        assert number - pointer.full.sequence <= 3
    carry(publisher, tmp_path / "share")
    assert fetch(laptop, make_settings({"share": place_of(tmp_path / "share")}))[1].sequence == 8


def test_another_stick_gets_all_and_files_of_others_stay(publisher, laptop, publish, tmp_path):
    publish(publisher.seal(1, laptop))
    state = carry(publisher, tmp_path / "stick")
    publish(publisher.seal(2, laptop), publisher.seal(2, laptop, base=1))
    other = tmp_path / "other"
    other.mkdir()
    foreign = ["holiday.jpg", "RXX-1-000007-aaaaaaaa-0123456789ab.downtime"]
    for name in foreign:
        (other / name).write_text("not ours")
    carry(publisher, other, state)
    assert fetch(laptop, make_settings({"stick": place_of(other)}))[1].sequence == 2
    assert all((other / name).exists() for name in foreign)


def test_old_ones_go_at_each_place_and_what_is_in_use_stays(publisher, laptop, publish, tmp_path):
    settings = make_settings({}, keep_newest=2, keep_hours=0, keep_days=0, max_chain=1)
    state = None
    for number in range(1, 6):
        publish(publisher.seal(number, laptop), settings=settings)
        state = carry(publisher, tmp_path / "share", state)
    numbers = {int(name.split("-")[2]) for name in bundles(tmp_path / "share")}
    assert {4, 5} <= numbers <= {3, 4, 5}
    (tmp_path / "share" / "DEMO-1-000001-ffffffff-0123456789ab.downtime").write_text("another's")
    shutil.copy(
        next((tmp_path / "share").glob("*-000005-*")),
        tmp_path / "share" / f"DEMO-1-000002-{publisher.key[:8]}-0123456789ab.downtime",
    )
    publish(publisher.seal(6, laptop), settings=settings)
    carry(publisher, tmp_path / "share")  # a publisher that has forgotten what lies there
    left = bundles(tmp_path / "share")
    assert "DEMO-1-000001-ffffffff-0123456789ab.downtime" in left
    assert not [name for name in left if "-000002-" in name]


def test_ten_thousand_files_of_others_do_not_matter(publisher, laptop, publish, tmp_path):
    share = tmp_path / "share"
    share.mkdir()
    for number in range(10_000):
        (share / f"scan-{number:05}.tif").touch()
    publish(publisher.seal(1, laptop))
    state = carry(publisher, share)
    with open_carrier(_local(share), Pace()) as carrier:
        carry_outbox(publisher.home, carrier, state)
        assert carrier.traffic.reads + carrier.traffic.writes < 5
    assert fetch(laptop, make_settings({"share": place_of(share)}))[1].sequence == 1


def test_a_bundle_survives_the_file_system_of_a_stick(publisher, laptop, publish, tmp_path):
    """vfat as sticks have it: through mtools, because nothing is mounted here."""
    publish(publisher.seal(1, laptop), publisher.seal(1, laptop, scope="W1+W2"))
    carry(publisher, tmp_path / "share")
    image, copy = tmp_path / "stick.img", tmp_path / "copy"
    copy.mkdir()
    for words in (
        ["mformat", "-C", "-i", image, "-F", "-T", "131072", "::"],
        ["mcopy", "-s", "-i", image, *sorted((tmp_path / "share").iterdir()), "::/"],
        ["mcopy", "-s", "-n", "-i", image, "::/*", copy],
    ):
        subprocess.run([str(word) for word in words], check=True, capture_output=True)
    assert fetch(laptop, make_settings({"stick": place_of(copy)}))[1].sequence == 1


def test_whenever_carrying_breaks_off_a_laptop_finds_the_old_one_or_the_new_one(
    publisher, laptop, publish, tmp_path, monkeypatch
):
    """The power goes at the first, second, third … write, at the outbox or at the place."""
    settings = make_settings({"share": place_of(tmp_path / "share")})
    publish(publisher.seal(1, laptop))
    carry(publisher, tmp_path / "share")
    write, writes, number = LocalCarrier.write_file, [], 1

    def breaking(self, name, blocks):
        writes.append(name)
        if len(writes) == stop:
            raise OSError("the power is cut")
        return write(self, name, blocks)

    monkeypatch.setattr(LocalCarrier, "write_file", breaking)
    for stop in range(1, 13):
        writes.clear()
        bundles_of = [
            publisher.seal(number + 1, laptop), publisher.seal(number + 1, laptop, base=number)
        ]  # fmt: skip
        with contextlib.suppress(OSError):
            publish(*bundles_of)
            carry(publisher, tmp_path / "share")
        laptop.now += timedelta(hours=1)
        _, state = fetch(laptop, settings)
        assert not state.places["share"].fault
        assert state.sequence in (number, number + 1)
        stop = 0
        publish(*bundles_of)
        carry(publisher, tmp_path / "share")
        number += 1
        laptop.now += timedelta(hours=1)
        assert fetch(laptop, settings)[1].sequence == number


def test_what_was_published_for_wards_that_nobody_reads_any_more_goes_everywhere(
    publisher, laptop, publish, tmp_path
):
    site = laptop.site.enrol(laptop.vault, MachineRole.WARD_LAPTOP, wards=("W1",))
    publish(publisher.seal(1, laptop), publisher.seal(1, laptop, scope="W1"))
    state = carry(publisher, tmp_path / "a")
    assert bundles(tmp_path / "a/wards/W1")
    site.enrol(laptop.vault, MachineRole.WARD_LAPTOP, wards=("W2",))
    publish(publisher.seal(2, laptop), publisher.seal(2, laptop, scope="W2"))
    carry(publisher, tmp_path / "a", state)
    assert not (publisher.home.outbox_folder / "wards/W1").exists()
    assert list((tmp_path / "a/wards/W1").iterdir()) == []
    assert bundles(tmp_path / "a/wards/W2")
    assert bundles(tmp_path / "a")


def test_a_publisher_that_was_put_back_takes_the_list_before_it_seals(
    publisher, laptop, tmp_path, actor, monkeypatch
):
    """It would seal to a machine that was revoked since its backup."""
    site, place = laptop.site, tmp_path / "a"
    carry(publisher, place)
    site.vaults = {"WD": laptop.vault}
    site.revoke("WD")  # only the place hears of it
    (place / "machines/machines.json").write_bytes(site.sign().signed.data)
    recipients = []
    monkeypatch.setattr(
        publish_everywhere_module,
        "publish_snapshot",
        lambda vault, *_, **__: recipients.extend(list_recipients(vault.home)) or BUILT,
    )
    settings = make_settings({"a": place_of(place)})
    publish_everywhere(publisher.vault, settings, actor, Pace(), down={})
    assert publisher.me.card.recipient in recipients
    assert laptop.me.card.recipient not in recipients
