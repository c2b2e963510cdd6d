"""A sealed file that machines exchange: how it is encrypted, signed and written, why it is refused.

It is a ZIP archive, stored, of `manifest.json`, `manifest.sig` (Ed25519 over the exact bytes of the
manifest, base64) and `payload.age`. age does not say who sent a file: the signed manifest does, with
the size and SHA-256 of the ciphertext. The archive is written in one way only, and any other writing
of the same three parts is refused, so that no byte of it can be altered unseen.
"""

import hashlib
import io
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.errors import UntrustedError

MEMBERS = ("manifest.json", "manifest.sig", "payload.age")


@dataclass(frozen=True, slots=True)
class SealedFileKind:
    """What one kind of file calls itself, and which fields its manifest must have, of which type."""

    format: str
    schema: int
    """The version of what is inside; a file of a later one is not opened."""
    fields: Mapping[str, type]


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file whose signature holds. It can be judged and kept, but not read, while locked."""

    manifest: Mapping[str, Any]
    data: bytes = field(repr=False)
    payload: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Of the ciphertext."""
        return str(self.manifest["ciphertext"]["sha256"])


def key_id(key: Ed25519PublicKey) -> str:
    """The short name of a machine's signing key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def seal(
    kind: SealedFileKind,
    public: Mapping[str, Any],
    content: bytes,
    recipients: Iterable[str],
    sign: Callable[[bytes], str],
) -> SealedFile:
    """Encrypt to age recipients and sign; `sign` gives the Ed25519 signature as base64.

    `public` is what the manifest shows to anybody; it has the kind's fields.
    """
    keys = [pyrage.x25519.Recipient.from_str(text) for text in recipients]
    payload = pyrage.encrypt(content, keys)
    digest = hashlib.sha256(payload).hexdigest()
    manifest = {
        "format": kind.format,
        **public,
        "ciphertext": {"sha256": digest, "size": len(payload)},
    }
    text = orjson.dumps(manifest, option=orjson.OPT_INDENT_2)
    return SealedFile(manifest, write_archive((text, sign(text).encode(), payload)), payload)


def write_archive(parts: Iterable[bytes]) -> bytes:
    """The one way in which the three parts are written."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as written:
        for name, content in zip(MEMBERS, parts, strict=True):
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            written.writestr(info, content)
    return file.getvalue()


def verify_seal(
    kind: SealedFileKind, data: bytes, keys: Mapping[str, Ed25519PublicKey]
) -> SealedFile:
    """A file whose every byte is as one of the keys signed it; UntrustedError otherwise.

    Works while the vault is locked: it needs public keys only.
    """
    text, signature, payload = _read_members(data)
    manifest = _parse_manifest(kind, text)
    key = keys.get(manifest["key"])
    if key is None:
        raise UntrustedError(
            "bundle.foreign",
            "This bundle was made by a machine that is not believed here.",
            "Fetch the newest list of machines; an administrator adds the machine if it is yours.",
        )
    try:
        key.verify(_decode_signature(signature), text)
    except (InvalidSignature, ValueError):
        raise tampered_error() from None
    stated = manifest["ciphertext"]
    if len(payload) < stated["size"]:
        raise truncated_error()
    if hashlib.sha256(payload).hexdigest() != stated["sha256"] or len(payload) != stated["size"]:
        raise tampered_error()
    if write_archive((text, signature, payload)) != data:
        raise tampered_error()
    return SealedFile(manifest, data, payload)


def read_key_id(kind: SealedFileKind, data: bytes) -> str:
    """The key that a file says it was signed with: whoever asks still has to verify it."""
    return str(_parse_manifest(kind, _read_members(data)[0])["key"])


def decrypt(sealed: SealedFile, identity: pyrage.x25519.Identity) -> bytes:
    """The payload in clear, in memory; UntrustedError when it is not for this key."""
    try:
        content: bytes = pyrage.decrypt(sealed.payload, [identity])
    except pyrage.DecryptError:
        raise UntrustedError(
            "bundle.not-for-us",
            "This bundle was not sealed for this machine.",
            "Let an administrator add this machine to the site's list, and take the next bundle.",
        ) from None
    return content


def _decode_signature(text: bytes) -> bytes:
    """The bytes of a base64 text; ValueError when it is not written in the one right way."""
    plain = b64decode(text, validate=True)
    if b64encode(plain) != text:
        raise ValueError("not the canonical base64")
    return plain


def _read_members(data: bytes) -> tuple[bytes, bytes, bytes]:
    try:
        written = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise truncated_error() from None
    try:
        text, signature, payload = (written.read(name) for name in MEMBERS)
    except (KeyError, ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error):
        raise tampered_error() from None
    return text, signature, payload


def _parse_manifest(kind: SealedFileKind, text: bytes) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = orjson.loads(text)
        file_format, newest = manifest["format"], int(manifest["schema"])
        field_types = {**kind.fields, "key": str}
        if file_format.partition("/")[0] != kind.format.partition("/")[0]:
            raise _other_kind_error()
        well_made = all(isinstance(manifest[name], of) for name, of in field_types.items())
        well_made &= isinstance(manifest["ciphertext"]["size"], int)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise tampered_error() from None
    if not well_made:
        raise tampered_error()
    if file_format != kind.format or newest > kind.schema:
        raise UntrustedError(
            "bundle.newer-format",
            "This bundle was made by a later version of Downtime.",
            "Upgrade this machine, or take the last bundle made before.",
        )
    return manifest


def _other_kind_error() -> UntrustedError:
    return UntrustedError(
        "bundle.kind",
        "This bundle is of another kind: a snapshot, or what a laptop hands over.",
        "Take it on the page for its kind.",
    )


def tampered_error() -> UntrustedError:
    """It is not what was signed."""
    return UntrustedError(
        "bundle.tampered",
        "This bundle was altered after it was signed.",
        "Copy it again from where it was written; tell security if that fails too.",
    )


def truncated_error() -> UntrustedError:
    """It ends too early, or was never one."""
    return UntrustedError(
        "bundle.truncated",
        "This file is not a whole bundle: it was cut short, or is something else.",
        "Copy it again from where it was written.",
    )


def incomplete_error() -> UntrustedError:
    """What is inside is not what its manifest says."""
    return UntrustedError(
        "bundle.incomplete",
        "What is inside this bundle is not what its header says.",
        "Take the bundle before it, and tell whoever made it.",
    )
