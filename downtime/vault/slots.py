"""Key slots: how each person, unlock file and recovery code opens the same data key, and no other.

A slot holds an age identity (X25519) under AES-256-GCM and argon2id(secret, salt), its header as
associated data. The data key lies in the file once, sealed by age to the public halves of all
slots. So it can be renewed for everybody at once although nobody else's password is known, and
whoever once held the old data key cannot open the new one. The file is signed; the key that
verifies it is part of every header, so a file made up by somebody without the signing key is
refused. The signing key lies in the file under the data key.

While `next` is there the data key is being renewed: databases may be under either (rotation.py).
"""

import json
import os
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyrage
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from downtime.errors import LockedError, UntrustedError
from downtime.settings import AccountsSettings

FORMAT = "downtime-slots/1"
_NONCE = 12
_NICENESS = 7  # on a busy laptop a sign-in still has a third of a core
_one_derivation = threading.Lock()  # 64 MiB each: many sign-ins at once must not fill the memory


@dataclass(frozen=True, slots=True)
class Slot:
    """One way in. `kind` is `person`, `file` or `recovery`; bytes are base64 text."""

    name: str
    kind: str
    memory_kib: int
    time_cost: int
    parallelism: int
    salt: str
    recipient: str
    signer: str
    identity: str

    def header(self) -> bytes:
        """Everything but the wrapped identity, as its associated data."""
        return to_canonical_json({k: v for k, v in asdict(self).items() if k != "identity"})


@dataclass(frozen=True, slots=True)
class Sealed:
    """One data key sealed to all slots, and the signing key under that data key."""

    data_key: str
    signing_key: str


@dataclass(frozen=True, slots=True)
class SlotFile:
    """What `keys/slots.json` holds."""

    signer: str
    slots: tuple[Slot, ...]
    current: Sealed
    next: Sealed | None = None


