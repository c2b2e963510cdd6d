"""Passkeys (WebAuthn): a second factor that needs no clock, and, where the vault is open, both factors.

A passkey asks for a finger or a PIN of its own before it signs (user verification is required), and signs
for the host name of these pages only: a page that only looks like ours gets nothing. It opens no key
slot: while nobody is signed in on a machine, the password opens its vault.

Source: W3C Web Authentication Level 3, checked by the library `webauthn`.
"""

import json
from typing import NamedTuple

import sqlite_utils
import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from downtime.accounts.model import AuditAction, Person
from downtime.accounts.policies import check_is_human, check_passkey_name
from downtime.accounts.read_only import accounts_db
from downtime.accounts.store import accounts
from downtime.accounts.store import passkeys as store
from downtime.accounts.store.passkeys import Passkey
from downtime.errors import InputError, NotFoundError
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

MAX_ANSWER = 20_000
_MAX_PASSKEYS = 10


class PasskeyAnswer(NamedTuple):
    """What a browser's passkey answered, and what it was asked: where, and with which challenge."""

    credential: str
    """As the browser's `PublicKeyCredential.toJSON()` writes it."""
    challenge: bytes
    host: str
    origin: str


def write_registration_options(
    vault: Vault, person: Person, site: str, host: str, challenge: bytes
) -> str:
    """What a browser is asked for a new passkey, as JSON."""
    known = store.list_live_passkeys(vault.db, person.id)
    options = webauthn.generate_registration_options(
        rp_id=host,
        rp_name=site,
        user_id=person.id.encode(),
        user_name=person.username,
        user_display_name=person.name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.id)) for passkey in known
        ],
    )
    return webauthn.options_to_json(options)


def write_sign_in_options(host: str, challenge: bytes) -> str:
    """What a browser is asked at sign-in, as JSON: any passkey of this host, so nobody is named."""
    options = webauthn.generate_authentication_options(
        rp_id=host,
        challenge=challenge,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def add_passkey(
    vault: Vault, person: Person, name: str, answer: PasskeyAnswer, actor: Actor
) -> Passkey:
    """Keep the public half of a person's new passkey; InputError when the answer is not right."""
    check_is_human(person.role)
    name = check_passkey_name(name)
    if len(store.list_live_passkeys(vault.db, person.id)) >= _MAX_PASSKEYS:
        raise InputError(
            "passkey.many", f"You have {_MAX_PASSKEYS} passkeys.", "Remove one that is not used."
        )
    try:
        verified = webauthn.verify_registration_response(
            credential=_parse_answer(answer),
            expected_challenge=answer.challenge,
            expected_rp_id=answer.host,
            expected_origin=answer.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise InputError(
            "passkey.refused",
            "The passkey was not made: what the browser sent is not right.",
            "Open this page anew and try again.",
        ) from None
    passkey = Passkey(
        id=bytes_to_base64url(verified.credential_id),
        person=person.id,
        host=answer.host,
        name=name,
        public_key=bytes_to_base64url(verified.credential_public_key),
        sign_count=verified.sign_count,
        created=vault.now(),
    )
    with vault.change(
        actor, AuditAction.PERSON_ADD_PASSKEY, target=person.id, reason="made by the person"
    ) as db:
        store.insert_passkey(db, passkey)
    return passkey


def find_username(vault: Vault, answer: PasskeyAnswer) -> str:
    """Whose passkey answered, by its own word; empty when it is nobody's here."""
    db = accounts_db(vault)
    passkey = _find_passkey(db, answer)
    return accounts.get_person(db, passkey.person).username if passkey else ""


def accept_passkey(
    db: sqlite_utils.Database, person_id: str, answer: PasskeyAnswer, now: str
) -> bool:
    """Whether a passkey of this person has signed the challenge; noted in the caller's transaction."""
    passkey = _find_passkey(db, answer)
    if passkey is None or passkey.person != person_id or passkey.host != answer.host:
        return False
    try:
        verified = webauthn.verify_authentication_response(
            credential=_parse_answer(answer),
            expected_challenge=answer.challenge,
            expected_rp_id=answer.host,
            expected_origin=answer.origin,
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        return False
    store.set_passkey_used(db, passkey.id, verified.new_sign_count, now)
    return True


def list_passkeys(vault: Vault, person_id: str) -> list[Passkey]:
    """Those that a person may sign in with."""
    return store.list_live_passkeys(accounts_db(vault), person_id)


def remove_passkey(vault: Vault, person: Person, passkey_id: str, actor: Actor) -> None:
    """Let a passkey of a person open nothing any more; NotFoundError for another's."""
    with vault.change(
        actor, AuditAction.PERSON_REMOVE_PASSKEY, target=person.id, reason="removed by the person"
    ) as db:
        if not store.remove_passkey(db, person.id, passkey_id, vault.now()):
            raise NotFoundError(
                "passkey.unknown", "You have no such passkey.", "See the list of yours."
            )


def _find_passkey(db: sqlite_utils.Database, answer: PasskeyAnswer) -> Passkey | None:
    try:
        return store.find_live_passkey(db, str(_parse_answer(answer)["id"]))
    except (ValueError, KeyError):
        return None


def _parse_answer(answer: PasskeyAnswer) -> dict[str, object]:
    try:
        document = json.loads(answer.credential[:MAX_ANSWER])
    except RecursionError:
        raise ValueError("no credential") from None
    if not isinstance(document, dict):
        raise ValueError("no credential")
    return document
