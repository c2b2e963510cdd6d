"""This machine's identity.

`keys/device.json` holds the public half in clear, so that a locked machine can say who it is, and
the private half under the vault's `identity` key.
"""

import hashlib
import json
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from downtime.config import Home
from downtime.errors import (
    ConflictError,
    InputError,
    LockedError,
    NotFoundError,
    UserError,
)
from downtime.vault import slots
from downtime.vault.files import write_atomic

if TYPE_CHECKING:
    from downtime.vault.vault import Vault

FORMAT = "device-card/1"
# Without letters and digits that are mistaken for each other on paper.
CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_RESTORE = "Put keys/device.json back from the last backup."
_CODE = re.compile(f"[{CODE_ALPHABET}]{{2}}")


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """The public half of a machine: `recipient` (age) and `verify_key` (Ed25519, base64)."""

    code: str
    name: str
    recipient: str
    verify_key: str

    @property
    def public_key(self) -> Ed25519PublicKey:
        """The key that checks this machine's signatures; NotFoundError where the card is lost."""
        if not self.verify_key:
            raise NotFoundError("device.missing", "This machine has lost its identity.", _RESTORE)
        return Ed25519PublicKey.from_public_bytes(b64decode(self.verify_key))

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of that key in groups of eight, to compare by eye."""
        digest = hashlib.sha256(b64decode(self.verify_key)).hexdigest()
        return " ".join(digest[place : place + 8] for place in range(0, 64, 8))

    def as_json(self) -> dict[str, str]:
        """The card as it is exchanged between machines."""
        return {"downtime": FORMAT, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Device:
    """A machine with its private half."""

    card: DeviceCard
    age_identity: pyrage.x25519.Identity
    signing_key: Ed25519PrivateKey

    @property
    def code(self) -> str:
        """Two characters, unique in the fleet: serials and downtime numbers begin with it."""
        return self.card.code

    @property
    def name(self) -> str:
        """What people call this machine."""
        return self.card.name

    def sign(self, content: bytes) -> str:
        """The Ed25519 signature as base64."""
        return b64encode(self.signing_key.sign(content)).decode()


def choose_code() -> str:
    """Two random characters of the alphabet without I, O, 0 and 1."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(2))


def create_device(home: Home, data_key: bytes, code: str, name: str) -> DeviceCard:
    """Give this machine an identity; `code` must be unique in the fleet."""
    if not _CODE.fullmatch(code):
        raise InputError(
            "device.code",
            "A device code is two capital letters or digits, without I, O, 0 and 1.",
            "Choose one that no other machine has, for example K7.",
        )
    if _path(home).exists():
        raise ConflictError("device.exists", "This machine has an identity.", "Keep it.")
    identity, signing = pyrage.x25519.Identity.generate(), Ed25519PrivateKey.generate()
    verify_key = b64encode(signing.public_key().public_bytes_raw()).decode()
    card = DeviceCard(code, name, str(identity.to_public()), verify_key)
    private = {"age": str(identity), "signing": b64encode(signing.private_bytes_raw()).decode()}
    _write_device(home, card, data_key, json.dumps(private).encode())
    return card


_last_cards: dict[Path, DeviceCard] = {}
"""Of each home, for a file that is lost while this program runs."""


def read_own_card(home: Home) -> DeviceCard:
    """This machine's card, also while the vault is locked; the last one known of a file that is lost."""
    try:
        card = _parse_own_card(_read_content(home))
    except (UserError, OSError):
        if home.path in _last_cards:
            return _last_cards[home.path]
        raise
    _last_cards[home.path] = card
    return card


def check_own_card(home: Home) -> None:
    """UserError or OSError when this machine's card cannot be read now, whatever is known of it."""
    _parse_own_card(_read_content(home))


def remember_code(home: Home, code: str) -> None:
    """Which machine this was, where its card is lost: its pages and audit entries say so still."""
    if home.path not in _last_cards and _CODE.fullmatch(code):
        _last_cards[home.path] = DeviceCard(code, "", "", "")


@lru_cache(maxsize=64)
def _parse_own_card(content: bytes) -> DeviceCard:
    """Remembered: every page asks for it, and it takes longer to check than to read."""
    return parse_card(_parse_document(content)["card"])


def read_own_code(home: Home) -> str:
    """This machine's code: serials, downtime numbers and audit entries carry it."""
    return read_own_card(home).code


def find_own_fingerprint(home: Home) -> str:
    """The fingerprint of this machine's key; empty where it has none."""
    try:
        return read_own_card(home).fingerprint
    except UserError:
        return ""


def load_device(vault: "Vault") -> Device:
    """This machine with its private half."""
    document = _read_document(vault.home)
    card = parse_card(document["card"])
    plain = slots.unwrap_secret(
        vault.derive_key("identity"), document["private"], _encode_header(card)
    )
    if plain is None:
        raise LockedError(
            "device.key",
            "The identity of this machine does not open with this vault's key.",
            _RESTORE,
        )
    private = json.loads(plain)
    return Device(
        card,
        pyrage.x25519.Identity.from_str(private["age"]),
        Ed25519PrivateKey.from_private_bytes(b64decode(private["signing"])),
    )


def parse_card(document: Mapping[str, Any]) -> DeviceCard:
    """Check a card's form and keys; InputError when it is none."""
    try:
        parsed_card = DeviceCard(
            *(str(document[k]) for k in ("code", "name", "recipient", "verify_key"))
        )
        pyrage.x25519.Recipient.from_str(parsed_card.recipient)
        well_made = document["downtime"] == FORMAT and bool(_CODE.fullmatch(parsed_card.code))
        well_made = well_made and bool(parsed_card.public_key) and parsed_card.name.isprintable()
    except (KeyError, TypeError, ValueError, pyrage.RecipientError):
        well_made = False
    if not well_made:
        raise InputError(
            "device.card", "That is not a device card.", "Make the file anew on that machine."
        )
    return parsed_card


def rewrap_private_keys(home: Home, current: bytes, following: bytes) -> None:
    """Put the private half under another data key; nothing to do when it is there already."""
    document = _read_document(home)
    card = parse_card(document["card"])
    private = slots.unwrap_secret(
        slots.derive_key(current, "identity"), document["private"], _encode_header(card)
    )
    if private is not None:
        _write_device(home, card, following, private)


def _write_device(home: Home, card: DeviceCard, data_key: bytes, private: bytes) -> None:
    wrapped = slots.wrap_secret(
        slots.derive_key(data_key, "identity"), private, _encode_header(card)
    )
    document = {"card": card.as_json(), "private": wrapped}
    write_atomic(_path(home), json.dumps(document, indent=1).encode())


def _encode_header(card: DeviceCard) -> bytes:
    return slots.to_canonical_json(card.as_json())


def _read_document(home: Home) -> dict[str, Any]:
    return _parse_document(_read_content(home))


def _read_content(home: Home) -> bytes:
    try:
        return _path(home).read_bytes()
    except FileNotFoundError:
        raise NotFoundError(
            "device.missing", "This machine has lost its identity.", _RESTORE
        ) from None


def _parse_document(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not {"card", "private"} <= document.keys():
        raise InputError("device.damaged", "The identity of this machine is damaged.", _RESTORE)
    return document


def _path(home: Home) -> Path:
    return home.keys_folder / "device.json"
