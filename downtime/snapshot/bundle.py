"""The sealed file that carries a snapshot: the header, then the records, signed by its publisher.

A `.downtime` file is a sealed file (see `vault.sealing`) whose payload is age over gzip over one
JSON text a line.
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.clinical.model import Record
from downtime.clinical.record_types import RECORD_TYPES
from downtime.snapshot.header import SCHEMA, SnapshotHeader
from downtime.vault import sealing
from downtime.vault.sealing import (
    SealedFile,
    SealedFileKind,
    incomplete_error,
    key_id,
    tampered_error,
)

__all__ = [
    "KIND",
    "SUFFIX",
    "PayloadWriter",
    "SealedBundle",
    "key_id",
    "open_payload",
    "seal_bundle",
    "verify_bundle",
]

KIND = SealedFileKind(
    "downtime-bundle/1",
    SCHEMA,
    {"hospital": str, "created": str, "expires": str, "epoch": int, "sequence": int},
)
SUFFIX = ".downtime"
_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 3


@dataclass(frozen=True, slots=True)
class SealedBundle:
    """A bundle whose signature holds. While the vault is locked it can be checked, not read."""

    hospital: str
    epoch: int
    sequence: int
    created: str
    expires: str
    schema: int
    key: str
    """Id of the publisher's key that signed it."""
    scope: str = ""
    """Codes of the wards inside, joined by `+`; empty for the whole site."""
    base: int | None = None
    """Of a delta the sequence, in the same epoch, of the snapshot that it changes; else None."""
    envelope: SealedFile = field(repr=False, kw_only=True)

    @property
    def sha256(self) -> str:
        """Of its ciphertext."""
        return self.envelope.sha256

    @property
    def is_empty(self) -> bool:
        """Whether it is a delta that changes nothing but the header."""
        return False

    @property
    def data(self) -> bytes:
        """The whole file."""
        return self.envelope.data

    @property
    def name(self) -> str:
        """Its file name: the number, and the beginning of the hash of its content."""
        header = SnapshotHeader(
            hospital=self.hospital,
            epoch=self.epoch,
            sequence=self.sequence,
            created=self.created,
            expires=self.expires,
            key=self.key,
        )
        return f"{header.id}-{self.sha256[:12]}{SUFFIX}"


class PayloadWriter:
    """Compresses records line by line and counts them: no record stays in memory."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(RECORD_TYPES, 0)
        self._zip = zlib.compressobj(_LEVEL, wbits=_GZIP)
        self._parts: list[bytes] = []

    def add(self, record: Record) -> None:
        """Append one record."""
        name = type(record).__name__
        self.counts[name] += 1
        self._parts.append(self._zip.compress(orjson.dumps([name, record]) + b"\n"))

    def finish(self, header: SnapshotHeader) -> bytes:
        """The whole payload in clear: a gzip member with the header, then one with the records."""
        first = gzip.compress(orjson.dumps(header.to_json()) + b"\n", mtime=0)
        return first + b"".join(self._parts) + self._zip.flush()


def seal_bundle(
    header: SnapshotHeader, content: bytes, recipients: Iterable[str], sign: Callable[[bytes], str]
) -> SealedBundle:
    """Encrypt to age recipients and sign; `sign` gives the Ed25519 signature as base64."""
    return _read_manifest(sealing.seal(KIND, header.public_part(), content, recipients, sign))


def verify_bundle(data: bytes, publishers: Mapping[str, Ed25519PublicKey]) -> SealedBundle:
    """A bundle whose every byte is as one of the publishers signed it; UntrustedError otherwise.

    Works while the vault is locked: it needs public keys only.
    """
    return _read_manifest(sealing.verify_seal(KIND, data, publishers))


def _read_manifest(envelope: SealedFile) -> SealedBundle:
    names = ("hospital", "epoch", "sequence", "created", "expires", "schema", "key")
    values: dict[str, Any] = {name: envelope.manifest[name] for name in names}
    return SealedBundle(**values, envelope=envelope)


def open_payload(
    sealed: SealedBundle, identity: pyrage.x25519.Identity
) -> tuple[SnapshotHeader, Iterator[Record]]:
    """Decrypt in memory: the header and the records. UntrustedError when it is not for this key."""
    content = sealing.decrypt(sealed.envelope, identity)
    lines = iter(gzip.GzipFile(fileobj=io.BytesIO(content)))
    try:
        header = SnapshotHeader.parse(orjson.loads(next(lines, b"")))
    except (OSError, EOFError, zlib.error, KeyError, TypeError, ValueError):
        raise incomplete_error() from None
    outside = {name: sealed.envelope.manifest.get(name) for name in header.public_part()}
    if header.public_part() != outside:
        raise tampered_error()
    return header, _parse_records(lines)


def _parse_records(lines: Iterator[bytes]) -> Iterator[Record]:
    types = {name: (row.record, row.list_fields) for name, row in RECORD_TYPES.items()}
    try:
        for line in lines:
            name, fields = orjson.loads(line)
            if name not in types:
                continue  # a newer publisher carries a type that this program does not know yet
            record_type, list_fields = types[name]
            for list_field in list_fields:
                fields[list_field] = tuple(fields[list_field])
            try:
                yield record_type(**fields)
            except TypeError:  # a newer publisher's record has fields that this program lacks
                known = record_type.__dataclass_fields__.keys() & fields.keys()
                yield record_type(**{name: fields[name] for name in known})
    except (OSError, EOFError, zlib.error, KeyError, TypeError, ValueError):
        raise incomplete_error() from None
