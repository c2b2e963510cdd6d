"""A laptop asks several places while it is locked, and believes none of them: only signatures."""

import shutil
from datetime import timedelta

import orjson
import pytest

from downtime.clock import to_text
from downtime.fleet import machine_list
from downtime.fleet.outbox import put_in_folder
from downtime.transport.carrier import PASSING
from downtime.transport.local_carrier import LocalCarrier
from downtime.vault.model import MachineRole
from tests.integration.fleet.carrying import Machine, fetch, make_settings


@pytest.fixture
def put(publisher, tmp_path):
    """`put("a", bundle, …)` publishes in the folder `a`."""

    def publish(name: str, *bundles, by=publisher):
        put_in_folder(by.home, tmp_path / name, make_settings({}), bundles)
        return tmp_path / name

    return publish


@pytest.fixture
def settings(tmp_path):
    return make_settings(
        {name: {"kind": "folder", "path": str(tmp_path / name)} for name in ("a", "b", "c")}
    )


def waiting(laptop, state) -> list[int]:
    assert {path.name for path in laptop.home.inbox_folder.glob("*.downtime")} == set(state.waiting)
    return [int(name.split("-")[2]) for name in state.waiting]


def damage(folder, change) -> None:
    for path in folder.glob("*.downtime"):
        path.write_bytes(change(path.read_bytes()))


def test_the_newest_place_wins_and_each_says_what_is_wrong_with_it(
    publisher, laptop, put, settings
):
    put("a", publisher.seal(1, laptop))
    put("b", publisher.seal(2, laptop))
    fetched, state = fetch(laptop, settings)
    assert fetched
    assert waiting(laptop, state) == [2]
    assert (state.places["a"].fault, state.places["b"].fault) == ("", "")
    assert "not there" in state.places["c"].fault
    assert state.places["c"].next_try > state.last_run


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "damaged or altered"),
        (lambda data: data[:1000], "shorter than its pointer"),
    ],
)
def test_a_damaged_one_is_that_places_fault_and_the_next_best_is_taken(
    publisher, laptop, put, settings, change, sentence
):
    damage(put("a", publisher.seal(3, laptop)), change)
    put("b", publisher.seal(2, laptop))
    fetched, state = fetch(laptop, settings)
    assert fetched
    assert waiting(laptop, state) == [2]
    assert sentence in state.places["a"].fault


def test_what_a_stranger_signed_is_not_fetched_to_stay(publisher, laptop, put, settings, tmp_path):
    stranger = Machine(tmp_path / "XX", "XX")
    put("a", stranger.seal(9, laptop), by=stranger)
    fetched, state = fetch(laptop, settings)
    assert not fetched
    assert waiting(laptop, state) == []
    assert "made by a machine" in state.places["a"].fault
    stranger.vault.close()


def test_a_pointer_that_promises_a_newer_one_and_names_an_older_is_refused(
    publisher, laptop, put, settings
):
    old = publisher.seal(1, laptop)
    put("a", publisher.seal(2, laptop))
    fetch(laptop, settings)
    folder = put("b", old)
    for promise in ({"sequence": 9}, {"epoch": 9}):
        document = orjson.loads((folder / "latest.json").read_bytes()) | promise
        (folder / "latest.json").write_bytes(orjson.dumps(document))
        laptop.now += timedelta(hours=1)
        fetched, state = fetch(laptop, settings)
        assert not fetched
        assert state.sequence == 2
        assert state.places["b"].fault


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{" * 20_000, "more than 16384 bytes"),
        (b"not json", "cannot be read"),
        (b"[1]", "cannot be read"),
        (orjson.dumps({"format": "downtime-pointer/2", "epoch": "1"}), "cannot be read"),
    ],
)
def test_a_pointer_that_cannot_be_read_is_said_and_others_are_asked(
    publisher, laptop, put, settings, content, sentence
):
    (put("a", publisher.seal(9, laptop)) / "latest.json").write_bytes(content)
    put("b", publisher.seal(1, laptop))
    fetched, state = fetch(laptop, settings)
    assert fetched
    assert state.sequence == 1
    assert sentence in state.places["a"].fault


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/etc/passwd", ".hidden", "a/b", ""])
def test_a_pointer_names_nothing_outside_its_folder(publisher, laptop, put, settings, name):
    folder = put("a", publisher.seal(1, laptop))
    document = orjson.loads((folder / "latest.json").read_bytes())
    document["full"]["name"] = name
    (folder / "latest.json").write_bytes(orjson.dumps(document))
    fetched, state = fetch(laptop, settings)
    assert not fetched
    assert "cannot be read" in state.places["a"].fault