def derive_key(data_key: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose, by HKDF-SHA256."""
    return HKDF(SHA256(), 32, salt=None, info=b"downtime:" + purpose.encode()).derive(data_key)


def wrap_secret(key: bytes, secret: bytes, header: bytes) -> str:
    """AES-256-GCM with a random nonce in front, as base64 text."""
    nonce = os.urandom(_NONCE)
    return b64encode(nonce + AESGCM(key).encrypt(nonce, secret, header)).decode()


def unwrap_secret(key: bytes, wrapped: str, header: bytes) -> bytes | None:
    """The secret, or None when the key or the header is another."""
    content = b64decode(wrapped)
    try:
        return AESGCM(key).decrypt(content[:_NONCE], content[_NONCE:], header)
    except InvalidTag:
        return None


def new_slot(signer: str, name: str, kind: str, secret: str, cost: AccountsSettings) -> Slot:
    """A slot that `secret` opens; slow on purpose."""
    identity = pyrage.x25519.Identity.generate()
    slot = Slot(
        name=name,
        kind=kind,
        memory_kib=cost.argon2_memory_kib,
        time_cost=cost.argon2_time_cost,
        parallelism=cost.argon2_parallelism,
        salt=b64encode(os.urandom(16)).decode(),
        recipient=str(identity.to_public()),
        signer=signer,
        identity="",
    )
    wrapped = wrap_secret(slot_key(slot, secret), str(identity).encode(), slot.header())
    return replace(slot, identity=wrapped)


def slot_key(slot: Slot, secret: str) -> bytes:
    """argon2id of the secret with this slot's salt and cost."""
    return derive_slowly(
        secret, b64decode(slot.salt), slot.time_cost, slot.memory_kib, slot.parallelism
    )


def derive_slowly(
    secret: str, salt: bytes, time_cost: int, memory_kib: int, parallelism: int
) -> bytes:
    """32 bytes by argon2id, slow on purpose; one at a time, behind everything else."""
    with _one_derivation:
        return _run_behind(
            lambda: hash_secret_raw(
                secret.encode(), salt, time_cost, memory_kib, parallelism, 32, Type.ID
            )
        )


def _run_behind(work: Callable[[], bytes]) -> bytes:
    """Do it in a thread of lower priority, which the threads of argon2 take over: pages come first."""
    future: Future[bytes] = Future()

    def run() -> None:
        try:
            _lower_priority()
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future.result()


def _lower_priority() -> None:
    """Of this thread alone, on Linux; elsewhere it would be the whole program's."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            present = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, min(19, present + _NICENESS))


def open_identity(slot: Slot, secret: str) -> pyrage.x25519.Identity | None:
    """The age identity in a slot; None when the secret does not open it."""
    plain = unwrap_secret(slot_key(slot, secret), slot.identity, slot.header())
    return pyrage.x25519.Identity.from_str(plain.decode()) if plain else None


def seal_to_slot(slot: Slot, secret: str) -> str:
    """As base64 text that only who opens this slot can read, not everybody who has the data key."""
    recipient = pyrage.x25519.Recipient.from_str(slot.recipient)
    return b64encode(pyrage.encrypt(secret.encode(), [recipient])).decode()


def open_sealed(sealed: str, opener: pyrage.x25519.Identity) -> str | None:
    """What was sealed to a slot, by the identity in it; None when it was another slot."""
    try:
        secret: bytes = pyrage.decrypt(b64decode(sealed), [opener])
    except pyrage.DecryptError:
        return None
    return secret.decode()


def seal_data_key(slots: Iterable[Slot], data_key: bytes, signing_key: Ed25519PrivateKey) -> Sealed:
    """The data key for every slot, and the signing key under it."""
    recipients = [pyrage.x25519.Recipient.from_str(slot.recipient) for slot in slots]
    seed = signing_key.private_bytes_raw()
    return Sealed(
        b64encode(pyrage.encrypt(data_key, recipients)).decode(),
        wrap_secret(derive_key(data_key, "slots"), seed, FORMAT.encode()),
    )


def unseal(sealed: Sealed, opener: pyrage.x25519.Identity) -> bytes:
    """The data key; UntrustedError when it was not sealed to this slot."""
    try:
        data_key: bytes = pyrage.decrypt(b64decode(sealed.data_key), [opener])
    except pyrage.DecryptError:
        raise damaged_error() from None
    return data_key


def open_signing_key(sealed: Sealed, data_key: bytes) -> Ed25519PrivateKey:
    """The key that signs the file; LockedError when the data key is an older one."""
    seed = unwrap_secret(derive_key(data_key, "slots"), sealed.signing_key, FORMAT.encode())
    if seed is None:
        raise LockedError(
            "keys.renewed",
            "The keys of this home were renewed since it was opened.",
            "Sign out and in again.",
        )
    return Ed25519PrivateKey.from_private_bytes(seed)


def encode_slot_file(file: SlotFile, signer: Ed25519PrivateKey) -> bytes:
    """The signed file."""
    body = asdict(file)
    signature = b64encode(signer.sign(to_canonical_json(body))).decode()
    document = {"format": FORMAT, "body": body, "signature": signature}
    return json.dumps(document, indent=1).encode()


def decode_slot_file(content: bytes) -> SlotFile:
    """Read and check a file against its own signer; `identity` binds that signer to a password."""
    try:
        document = json.loads(content)
        file = _parse(document["body"])
        verifier = Ed25519PublicKey.from_public_bytes(b64decode(file.signer))
        verifier.verify(b64decode(document["signature"]), to_canonical_json(document["body"]))
        known = document["format"] == FORMAT
    except (ValueError, KeyError, TypeError, InvalidSignature):
        raise damaged_error() from None
    if not known or any(slot.signer != file.signer for slot in file.slots):
        raise damaged_error()
    return file


def _parse(body: dict[str, Any]) -> SlotFile:
    return SlotFile(
        body["signer"],
        tuple(Slot(**slot) for slot in body["slots"]),
        Sealed(**body["current"]),
        Sealed(**body["next"]) if body["next"] else None,
    )


def to_canonical_json(value: object) -> bytes:
    """One way to write a JSON value: sorted, without spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def damaged_error() -> UntrustedError:
    """The error of a slot file that cannot be believed."""
    return UntrustedError(
        "keys.damaged",
        "The key file of this home is damaged or was changed by something else.",
        "Put keys/slots.json back from the last backup.",
    )
