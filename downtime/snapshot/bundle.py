"""The sealed file that carries a snapshot: what is inside, how it is signed, why it is refused.

A `.downtime` file is a ZIP archive, stored, of `manifest.json`, `manifest.sig` (Ed25519 over the
exact bytes of the manifest, base64) and `payload.age` (age over gzip over one JSON text a line:
the header, then the records). age does not say who sent a file: the signed manifest does, with the
size and SHA-256 of the ciphertext. The archive is written in one way only, and any other writing of
the same three parts is refused, so that no byte of it can be altered unseen.
"""

import gzip
import hashlib
import io
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.clinical.records import TYPES, Patient, Record
from downtime.errors import UntrustedError
from downtime.snapshot.header import SCHEMA, Header

FORMAT = "downtime-bundle/1"
SUFFIX = ".downtime"
MEMBERS = ("manifest.json", "manifest.sig", "payload.age")
_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Sealed:
    """A bundle whose signature holds. It can be judged and kept, but not read, while locked."""

    hospital: str
    epoch: int
    sequence: int
    created: str
    expires: str
    schema: int
    key: str
    """Id of the publisher's key that signed it."""
    sha256: str
    manifest: Mapping[str, Any]
    data: bytes = field(repr=False)
    payload: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """Its file name: the number, and the beginning of the hash of its content."""
        header = Header(
            hospital=self.hospital,
            epoch=self.epoch,
            sequence=self.sequence,
            created=self.created,
            expires=self.expires,
            key=self.key,
        )
        return f"{header.id}-{self.sha256[:12]}{SUFFIX}"


def key_id(key: Ed25519PublicKey) -> str:
    """The short name of a publisher's key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


class Packer:
    """Records as compressed lines, counted on the way: nothing but the result is held."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(TYPES, 0)
        self._zip = zlib.compressobj(_LEVEL, wbits=_GZIP)
        self._parts: list[bytes] = []

    def add(self, record: Record) -> None:
        """Take one record in."""
        name = type(record).__name__
        self.counts[name] += 1
        self._parts.append(self._zip.compress(orjson.dumps([name, record]) + b"\n"))

    def finish(self, header: Header) -> bytes:
        """The whole payload in clear: a gzip member with the header, then one with the records."""
        first = gzip.compress(orjson.dumps(header.as_json()) + b"\n", mtime=0)
        return first + b"".join(self._parts) + self._zip.flush()


def seal(
    header: Header, content: bytes, recipients: Iterable[str], sign: Callable[[bytes], str]
) -> Sealed:
    """Encrypt to age recipients and sign; `sign` gives the Ed25519 signature as base64."""
    keys = [pyrage.x25519.Recipient.from_str(text) for text in recipients]
    payload = pyrage.encrypt(content, keys)
    digest = hashlib.sha256(payload).hexdigest()
    manifest = {
        "format": FORMAT,
        **header.public(),
        "ciphertext": {"sha256": digest, "size": len(payload)},
    }
    text = orjson.dumps(manifest, option=orjson.OPT_INDENT_2)
    data = _archive((text, sign(text).encode(), payload))
    return _sealed(manifest, data, payload)


