"""The sealed file that carries a snapshot: the header, then the records, signed by its publisher.

A `.downtime` file is a sealed file (see `vault.sealing`); what is inside is said in `payload`. A
full bundle needs no other; a delta changes the snapshot before into its own.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.snapshot import payload
from downtime.snapshot.header import SCHEMA, SnapshotHeader
from downtime.snapshot.payload import Payload
from downtime.vault import sealing
from downtime.vault.sealing import SealedFile, SealedFileKind, key_id, tampered_error

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
    {"hospital": str, "created": str, "expires": str, "epoch": int, "sequence": int},
)
SUFFIX = ".downtime"
_LATER_FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "scope": str, "base": (int, type(None)), "content": str, "changes": int, "unpacked": int,
}  # fmt: skip
"""Of manifests of schema 2."""


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
    content: str = ""
    """Digest of the whole snapshot, the same for the full bundle and a delta of one number."""
    changes: int = 0
    """Of a delta the rows that were added, changed or removed."""
    unpacked: int = 0
    """Bytes of its rows when unpacked; 0 when it does not say (schema 1)."""
    envelope: SealedFile = field(repr=False, kw_only=True)

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
        """What two bundles of one number must have in common: time and content, else the ciphertext."""
        return f"{self.created} {self.content}" if self.content else self.sha256

    @property
    def data(self) -> bytes:
        """The whole file."""
        return self.envelope.data

    @property
    def name(self) -> str:
        """Its file name: the number, of a delta its base, and the beginning of the hash."""
        header = SnapshotHeader(
            hospital=self.hospital,
            epoch=self.epoch,
            sequence=self.sequence,
            created=self.created,
            expires=self.expires,
            key=self.key,
            scope=self.scope,
        )
        after = "" if self.base is None else f"-after-{self.base:06}"
        return f"{header.id}{after}-{self.sha256[:12]}{SUFFIX}"


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
    names = ["hospital", "epoch", "sequence", "created", "expires", "schema", "key"]
    if envelope.manifest["schema"] > 1:
        names += _LATER_FIELDS
        for name, kind in _LATER_FIELDS.items():
            if not isinstance(envelope.manifest.get(name), kind):
                raise tampered_error()
    values: dict[str, Any] = {name: envelope.manifest[name] for name in names}
    return SealedBundle(**values, envelope=envelope)


def open_payload(sealed: SealedBundle, identity: pyrage.x25519.Identity, limit: int) -> Payload:
    """Decrypt in memory: the header, and the rows as they are asked for.

    UntrustedError when it is not for this key; InputError when unpacked it has more than `limit`
    bytes: as far as the manifest says so, before anything is unpacked.
    """
    payload.check_unpacked(sealed.unpacked, limit)
    content = sealing.decrypt(sealed.envelope, identity)
    opened = payload.read_payload(content, limit)
    public = opened.header.public_part()
    if public != {name: sealed.envelope.manifest.get(name) for name in public}:
        raise tampered_error()
    return opened
