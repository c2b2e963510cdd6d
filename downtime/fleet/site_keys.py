"""The keys of a site's root: each lies on a stick of its own, under its keeper's passphrase.

A stick holds a root key, a key that signs the list of machines, and the site's recovery key. None of
them is ever written to a machine's disk.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, SSlibKey

from downtime.errors import ConflictError, InputError, LockedError, NotFoundError
from downtime.settings import AccountsSettings
from downtime.vault import slots
from downtime.vault.files import write_atomic
from downtime.vault.slots import Slot

FORMAT = "downtime-site-key/1"
_NAME = "downtime-site-key-{}.json"
_MAX_BYTES = 100_000
_MAX_MEMORY_KIB = 4_194_304


@dataclass(frozen=True, slots=True)
class SiteKey:
    """The opened keys of one stick; `number` is what stands on its label."""

    number: int
    root_key: Ed25519PrivateKey
    list_key: Ed25519PrivateKey
    recovery: pyrage.x25519.Identity

    @property
    def root_signer(self) -> CryptoSigner:
        """What signs a root."""
        return CryptoSigner(self.root_key)

    @property
    def list_signer(self) -> CryptoSigner:
        """What signs the list of machines."""
        return CryptoSigner(self.list_key)

    @property
    def root_public(self) -> SSlibKey:
        """The public half of its root key, as TUF names it."""
        return SSlibKey.from_crypto(self.root_key.public_key())

    @property
    def list_public(self) -> SSlibKey:
        """The public half of its list key, as TUF names it."""
        return SSlibKey.from_crypto(self.list_key.public_key())


def generate_site_key(number: int, recovery: pyrage.x25519.Identity) -> SiteKey:
    """New keys for one stick; all sticks of a site share the recovery key."""
    return SiteKey(number, Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), recovery)


def check_passphrase(passphrase: str, settings: AccountsSettings) -> str:
    """The passphrase; InputError when it is shorter than any password here may be."""
    if len(passphrase) < settings.password_min_length:
        raise InputError(
            "root.passphrase",
            f"A passphrase has {settings.password_min_length} characters or more.",
            "Take several words, and keep them apart from the stick.",
        )
    return passphrase


def write_site_key(folder: Path, key: SiteKey, passphrase: str, settings: AccountsSettings) -> Path:
    """Put a key on its stick; ConflictError when one of that number lies there."""
    path = folder / _NAME.format(key.number)
    if path.exists():
        raise ConflictError(
            "root.key-exists",
            f"{path.name} lies there already.",
            "Name an empty stick: a key that is overwritten is lost.",
        )
    check_passphrase(passphrase, settings)
    slot = slots.new_slot("", str(key.number), "site-key", passphrase, settings)
    private = {
        "root": b64encode(key.root_key.private_bytes_raw()).decode(),
        "list": b64encode(key.list_key.private_bytes_raw()).decode(),
        "recovery": str(key.recovery),
    }
    recipient = pyrage.x25519.Recipient.from_str(slot.recipient)
    sealed = pyrage.encrypt(json.dumps(private).encode(), [recipient])
    document = {
        "format": FORMAT,
        "slot": asdict(slot),
        "sealed": b64encode(sealed).decode(),
    }
    write_atomic(path, json.dumps(document, indent=1).encode())
    return path


def find_key_files(sticks: Iterable[Path]) -> list[Path]:
    """The key files on sticks (folders, or the files themselves); NotFoundError for one without."""
    paths: list[Path] = []
    for stick in sticks:
        on_stick = [stick] if stick.is_file() else sorted(stick.glob(_NAME.format("*")))
        if not on_stick:
            raise NotFoundError(
                "root.no-key",
                f"There is no key of a site's root on {stick.name or stick}.",
                "Put in the stick that 'downtime root create' wrote, and name its folder.",
            )
        paths += on_stick
    return paths


def open_site_key(path: Path, passphrase: str) -> SiteKey:
    """The keys on a stick; LockedError when the passphrase does not open them."""
    try:
        content = path.read_bytes()
    except OSError:
        raise _damaged_error(path.name) from None
    return unlock_site_key(content, path.name, passphrase)


def unlock_site_key(content: bytes, name: str, passphrase: str) -> SiteKey:
    """The keys in a stick's file; LockedError when the passphrase does not open them."""
    document = _parse_document(content, name)
    try:
        slot = Slot(**document["slot"])
        if slot.memory_kib > _MAX_MEMORY_KIB:
            raise ValueError(slot.memory_kib)
        opener = slots.open_identity(slot, passphrase)
        if opener is None:
            raise LockedError(
                "root.passphrase-refused",
                f"The passphrase does not open {name}.",
                "Type the passphrase of that stick again.",
            )
        private = json.loads(pyrage.decrypt(b64decode(document["sealed"]), [opener]))
        root_key, list_key = (
            Ed25519PrivateKey.from_private_bytes(b64decode(private[name]))
            for name in ("root", "list")
        )
        recovery = pyrage.x25519.Identity.from_str(private["recovery"])
        return SiteKey(int(slot.name), root_key, list_key, recovery)
    except (ValueError, KeyError, TypeError, pyrage.DecryptError, pyrage.IdentityError):
        raise _damaged_error(name) from None


def _parse_document(content: bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(content[:_MAX_BYTES])
        known = document["format"] == FORMAT
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise _damaged_error(name)
    return dict(document)


def _damaged_error(name: str) -> InputError:
    return InputError(
        "root.key-damaged",
        f"{name} is no key of a site's root, or is damaged.",
        "Take another of the sticks; 'downtime root rotate' replaces the damaged one.",
    )