def _archive(parts: Iterable[bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in zip(MEMBERS, parts, strict=True):
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            archive.writestr(info, content)
    return file.getvalue()


def _sealed(manifest: Mapping[str, Any], data: bytes, payload: bytes) -> Sealed:
    plain = ("hospital", "epoch", "sequence", "created", "expires", "schema", "key")
    digest = manifest["ciphertext"]["sha256"]
    values = {name: manifest[name] for name in plain}
    return Sealed(**values, sha256=digest, manifest=manifest, data=data, payload=payload)


def verify(data: bytes, publishers: Mapping[str, Ed25519PublicKey]) -> Sealed:
    """A bundle whose every byte is as one of the publishers signed it; UntrustedError otherwise.

    Works while the vault is locked: it needs public keys only.
    """
    text, signature, payload = _parts(data)
    manifest = _manifest(text)
    key = publishers.get(manifest["key"])
    if key is None:
        raise UntrustedError(
            "bundle.foreign",
            "This bundle was made by a machine that is not trusted here.",
            "Trust its device card first, if it is one of yours.",
        )
    try:
        key.verify(_signature(signature), text)
    except (InvalidSignature, ValueError):
        raise _tampered() from None
    stated = manifest["ciphertext"]
    if len(payload) < stated["size"]:
        raise _truncated()
    if hashlib.sha256(payload).hexdigest() != stated["sha256"] or len(payload) != stated["size"]:
        raise _tampered()
    if _archive((text, signature, payload)) != data:
        raise _tampered()
    return _sealed(manifest, data, payload)


def _signature(text: bytes) -> bytes:
    """The bytes of a base64 text; ValueError when it is not written in the one right way."""
    plain = b64decode(text, validate=True)
    if b64encode(plain) != text:
        raise ValueError("not the canonical base64")
    return plain


def _parts(data: bytes) -> tuple[bytes, bytes, bytes]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise _truncated() from None
    try:
        text, signature, payload = (archive.read(name) for name in MEMBERS)
    except (KeyError, ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error):
        raise _tampered() from None
    return text, signature, payload


def _manifest(text: bytes) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = orjson.loads(text)
        found, newest = manifest["format"], int(manifest["schema"])
        well_made = all(isinstance(manifest[n], str) for n in ("hospital", "key", "created"))
        well_made &= all(isinstance(manifest[n], int) for n in ("epoch", "sequence"))
        well_made &= isinstance(manifest["ciphertext"]["size"], int)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise _tampered() from None
    if not well_made:
        raise _tampered()
    if found != FORMAT or newest > SCHEMA:
        raise UntrustedError(
            "bundle.newer-format",
            "This bundle was made by a later version of Downtime.",
            "Upgrade this machine, or load the last bundle made before.",
        )
    return manifest


def _tampered() -> UntrustedError:
    return UntrustedError(
        "bundle.tampered",
        "This bundle was altered after it was signed.",
        "Copy it again from where it was published; tell security if that fails too.",
    )


def _truncated() -> UntrustedError:
    return UntrustedError(
        "bundle.truncated",
        "This file is not a whole bundle: it was cut short, or is something else.",
        "Copy it again from where it was published.",
    )


def open_payload(
    sealed: Sealed, identity: pyrage.x25519.Identity
) -> tuple[Header, Iterator[Record]]:
    """Decrypt in memory: the header and the records. UntrustedError when it is not for this key."""
    try:
        content = pyrage.decrypt(sealed.payload, [identity])
    except pyrage.DecryptError:
        raise UntrustedError(
            "bundle.not-for-us",
            "This bundle was not sealed for this machine.",
            "Give this machine's device card to the publisher, and load its next bundle.",
        ) from None
    lines = iter(gzip.GzipFile(fileobj=io.BytesIO(content)))
    try:
        header = Header.parse(orjson.loads(next(lines, b"")))
    except (OSError, EOFError, zlib.error, KeyError, TypeError, ValueError):
        raise incomplete() from None
    outside = {name: sealed.manifest.get(name) for name in header.public()}
    if header.public() != outside:
        raise _tampered()
    return header, _records(lines)


def _records(lines: Iterator[bytes]) -> Iterator[Record]:
    try:
        for line in lines:
            name, fields = orjson.loads(line)
            if name == Patient.__name__:
                fields["identifiers"] = tuple(fields["identifiers"])
            yield TYPES[name](**fields)
    except (OSError, EOFError, zlib.error, KeyError, TypeError, ValueError):
        raise incomplete() from None


def incomplete() -> UntrustedError:
    """What is inside a bundle is not what its header says."""
    return UntrustedError(
        "bundle.incomplete",
        "What is inside this bundle is not what its header says.",
        "Load the bundle before it, and tell whoever publishes them.",
    )
