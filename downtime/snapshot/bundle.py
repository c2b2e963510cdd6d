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

from downtime.clinical.records import TYPES, Patient, Record
from downtime.snapshot.header import SCHEMA, Header
from downtime.vault import sealing
from downtime.vault.sealing import Envelope, Kind, incomplete, key_id, tampered

__all__ = ["KIND", "SUFFIX", "Packer", "Sealed", "key_id", "open_payload", "seal", "verify"]

KIND = Kind(
    "downtime-bundle/1",
    SCHEMA,
    {"hospital": str, "created": str, "expires": str, "epoch": int, "sequence": int},
)
SUFFIX = ".downtime"
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
    envelope: Envelope = field(repr=False)

    @property
    def sha256(self) -> str:
        """Of its ciphertext."""
        return self.envelope.sha256

    @property
    def data(self) -> bytes:
        """The whole file."""
        return self.envelope.data

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
    return _sealed(sealing.seal(KIND, header.public(), content, recipients, sign))


def verify(data: bytes, publishers: Mapping[str, Ed25519PublicKey]) -> Sealed:
    """A bundle whose every byte is as one of the publishers signed it; UntrustedError otherwise.

    Works while the vault is locked: it needs public keys only.
    """
    return _sealed(sealing.verify(KIND, data, publishers))


def _sealed(envelope: Envelope) -> Sealed:
    names = ("hospital", "epoch", "sequence", "created", "expires", "schema", "key")
    values: dict[str, Any] = {name: envelope.manifest[name] for name in names}
    return Sealed(**values, envelope=envelope)


def open_payload(
    sealed: Sealed, identity: pyrage.x25519.Identity
) -> tuple[Header, Iterator[Record]]:
    """Decrypt in memory: the header and the records. UntrustedError when it is not for this key."""
    content = sealing.decrypt(sealed.envelope, identity)
    lines = iter(gzip.GzipFile(fileobj=io.BytesIO(content)))
    try:
        header = Header.parse(orjson.loads(next(lines, b"")))
    except (OSError, EOFError, zlib.error, KeyError, TypeError, ValueError):
        raise incomplete() from None
    outside = {name: sealed.envelope.manifest.get(name) for name in header.public()}
    if header.public() != outside:
        raise tampered()
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
