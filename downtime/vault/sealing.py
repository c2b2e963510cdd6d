"""A sealed file that machines exchange: how it is encrypted, signed and written, why it is refused.

First comes the age ciphertext, then the manifest (JSON), its Ed25519 signature (base64), and a last
line that says how long the manifest is. age does not say who sent a file: the signed manifest does,
with the size and SHA-256 of the ciphertext. There is one way only to write the same three parts, so
that no byte can be altered unseen.

A file of any size is sealed and opened in pieces, without any of it in clear on a disk. It is read
twice: once to judge it, and once to decrypt it. What is decrypted is hashed again, so that a file
that was exchanged in between (a stick is everybody's) is not believed.
"""

import hashlib
import io
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import orjson
import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.errors import UntrustedError, UserError
from downtime.vault.age_stream import decrypt_from, encrypt_into

_VERSION = b"2"
_LAST_LINE = re.compile(rb"\ndowntime-sealed/(\d) (\d{8})\n")
_LAST_LINE_BYTES = 28
_SIGNATURE_BYTES = 88
_MAX_MANIFEST_BYTES = 1 << 20
_PART = 1 << 18
Source = Path | bytes | IO[bytes]
"""Where the bytes of a sealed file are; an open file is one that can be read anywhere."""


@dataclass(frozen=True, slots=True)
class SealedFileKind:
    """What one kind of file calls itself, and which fields its manifest must have, of which type."""

    format: str
    schema: int
    """The version of what is inside; a file of a later one is not opened."""
    fields: Mapping[str, type | tuple[type, ...]]


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file whose signature holds. It can be judged and kept, but not read, while locked."""

    manifest: Mapping[str, Any]
    source: Source = field(repr=False)
    size: int
    """Bytes of the whole file."""

    @property
    def sha256(self) -> str:
        """Of the ciphertext."""
        return str(self.manifest["ciphertext"]["sha256"])

    @property
    def data(self) -> bytes:
        """The whole file in memory."""
        return b"".join(self.iterate_parts())

    def iterate_parts(self) -> Iterator[bytes]:
        """The whole file in pieces; UntrustedError at their end when it was exchanged meanwhile."""
        with _open_source(self.source) as file:
            ciphertext = _HashedReader(file, self.manifest["ciphertext"]["size"])
            while part := ciphertext.read(_PART):
                yield part
            self._check_hash(ciphertext)
            yield file.read(self.size - file.tell())

    @contextmanager
    def decrypt(self, identity: pyrage.x25519.Identity) -> Iterator[BinaryIO]:
        """The content in clear, as it is read; nothing of it is to be believed before the end.

        UntrustedError when it is not for this key, or was exchanged since it was verified.
        """
        with _open_source(self.source) as file:
            ciphertext = _HashedReader(file, self.manifest["ciphertext"]["size"])
            try:
                with decrypt_from(cast(BinaryIO, ciphertext), identity) as clear:
                    yield clear
            except (pyrage.DecryptError, UserError) as error:
                self._check_hash(ciphertext)
                raise error if isinstance(error, UserError) else _not_for_us_error() from None
            self._check_hash(ciphertext)

    def _check_hash(self, ciphertext: "_HashedReader") -> None:
        if ciphertext.finish() != self.sha256:
            raise tampered_error()


class _HashedReader(io.RawIOBase):
    """The beginning of a file, hashed as it is read."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        file.seek(0)
        self._file, self._left, self._digest = file, size, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        part = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(part)
        self._digest.update(part)
        return part

    def finish(self) -> str:
        """The SHA-256 of all of it, in hex."""
        while self.read(_PART):
            pass
        return self._digest.hexdigest()


