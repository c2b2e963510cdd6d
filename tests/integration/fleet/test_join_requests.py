"""A machine joins over a place: its request lies there, is answered there, and nothing else is believed."""

import json

import pytest

from downtime.errors import InputError, NotFoundError, UntrustedError
from downtime.fleet import enrol_machine, join_requests, machine_list
from downtime.fleet.carry_outbox import carry_outbox
from downtime.fleet.run_state import PlaceState
from downtime.transport.folder_address import FolderAddress, FolderKind
from downtime.transport.open_carrier import open_carrier
from downtime.transport.pace import Pace
from downtime.vault import device
from downtime.vault.model import Actor, MachineRole
from tests.integration.fleet.carrying import Machine, make_settings
from tests.site import Site

ADMIN = Actor("u-1", "Amina Ward", "PB")


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


@pytest.fixture
def settings(place, tmp_path):
    """Two places, of which one is not there."""
    missing = {"kind": "folder", "path": str(tmp_path / "missing")}
    return make_settings({"share": {"kind": "folder", "path": str(place)}, "stick": missing})


@pytest.fixture
def pair(tmp_path):
    """`site, publisher, laptop`: the laptop belongs to no site yet."""
    publisher, laptop = (Machine(tmp_path / code, code) for code in ("PB", "WD"))
    yield Site().enrol(publisher.vault, MachineRole.PUBLISHER), publisher, laptop
    publisher.vault.close()
    laptop.vault.close()


def leave(machine, settings, code=None):
    content = enrol_machine.make_request(machine.vault, settings)
    return join_requests.leave_request(
        settings, content, code or device.read_own_code(machine.home)
    )


def add(site, publisher, settings, request, code):
    return enrol_machine.add_machine(
        publisher.vault, settings, request, code, frozenset({MachineRole.WARD_LAPTOP}), ("AMU",),
        site.keys[0], ADMIN, "for the ward",
    )  # fmt: skip


def accept(laptop, settings, code):
    data = join_requests.fetch_list(laptop.home, settings, code)
    return enrol_machine.accept_list(laptop.vault, settings, data, code, ADMIN)


def test_a_laptop_joins_by_two_codes_and_a_place(pair, settings, place):
    site, publisher, laptop = pair
    faults = leave(laptop, settings)
    assert faults["share"] == ""
    assert faults["stick"]
    found = join_requests.list_requests(settings)
    assert [(item.place, item.request.card.name) for item in found.requests] == [
        ("share", "machine WD")
    ]
    assert found.sentences[0].startswith("stick: ")
    code = enrol_machine.make_own_code(laptop.home)
    enrolment = add(site, publisher, settings, found.find("wd"), code)
    assert join_requests.carry_list(publisher.home, settings)["share"] == ""
    assert accept(laptop, settings, enrolment.code).find("WD").wards == ("AMU",)
    join_requests.remove_request(settings, laptop.me.card)
    assert list((place / "requests").iterdir()) == []
    with pytest.raises(NotFoundError, match="No request of a machine WD lies at a place"):
        join_requests.list_requests(settings).find("WD")


def test_a_request_that_somebody_exchanged_at_the_place_needs_the_other_screen_s_code(
    pair, settings, tmp_path
):
    site, publisher, laptop = pair
    leave(laptop, settings)
    twin = Machine(tmp_path / "twin", "WD")
    leave(twin, settings)
    request = join_requests.list_requests(settings).find("WD")
    with pytest.raises(UntrustedError, match="stands for another machine"):
        add(site, publisher, settings, request, enrol_machine.make_own_code(laptop.home))
    join_requests.remove_request(settings, laptop.me.card)
    assert join_requests.list_requests(settings).find("WD").card == twin.me.card
    twin.vault.close()


def _altered(content):
    document = json.loads(content)
    document["card"]["name"] = "another name"
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: content[:-9],
        lambda content: content + b" " * 10_000,
        lambda content: b"[" * 9_000,
        lambda content: b"\xff\xfe",
        _altered,
    ],
)
def test_what_is_no_request_is_left_out_with_a_sentence(pair, settings, place, spoil):
    _, _, laptop = pair
    leave(laptop, settings)
    content = (place / "requests" / "WD.json").read_bytes()
    (place / "requests" / "K7.json").write_bytes(spoil(content))
    (place / "requests" / "holiday.json").write_bytes(content)
    found = join_requests.list_requests(settings)
    assert [item.request.card.code for item in found.requests] == ["WD"]
    assert "share: K7.json is no machine's request; it is left out." in found.sentences


