"""Passkeys as the accounts see them: whose, for which pages, once; made by a key that lies in this test."""

import hashlib
import json
import os
from base64 import urlsafe_b64encode

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from downtime.accounts import passkeys, people
from downtime.accounts.passkeys import PasskeyAnswer
from downtime.accounts.sign_in import sign_in, sign_in_with_passkey
from downtime.errors import InputError, LockedError, NotFoundError
from tests.integration.accounts.conftest import PASSWORD

HOST, ORIGIN = "ward-a.hospital.example", "https://ward-a.hospital.example"
VERIFIED, PRESENT, HAS_KEY = 0x04, 0x01, 0x40


def encode(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


class Phone:
    """An authenticator with one passkey."""

    def __init__(self) -> None:
        self.key, self.id, self.count = ec.generate_private_key(ec.SECP256R1()), os.urandom(16), 0

    def make(self, challenge: bytes, **options) -> PasskeyAnswer:
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        made = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(public)
        data = self._data(HAS_KEY | VERIFIED, **options) + made
        statement = {"fmt": "none", "attStmt": {}, "authData": data}
        response = {"attestationObject": encode(cbor2.dumps(statement))}
        return self._answer("webauthn.create", challenge, response, **options)

    def sign(self, challenge: bytes, flags: int = VERIFIED, **options) -> PasskeyAnswer:
        self.count += 1
        data = self._data(flags, **options)
        client = self._client("webauthn.get", challenge, **options)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {"authenticatorData": encode(data), "signature": encode(signature)}
        return self._answer("webauthn.get", challenge, response, **options)

    def _data(self, flags: int, host: str = HOST, **_) -> bytes:
        return (
            hashlib.sha256(host.encode()).digest()
            + bytes([flags | PRESENT])
            + self.count.to_bytes(4)
        )

    def _client(self, kind: str, challenge: bytes, origin: str = ORIGIN, **_) -> bytes:
        client = {"type": kind, "challenge": encode(challenge), "origin": origin}
        return json.dumps(client).encode()

    def _answer(self, kind: str, challenge: bytes, response: dict, **options) -> PasskeyAnswer:
        response = response | {"clientDataJSON": encode(self._client(kind, challenge, **options))}
        credential = {"id": encode(self.id), "rawId": encode(self.id), "type": "public-key"}
        return PasskeyAnswer(
            json.dumps(credential | {"response": response}), challenge, HOST, ORIGIN
        )


@pytest.fixture
def nurse(hospital, admin):
    return hospital.add(admin, "nurse")


@pytest.fixture
def phone(admin, nurse):
    made = Phone()
    actor = nurse.make_actor("K7")
    passkeys.add_passkey(admin.vault, nurse, "my phone", made.make(os.urandom(32)), actor)
    return made


def test_a_passkey_signs_its_person_in(hospital, admin, nurse, phone):
    answer = phone.sign(os.urandom(32))
    assert sign_in_with_passkey(admin.vault, hospital.settings, answer).person == nurse
    answer = phone.sign(os.urandom(32))
    signed_in = sign_in(
        admin.vault.home, hospital.settings, admin.vault.clock, "nurse", PASSWORD, "",
        passkey=answer, vault=admin.vault,
    )  # fmt: skip
    assert signed_in.person == nurse


@pytest.mark.parametrize(
    "spoil",
    [
        lambda phone, challenge: phone.sign(os.urandom(32))._replace(challenge=challenge),
        lambda phone, challenge: phone.sign(challenge, flags=0),
        lambda phone, challenge: phone.sign(challenge, host="evil.example"),
        lambda phone, challenge: phone.sign(challenge, origin="https://evil.example"),
        lambda phone, challenge: phone.sign(challenge)._replace(host="localhost"),
        lambda phone, challenge: phone.sign(challenge)._replace(credential="no json"),
        lambda phone, challenge: phone.sign(challenge)._replace(credential="[]"),
        lambda phone, challenge: Phone().sign(challenge),
    ],
    ids=["challenge", "unverified", "host", "origin", "other-host", "text", "list", "unknown"],
)
def test_what_is_not_signed_for_these_pages_by_its_owner_opens_nothing(
    hospital, admin, phone, spoil
):
    with pytest.raises(LockedError):
        sign_in_with_passkey(admin.vault, hospital.settings, spoil(phone, os.urandom(32)))


def test_an_answer_is_taken_once_and_only_for_its_person(hospital, admin, nurse, phone):
    answer = phone.sign(os.urandom(32))
    sign_in_with_passkey(admin.vault, hospital.settings, answer)
    with pytest.raises(LockedError):
        sign_in_with_passkey(admin.vault, hospital.settings, answer)
    with pytest.raises(LockedError):
        sign_in(
            admin.vault.home, hospital.settings, admin.vault.clock, "admin", PASSWORD, "",
            passkey=phone.sign(os.urandom(32)), vault=admin.vault,
        )  # fmt: skip


def test_it_ends_with_a_reset_and_with_its_removal(hospital, admin, nurse, phone):
    second, actor = Phone(), nurse.make_actor("K7")
    passkeys.add_passkey(admin.vault, nurse, "key", second.make(os.urandom(32)), actor)
    with pytest.raises(NotFoundError):
        passkeys.remove_passkey(admin.vault, admin.person, encode(second.id), admin.actor)
    passkeys.remove_passkey(admin.vault, nurse, encode(second.id), actor)
    with pytest.raises(LockedError):
        sign_in_with_passkey(admin.vault, hospital.settings, second.sign(os.urandom(32)))
    people.reset_credentials(
        admin.vault, hospital.settings, nurse.id, PASSWORD, admin.actor, "lost"
    )
    with pytest.raises(LockedError):
        sign_in_with_passkey(admin.vault, hospital.settings, phone.sign(os.urandom(32)))


def test_a_key_that_asks_its_owner_nothing_makes_no_passkey(admin, nurse):
    phone, challenge = Phone(), os.urandom(32)
    answer = phone.make(challenge, origin="https://evil.example")
    with pytest.raises(InputError):
        passkeys.add_passkey(admin.vault, nurse, "phone", answer, nurse.make_actor("K7"))


@pytest.mark.parametrize("credential", ["[" * 19_999, "{", "7", '{"id": null}'])
def test_an_answer_that_is_none_is_nobody_s(vault, credential):
    answer = passkeys.PasskeyAnswer(credential, b"asked", "localhost", "http://localhost")
    assert passkeys.find_username(vault, answer) == ""
    assert not passkeys.accept_passkey(vault.db, "nobody", answer, "2026-11-02T14:30:00Z")
