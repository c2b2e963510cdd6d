"""A machine's identity, known while it is locked."""

import json

import pytest
from cryptography.exceptions import InvalidSignature

from downtime.config import Home
from downtime.errors import ConflictError, InputError, LockedError
from downtime.vault import device
from downtime.vault.vault import Vault


@pytest.fixture
def other(tmp_path):
    """The card of another machine."""
    home = Home(tmp_path / "other")
    home.keys_folder.mkdir(parents=True)
    return device.create_device(home, bytes(32), "M2", "Publisher").as_json()


def test_the_card_is_public_and_what_the_machine_signs_can_be_checked(keyed, home):
    me = device.load_device(keyed)
    assert device.read_own_card(keyed.home).as_json() == {
        "downtime": "device-card/1",
        "code": "K7",
        "name": "Ward laptop 7",
        "recipient": str(me.age_identity.to_public()),
        "verify_key": me.card.verify_key,
    }
    assert device.read_own_card(home) == me.card
    signature = me.signing_key.sign(b"manifest")
    me.card.public_key.verify(signature, b"manifest")
    with pytest.raises(InvalidSignature):
        me.card.public_key.verify(signature, b"manifesto")


def test_the_private_half_is_not_in_clear_and_needs_the_vault(keyed, home, clock):
    content = (home.keys_folder / "device.json").read_text()
    assert str(device.load_device(keyed).age_identity) not in content
    with pytest.raises(LockedError, match="identity"):
        device.load_device(Vault(home, bytes(32), clock))


def test_an_identity_is_made_once(keyed, home):
    with pytest.raises(ConflictError):
        device.create_device(home, keyed.data_key, "K8", "again")


@pytest.mark.parametrize("code", ["", "K", "K77", "I7", "O7", "K0", "K1", "k7", "K-"])
def test_codes_that_could_be_misread_are_refused(home, code):
    with pytest.raises(InputError, match="device code"):
        device.create_device(home, bytes(32), code, "x")


def test_random_codes_are_acceptable():
    assert all(set(device.choose_code()) <= set(device.CODE_ALPHABET) for _ in range(50))


@pytest.mark.parametrize(
    "change",
    [
        {"downtime": "device-card/9"},
        {"code": "m2"},
        {"recipient": "age1notakey"},
        {"verify_key": "AAAA"},
        {"verify_key": "%%%"},
        {"name": "two\nlines"},
        {"name": None},
    ],
)
def test_what_is_no_card_is_refused(other, change):
    document = {**other, **change}
    if change.get("name", "") is None:
        del document["name"]
    with pytest.raises(InputError, match="not a device card"):
        device.parse_card(document)


@pytest.mark.parametrize("document", [[], "x", 7, None, json.loads("{}")])
def test_other_json_is_refused(document):
    with pytest.raises(InputError, match="not a device card"):
        device.parse_card(document)