def test_one_that_is_larger_than_allowed_is_not_fetched(publisher, laptop, put, settings):
    folder = put("a", publisher.seal(1, laptop))
    document = orjson.loads((folder / "latest.json").read_bytes())
    document["full"]["size"] = 2**40
    (folder / "latest.json").write_bytes(orjson.dumps(document))
    assert "raise snapshot.max_bundle_bytes" in fetch(laptop, settings)[1].places["a"].fault
    assert list(laptop.home.inbox_folder.iterdir()) == []


def test_a_fetch_that_broke_off_goes_on_where_it_was(publisher, laptop, put, settings, monkeypatch):
    put("a", publisher.seal(1, laptop))
    monkeypatch.setattr(LocalCarrier, "block_bytes", 512)
    offsets, read = [], LocalCarrier.read_block

    def breaking(self, name, offset, size):
        offsets.append(offset)
        if len(offsets) == 3:
            raise OSError("the line is cut")
        return read(self, name, offset, size)

    monkeypatch.setattr(LocalCarrier, "read_block", breaking)
    assert not fetch(laptop, settings)[0]
    assert [path.name[:6] for path in laptop.home.inbox_folder.iterdir()] == [PASSING]
    laptop.now += timedelta(hours=1)
    fetched, state = fetch(laptop, settings)
    assert fetched
    assert offsets[3] == 1024
    assert waiting(laptop, state) == [1]


def test_a_place_that_fails_is_asked_later_and_later_at_random(laptop, settings):
    for failures in (1, 2, 3):
        _, state = fetch(laptop, settings)
        place = state.places["c"]
        span = settings.fleet.retry_first_seconds * 2**failures
        latest = to_text(laptop.now + timedelta(seconds=span))
        assert place.failures == failures
        assert state.last_run <= to_text(laptop.now) < place.next_try <= latest


def test_who_missed_a_few_follows_the_chain_and_who_missed_many_takes_a_full_one(
    publisher, laptop, put, tmp_path
):
    settings = make_settings({"a": {"kind": "folder", "path": str(tmp_path / "a")}}, max_chain=3)
    put("a", publisher.seal(1, laptop))
    fetch(laptop, settings)

    def go_on(numbers):
        for number in numbers:
            deltas = publisher.seal(number, laptop, base=number - 1, is_empty=True)
            put_in_folder(
                publisher.home, tmp_path / "a", settings, [publisher.seal(number, laptop), deltas]
            )
        return waiting(laptop, fetch(laptop, settings)[1])

    assert go_on((2, 3)) == [1, 2, 3]
    assert go_on(range(4, 9))[-1] == 8
    assert go_on((9,))[-1] == 9


def test_a_delta_that_is_damaged_costs_a_full_one(publisher, laptop, put, settings):
    put("a", publisher.seal(1, laptop))
    fetch(laptop, settings)
    folder = put("a", publisher.seal(2, laptop), publisher.seal(2, laptop, base=1))
    (delta,) = folder.glob("*-after-*")
    delta.write_bytes(b"x" * delta.stat().st_size)
    fetched, state = fetch(laptop, settings)
    assert fetched
    assert waiting(laptop, state) == [2]
    assert "-after-" not in state.waiting[0]