class _HashedWriter(io.RawIOBase):
    """Hashes what passes on its way into a file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.size, self.digest = file, 0, hashlib.sha256()

    def write(self, part: Any) -> int:
        """Pass the next bytes on."""
        self.digest.update(part)
        self.size += len(part)
        return self._file.write(part)


def _open_source(source: Source) -> AbstractContextManager[IO[bytes]]:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if isinstance(source, Path):
        return source.open("rb")
    return nullcontext(source)


def key_id(key: Ed25519PublicKey) -> str:
    """The short name of a machine's signing key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def seal(
    kind: SealedFileKind,
    public: Mapping[str, Any],
    parts: Iterable[bytes],
    recipients: Iterable[str],
    sign: Callable[[bytes], str],
    out: IO[bytes],
) -> SealedFile:
    """Encrypt what comes in pieces to age recipients and sign it, into an empty file.

    `public` is what the manifest shows to anybody; it has the kind's fields. `sign` gives the
    Ed25519 signature as base64.
    """
    ciphertext = _HashedWriter(out)
    with encrypt_into(cast(BinaryIO, ciphertext), recipients) as clear:
        for part in parts:
            clear.write(part)
    manifest = {
        "format": kind.format,
        **public,
        "ciphertext": {"sha256": ciphertext.digest.hexdigest(), "size": ciphertext.size},
    }
    text = orjson.dumps(manifest, option=orjson.OPT_INDENT_2)
    end = write_end(text, sign(text).encode())
    out.write(end)
    out.flush()
    return SealedFile(manifest, out, ciphertext.size + len(end))


def write_end(text: bytes, signature: bytes) -> bytes:
    """What stands behind the ciphertext: the manifest, its signature, the last line."""
    return b"%b%b\ndowntime-sealed/%b %08d\n" % (text, signature, _VERSION, len(text))


def verify_seal(
    kind: SealedFileKind, source: Source, keys: Mapping[str, Ed25519PublicKey]
) -> SealedFile:
    """A file whose every byte is as one of the keys signed it; UntrustedError otherwise.

    Works while the vault is locked: it needs public keys only. The signature and the size are
    judged before the ciphertext is read.
    """
    with _open_source(source) as file:
        start, text, signature = _read_end(file)
        manifest = _parse_manifest(kind, text)
        key = keys.get(manifest["key"])
        if key is None:
            raise UntrustedError(
                "bundle.foreign",
                "This bundle was made by a machine that is not believed here.",
                "Fetch the newest list of machines; an administrator adds the machine if it is"
                " yours.",
            )
        try:
            key.verify(_decode_signature(signature), text)
        except (InvalidSignature, ValueError):
            raise tampered_error() from None
        stated = manifest["ciphertext"]
        if start < stated["size"]:
            raise truncated_error()
        if start > stated["size"] or _HashedReader(file, start).finish() != stated["sha256"]:
            raise tampered_error()
    return SealedFile(manifest, source, start + len(write_end(text, signature)))


def read_key_id(kind: SealedFileKind, source: Source) -> str:
    """The key that a file says it was signed with: whoever asks still has to verify it."""
    with _open_source(source) as file:
        return str(_parse_manifest(kind, _read_end(file)[1])["key"])


def _decode_signature(text: bytes) -> bytes:
    """The bytes of a base64 text; ValueError when it is not written in the one right way."""
    plain = b64decode(text, validate=True)
    if b64encode(plain) != text:
        raise ValueError("not the canonical base64")
    return plain


def _read_end(file: IO[bytes]) -> tuple[int, bytes, bytes]:
    """The size of the ciphertext, the manifest and its signature."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LAST_LINE_BYTES))
    last = _LAST_LINE.fullmatch(file.read(_LAST_LINE_BYTES))
    if last is None:
        raise truncated_error()
    if last[1] != _VERSION:
        raise _newer_error()
    length = int(last[2])
    start = size - _LAST_LINE_BYTES - _SIGNATURE_BYTES - length
    if start < 0 or length > _MAX_MANIFEST_BYTES:
        raise tampered_error()
    file.seek(start)
    return start, file.read(length), file.read(_SIGNATURE_BYTES)


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
        raise _newer_error()
    return manifest


def _not_for_us_error() -> UntrustedError:
    return UntrustedError(
        "bundle.not-for-us",
        "This bundle was not sealed for this machine.",
        "Let an administrator add this machine to the site's list, and take the next bundle.",
    )


def _newer_error() -> UntrustedError:
    return UntrustedError(
        "bundle.newer-format",
        "This bundle was made by a later version of Downtime.",
        "Upgrade this machine, or take the last bundle made before.",
    )


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