def test_a_request_lies_under_its_own_machine_s_name_only(pair, settings):
    _, _, laptop = pair
    leave(laptop, settings, "K7")
    found = join_requests.list_requests(settings)
    assert not found.requests
    assert "K7.json is no machine's request" in found.sentences[0]


def test_no_more_requests_are_read_than_a_place_should_hold(pair, settings, place, monkeypatch):
    _, _, laptop = pair
    leave(laptop, settings)
    content = (place / "requests" / "WD.json").read_bytes()
    for code in ("AA", "AB", "AC"):
        (place / "requests" / f"{code}.json").write_bytes(content)
    monkeypatch.setattr(join_requests, "MOST_REQUESTS", 2)
    found = join_requests.list_requests(settings)
    assert "share: more than 2 requests lie there." in found.sentences
    assert sum("is left out" in sentence for sentence in found.sentences) == 2


def test_a_name_that_would_write_on_the_screen_is_no_request(pair, settings):
    _, _, laptop = pair
    with pytest.raises(InputError, match="no machine's request"):
        enrol_machine.read_request(_signed(laptop, site="DEMO\x1b[2J"))
    with pytest.raises(InputError, match="no machine's request"):
        enrol_machine.read_request(_signed(laptop, site="DEMO", name="n" * 300))
    assert enrol_machine.read_request(_signed(laptop, site="DEMO")).site == "DEMO"


def _signed(machine, site, name=None):
    card = machine.me.card.as_json() | ({"name": name} if name else {})
    body = {"downtime": enrol_machine.FORMAT, "card": card, "site": site}
    signature = machine.me.sign(enrol_machine.to_canonical_json(body))
    return json.dumps(body | {"signature": signature}).encode()


def test_of_several_lists_the_one_is_taken_that_the_code_stands_for(
    pair, settings, place, tmp_path
):
    """Somebody with a place of their own offers a list of another root, with a higher number."""
    site, publisher, laptop = pair
    other = Machine(tmp_path / "XX", "XX")
    evil = Site().enrol(other.vault, MachineRole.PUBLISHER)
    for _ in range(5):
        evil.enrol(laptop.vault, MachineRole.WARD_LAPTOP, hears=False)
    enrolment = _add_by_code(site, publisher, laptop, settings)
    join_requests.carry_list(publisher.home, settings)
    second = tmp_path / "missing"
    (second / "machines").mkdir(parents=True)
    (second / "machines" / "machines.json").write_bytes(machine_list.read_list_bytes(other.home))
    with pytest.raises(UntrustedError, match="another site"):
        accept(laptop, settings, "AAAA-BBBB-CCCC")
    assert accept(laptop, settings, enrolment.code.lower()).find("PB")
    other.vault.close()


def _add_by_code(site, publisher, laptop, settings):
    request = enrol_machine.read_request(enrol_machine.make_request(laptop.vault, settings))
    code = enrol_machine.make_own_code(laptop.home)
    return add(site, publisher, settings, request, code)


def test_without_a_list_at_a_place_it_is_said_so(pair, settings):
    _, _, laptop = pair
    with pytest.raises(NotFoundError, match="There is no list of machines at a place"):
        join_requests.fetch_list(laptop.home, settings, "AAAA")


def test_a_publisher_takes_the_newer_list_at_a_place_and_never_writes_over_it(
    pair, settings, place
):
    """An administrator has added a machine elsewhere."""
    site, publisher, laptop = pair
    address = FolderAddress(kind=FolderKind.LOCAL, path=str(place))
    state, path = PlaceState(), place / "machines" / "machines.json"
    with open_carrier(address, Pace()) as carrier:
        carry_outbox(publisher.home, carrier, state)
        carry_outbox(publisher.home, carrier, state)
        site.vaults.clear()
        site.enrol(laptop.vault, MachineRole.WARD_LAPTOP)
        before = path.read_bytes()
        join_requests.carry_list(laptop.home, settings)
        newer = path.read_bytes()
        assert newer != before
        carry_outbox(publisher.home, carrier, state)
        assert path.read_bytes() == newer == machine_list.read_list_bytes(publisher.home)
        path.write_bytes(before)
        carry_outbox(publisher.home, carrier, state)
        assert path.read_bytes() == newer
        path.write_bytes(b"{}")
        carry_outbox(publisher.home, carrier, state)
        assert path.read_bytes() == newer
