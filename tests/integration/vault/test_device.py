"""A machine's identity, known while it is locked, and the machines that it trusts."""

import json

import pytest
from cryptography.exceptions import InvalidSignature

from downtime.config import Home
from downtime.errors import ConflictError, InputError, LockedError, NotFoundError, UntrustedError
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
    assert device.export_card(keyed) == {
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


def test_another_machine_is_trusted_and_forgotten_with_an_audit_entry(keyed, home, actor, other):
    assert device.read_trusted_cards(home) == []
    card = device.trust_card(keyed, other, actor, "second publisher")
    device.trust_card(keyed, other, actor, "again")
    assert device.read_trusted_cards(home) == [card]
    device.distrust_device(keyed, "M2", actor, "stolen")
    assert device.read_trusted_cards(home) == []
    with pytest.raises(NotFoundError):
        device.distrust_device(keyed, "M2", actor, "stolen")
    rows = keyed.db.query("SELECT action, target, why FROM audit")
    assert [tuple(row.values()) for row in rows] == [
        ("device.trust", "M2", "second publisher"),
        ("device.trust", "M2", "again"),
        ("device.distrust", "M2", "stolen"),
    ]


def test_a_code_belongs_to_one_machine(keyed, home, actor, other, tmp_path):
    device.trust_card(keyed, other, actor, "told by telephone")
    impostor = Home(tmp_path / "impostor")
    impostor.keys_folder.mkdir(parents=True)
    same_code = device.create_device(impostor, bytes(32), "M2", "Publisher").as_json()
    mine = {**same_code, "code": "K7"}
    for card in (same_code, mine):
        with pytest.raises(ConflictError, match="trusted already"):
            device.trust_card(keyed, card, actor, "told by telephone")
    assert [card.as_json() for card in device.read_trusted_cards(home)] == [other]


def test_this_machine_s_own_card_is_known_already(keyed, home, actor):
    assert (
        device.trust_card(keyed, device.export_card(keyed), actor, "told by telephone").code == "K7"
    )
    assert device.read_trusted_cards(home) == []


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
def test_what_is_no_card_is_refused(keyed, actor, other, change):
    document = {**other, **change}
    if change.get("name", "") is None:
        del document["name"]
    with pytest.raises(InputError, match="not a device card"):
        device.trust_card(keyed, document, actor, "told by telephone")


@pytest.mark.parametrize("document", [[], "x", 7, None, json.loads("{}")])
def test_other_json_is_refused(keyed, actor, document):
    with pytest.raises(InputError, match="not a device card"):
        device.trust_card(keyed, document, actor, "told by telephone")


def test_a_card_put_into_the_list_on_the_disk_is_not_believed(keyed, home, actor, other):
    device.trust_card(keyed, other, actor, "second publisher")
    path = home.keys_folder / "trusted.json"
    document = json.loads(path.read_bytes())
    document["cards"][0]["name"] = "somebody else"
    path.write_text(json.dumps(document))
    with pytest.raises(UntrustedError, match="changed by something else"):
        device.read_trusted_cards(home)
