"""The key with which a machine signs what it says of itself, also while it is locked.

The signing key of its card lies in the vault. This one lies beside it in clear, and the card's key
certifies, once, that it may sign heartbeats of this machine and nothing else: whoever steals the disk
can say that the laptop is well, until it is revoked.
"""

import json
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from downtime.config import Home
from downtime.vault import device
from downtime.vault.files import write_atomic
from downtime.vault.slots import to_canonical_json
from downtime.vault.vault import Vault

FORMAT = "downtime-heartbeat-key/1"
FILE_NAME = "heartbeat.json"


@dataclass(frozen=True, slots=True)
class HeartbeatKey:
    """The key, and the card's signature that it is this machine's; both as base64."""

    public: str
    certificate: str
    private: str = field(repr=False, default="")

    def sign(self, content: bytes) -> str:
        """An Ed25519 signature as base64."""
        key = Ed25519PrivateKey.from_private_bytes(b64decode(self.private))
        return b64encode(key.sign(content)).decode()


def certified_bytes(code: str, public: str) -> bytes:
    """What the card's key signs."""
    return to_canonical_json({"downtime": FORMAT, "code": code, "public": public})


def is_signed(key: Ed25519PublicKey, signature: str, content: bytes) -> bool:
    """Whether a key signed it."""
    try:
        key.verify(b64decode(signature, validate=True), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_heartbeat_key(home: Home) -> HeartbeatKey | None:
    """This machine's key; None before its vault was first open, or when the card is another one."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        document = json.loads((home.keys_folder / FILE_NAME).read_bytes())
        key = HeartbeatKey(document["public"], document["certificate"], document["private"])
        card = device.read_own_card(home)
        if is_signed(card.public_key, key.certificate, certified_bytes(card.code, key.public)):
            return key
    return None


def ensure_heartbeat_key(vault: Vault) -> None:
    """Make and certify it, once."""
    if read_heartbeat_key(vault.home):
        return
    private = Ed25519PrivateKey.generate()
    public = b64encode(private.public_key().public_bytes_raw()).decode()
    signer = device.load_device(vault)
    document = {
        "public": public,
        "private": b64encode(private.private_bytes_raw()).decode(),
        "certificate": signer.sign(certified_bytes(signer.code, public)),
    }
    write_atomic(vault.home.keys_folder / FILE_NAME, json.dumps(document).encode())
