"""The sealed file that carries a snapshot: the header, then the records, signed by its publisher.

A `.downtime` file is a sealed file (see `vault.sealing`); what is inside is said in `payload`. A
full bundle needs no other; a delta changes the snapshot before into its own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import IO

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.snapshot import payload
from downtime.snapshot.header import SCHEMA, SnapshotHeader
from downtime.snapshot.payload import Payload
from downtime.vault import sealing
from downtime.vault.sealing import SealedFile, SealedFileKind, Source, key_id, tampered_error

__all__ = [
    "KIND",
    "SUFFIX",
    "SealedBundle",
    "key_id",
    "open_payload",
    "seal_bundle",
    "verify_bundle",
]

KIND = SealedFileKind(
    "downtime-bundle/1",
    SCHEMA,
    {
        "hospital": str,
        "created": str,
        "expires": str,
        "epoch": int,
        "sequence": int,
        "scope": str,
        "base": (int, type(None)),
        "content": str,
        "changes": int,
        "unpacked": int,
    },
)
SUFFIX = ".downtime"


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
    scope: str
    """Codes of the wards inside, joined by `+`; empty for the whole site."""
    base: int | None
    """Of a delta the sequence, in the same epoch, of the snapshot that it changes; else None."""
    content: str
    """Digest of the whole snapshot, the same for the full bundle and a delta of one number."""
    changes: int
    """Of a delta the rows that were added, changed or removed."""
    unpacked: int
    """Bytes of its rows when unpacked."""
    envelope: SealedFile = field(repr=False)

    @property
    def sha256(self) -> str:
        """Of its ciphertext."""
        return self.envelope.sha256

    @property
    def is_empty(self) -> bool:
        """Whether it is a delta that changes nothing but the header."""
        return self.base is not None and not self.changes

    @property
    def publisher(self) -> str:
        """Whose numbers count up: those of each key and scope do."""
        return f"{self.key}/{self.scope}" if self.scope else self.key

    @property
    def identity(self) -> str:
        """What two bundles of one number must have in common: time and content."""
        return f"{self.created} {self.content}"

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self.envelope.size

    @property
    def data(self) -> bytes:
        """The whole file in memory: for small ones."""
        return self.envelope.data

    def iterate_parts(self) -> Iterator[bytes]:
        """The whole file in pieces; UntrustedError at their end when it was exchanged meanwhile."""
        return self.envelope.iterate_parts()

    @property
    def id(self) -> str:
        """Names the snapshot inside (`SnapshotHeader.id`)."""
        return SnapshotHeader(
            hospital=self.hospital,
            epoch=self.epoch,
            sequence=self.sequence,
            created=self.created,
            expires=self.expires,
            key=self.key,
            scope=self.scope,
        ).id

    @property
    def name(self) -> str:
        """Its file name: the number, of a delta its base, and the beginning of the hash."""
        after = "" if self.base is None else f"-after-{self.base:06}"
        return f"{self.id}{after}-{self.sha256[:12]}{SUFFIX}"


def seal_bundle(
    header: SnapshotHeader,
    parts: Iterable[bytes],
    recipients: Iterable[str],
    sign: Callable[[bytes], str],
    out: IO[bytes],
) -> SealedBundle:
    """Encrypt what comes in pieces to age recipients and sign it, into an empty file.

    `sign` gives the Ed25519 signature as base64.
    """
    return _read_manifest(sealing.seal(KIND, header.public_part(), parts, recipients, sign, out))


def verify_bundle(source: Source, publishers: Mapping[str, Ed25519PublicKey]) -> SealedBundle:
    """A bundle whose every byte is as one of the publishers signed it; UntrustedError otherwise.

    Works while the vault is locked: it needs public keys only.
    """
    return _read_manifest(sealing.verify_seal(KIND, source, publishers))


def _read_manifest(envelope: SealedFile) -> SealedBundle:
    names = [item.name for item in fields(SealedBundle) if item.name != "envelope"]
    return SealedBundle(**{name: envelope.manifest[name] for name in names}, envelope=envelope)


@contextmanager
def open_payload(
    sealed: SealedBundle, identity: pyrage.x25519.Identity, limit: int
) -> Iterator[Payload]:
    """Decrypt piece by piece: the header, and the rows as they are asked for.

    UntrustedError when it is not for this key; InputError when unpacked it has more than `limit`
    bytes: as far as the manifest says so, before anything is unpacked.
    """
    payload.check_unpacked(sealed.unpacked, limit)
    with sealed.envelope.decrypt(identity) as clear:
        opened = payload.read_payload(clear, limit)
        public = opened.header.public_part()
        if public != {name: sealed.envelope.manifest.get(name) for name in public}:
            raise tampered_error()
        yield opened