def test_a_stick_that_is_pulled_out_midway_leaves_the_last_good_one(
    publisher, laptop, put, settings, tmp_path, monkeypatch
):
    put("b", publisher.seal(1, laptop))
    fetch(laptop, settings)
    put("a", publisher.seal(2, laptop))
    monkeypatch.setattr(LocalCarrier, "block_bytes", 512)
    read = LocalCarrier.read_block

    def pulled_out(self, name, offset, size):
        if offset and (tmp_path / "a").exists():
            shutil.rmtree(tmp_path / "a")
        return read(self, name, offset, size)

    monkeypatch.setattr(LocalCarrier, "read_block", pulled_out)
    laptop.now += timedelta(hours=1)
    fetched, state = fetch(laptop, settings)
    assert not fetched
    assert state.places["a"].fault
    assert waiting(laptop, state) == [1] or state.waiting == [state.waiting[0]]
    put("b", publisher.seal(3, laptop))
    assert fetch(laptop, settings)[1].sequence == 3
    assert not list(laptop.home.inbox_folder.glob(f"{PASSING}*"))


def test_a_revoked_machine_is_heard_of_with_the_next_snapshot(publisher, laptop, put, settings):
    """The list travels beside the snapshots, and is taken before they are judged."""
    put("a", publisher.seal(1, laptop))
    assert fetch(laptop, settings)[0]
    laptop.site.vaults.clear()
    laptop.site.vaults["PB"] = publisher.vault
    laptop.site.revoke("PB")
    machine_list.receive_list(publisher.home, laptop.site.sign().signed.data)
    put("a", publisher.seal(2, laptop))
    laptop.now += timedelta(hours=1)
    fetched, state = fetch(laptop, settings)
    assert not fetched
    assert (state.sequence, state.waiting) == (0, [])
    assert state.places["a"].fault


def test_a_machine_that_was_revoked_fetches_no_more_and_says_so(publisher, laptop, put, settings):
    put("a", publisher.seal(1, laptop))
    assert fetch(laptop, settings)[0]
    laptop.site.revoke("WD", reason="lost on a bus")
    put("a", publisher.seal(2))
    laptop.now += timedelta(hours=1)
    fetched, state = fetch(laptop, settings)
    assert (fetched, state.sequence) == (False, 1)
    assert state.fault.startswith("This machine was revoked: lost on a bus.")
    assert "Nothing is fetched" in state.fault
    assert state.places["a"].requests["bytes_in"] < 20_000  # the list and the pointer alone


def test_the_publisher_that_takes_a_revoked_ones_place_is_followed_though_it_counts_from_1(
    publisher, laptop, put, settings, tmp_path
):
    put("a", publisher.seal(40, laptop))
    _, state = fetch(laptop, settings)
    assert waiting(laptop, state) == [40]
    following = Machine(tmp_path / "PC", "PC")
    laptop.site.enrol(following.vault)
    laptop.site.enrol(laptop.vault, hears=False)
    laptop.site.revoke("PB")
    put("b", following.seal(2, laptop), by=following)
    fetched, state = fetch(laptop, settings)
    assert fetched
    assert (state.sequence, len(state.waiting)) == (2, 1)
    following.vault.close()


def test_a_machine_hears_of_its_new_wards_where_nothing_is_published_for_the_old_ones(
    publisher, laptop, put, settings
):
    site = laptop.site.enrol(laptop.vault, MachineRole.WARD_LAPTOP, wards=("W1",))
    put("a", publisher.seal(1, laptop, scope="W1"))
    _, state = fetch(laptop, settings)
    assert (state.scope, state.sequence) == ("W1", 1)
    site.vaults.pop("WD")
    site.enrol(laptop.vault, MachineRole.WARD_LAPTOP, wards=("W2",), hears=False)
    put("a", publisher.seal(2, laptop, scope="W2"))
    fetch(laptop, settings)  # it hears of the list
    _, state = fetch(laptop, settings)
    assert (state.scope, state.sequence) == ("W2", 2)
