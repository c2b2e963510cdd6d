"""Slots open one data key; a key file that somebody else wrote opens nothing."""

import os
from base64 import b64decode, b64encode
from dataclasses import replace

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from downtime.errors import ConflictError, LockedError, UntrustedError, UserError
from downtime.vault import keys, slots

from .conftest import SECRETS


def test_every_slot_opens_the_same_data_key(keyed, home):
    for name, secret in SECRETS.items():
        assert keys.open_slot(home, name, secret) == keyed.data_key


@pytest.mark.parametrize(
    ("name", "secret"), [("ann", SECRETS["bob"]), ("ann", ""), ("eve", SECRETS["ann"])]
)
def test_a_wrong_pair_is_refused(keyed, home, name, secret):
    with pytest.raises(LockedError) as refused:
        keys.open_slot(home, name, secret)
    assert refused.value.code == "signin.refused"


def test_a_slot_is_added_and_a_new_password_replaces_the_old(keyed, home, settings):
    for secret in ("first password", "second password"):
        keys.add_slot(home, keyed.data_key, "cat", "person", secret, settings.accounts)
        assert keys.open_slot(home, "cat", secret) == keyed.data_key
    with pytest.raises(LockedError):
        keys.open_slot(home, "cat", "first password")
    assert keys.open_slot(home, "ann", SECRETS["ann"]) == keyed.data_key


def test_slots_keep_their_own_cost(keyed, home, settings):
    dearer = replace(settings.accounts, argon2_memory_kib=128)
    keys.add_slot(home, keyed.data_key, "cat", "person", "a third password", dearer)
    assert keys.open_slot(home, "cat", "a third password") == keyed.data_key
    assert [slot.memory_kib for slot in keys.load_slot_file(home).slots] == [64, 64, 128]


def test_only_the_present_data_key_may_change_the_file(keyed, home, settings):
    with pytest.raises(LockedError, match="renewed since"):
        keys.add_slot(home, os.urandom(32), "eve", "person", "x" * 12, settings.accounts)


def test_the_last_slot_stays(keyed, home):
    following = keys.remove_slot(home, keyed.data_key, "ann")
    assert keys.renew_data_key(keyed, following)
    with pytest.raises(ConflictError, match="last way"):
        keys.remove_slot(home, keyed.data_key, "bob")
    assert keys.remove_slot(home, keyed.data_key, "nobody") is None


def test_no_changed_byte_crashes_or_opens_something_else(keyed, home):
    path = home.keys_folder / "slots.json"
    (home.path / "slots.copy").unlink()
    good = path.read_bytes()
    refused = 0
    for at in range(0, len(good), 7):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        try:
            assert keys.open_slot(home, "ann", SECRETS["ann"]) == keyed.data_key
        except UserError:
            refused += 1
    assert refused > len(good) // 7 * 0.9  # the rest is white space between words


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff", b'{"body": {}}'])
def test_a_damaged_file_is_said_to_be_damaged(keyed, home, content):
    (home.keys_folder / "slots.json").write_bytes(content)
    (home.path / "slots.copy").write_bytes(content)
    with pytest.raises(UntrustedError, match="key file"):
        keys.open_slot(home, "ann", SECRETS["ann"])


def test_a_data_key_sealed_by_a_stranger_is_refused(keyed, home):
    """Public keys are in clear: anybody may seal to them, but not sign as this home."""
    file = keys.load_slot_file(home)
    (home.path / "slots.copy").unlink()
    stranger = Ed25519PrivateKey.generate()
    public = b64encode(stranger.public_key().public_bytes_raw()).decode()
    sealed = slots.seal_data_key(file.slots, os.urandom(32), stranger)
    forged = replace(
        file,
        signer=public,
        slots=tuple(replace(slot, signer=public) for slot in file.slots),
        current=sealed,
    )
    (home.keys_folder / "slots.json").write_bytes(slots.encode_slot_file(forged, stranger))
    with pytest.raises(LockedError):
        keys.open_slot(home, "ann", SECRETS["ann"])
    (home.keys_folder / "slots.json").write_bytes(
        slots.encode_slot_file(replace(file, current=sealed), stranger)
    )
    with pytest.raises(UntrustedError):
        keys.open_slot(home, "ann", SECRETS["ann"])


def test_holding_the_data_key_opens_no_slot_of_others(keyed, home):
    """Else who leaves could take along what opens the renewed key."""
    file = keys.load_slot_file(home)
    for slot in file.slots:
        assert slots.unwrap_secret(keyed.data_key, slot.identity, slot.header()) is None
        assert slots.unwrap_secret(keyed.derive_key("slots"), slot.identity, slot.header()) is None
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(b64decode(file.current.data_key), [pyrage.x25519.Identity.generate()])
