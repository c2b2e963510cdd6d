"""The list of a site's machines as its offline root signs it: how it is written, and what is believed.

The metadata is TUF's (theupdateframework.io, specification 1.0.31) and its signatures are checked by
python-tuf: `roots` is the chain of Root versions from the first on, `list` the Targets that the last
of them delegates, with the machines in a field of its own. Unlike TUF's client it never stops for
expiry: in an outage an old list is all there is. The list names the root version that it was made
under, so that parts of two versions never make a third.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.exceptions import FormatError, UnverifiedSignatureError
from securesystemslib.signer import Signature, SSlibKey
from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Metadata, Root, Targets

from downtime.errors import UntrustedError
from downtime.vault.slots import to_canonical_json

FORMAT = "downtime-machines/1"
MAX_BYTES = 4_194_304
"""Ten thousand machines; what is larger is read no further."""
MAX_ROOTS = 256


@dataclass(frozen=True, slots=True)
class RootPin:
    """The root that this machine believes: a version, and the SHA-256 of its signed bytes."""

    version: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SignedList:
    """A list whose signatures hold, under the chain of roots that it came with."""

    roots: tuple[Metadata[Root], ...]
    targets: Metadata[Targets]
    data: bytes = field(repr=False)

    @property
    def fields(self) -> Mapping[str, Any]:
        """What is signed beside TUF's own fields."""
        return self.targets.signed.unrecognized_fields

    @property
    def root(self) -> Root:
        """The newest root."""
        return self.roots[-1].signed

    @property
    def rank(self) -> tuple[int, int]:
        """Versions of root and list: a list of a lower rank never replaces one of a higher."""
        return self.root.version, self.targets.signed.version

    @property
    def expires(self) -> datetime:
        """When root or list should be signed anew: after that a warning is shown, no more."""
        return min(self.root.expires, self.targets.signed.expires)

    @property
    def first_pin(self) -> RootPin:
        """What a machine that adopts this site remembers: the first root names the whole chain."""
        return pin_root(self.roots[0])

    def follows(self, pin: RootPin) -> bool:
        """Whether the pinned root is part of its chain."""
        return any(pin_root(root) == pin for root in self.roots)

    def extends(self, other: "SignedList") -> bool:
        """Whether its chain of roots begins with the whole chain of another list."""
        chain, others = ([pin_root(root) for root in roots] for roots in (self.roots, other.roots))
        return chain[: len(others)] == others


def pin_root(root: Metadata[Root]) -> RootPin:
    """How a root is remembered and compared."""
    return RootPin(root.signed.version, hashlib.sha256(root.signed_bytes).hexdigest())


def write_list(roots: Iterable[Metadata[Root]], targets: Metadata[Targets]) -> bytes:
    """The one way in which a list is written."""
    return to_canonical_json(
        {
            "format": FORMAT,
            "list": targets.to_dict(),
            "roots": [root.to_dict() for root in roots],
        }
    )


def verify_list(data: bytes) -> SignedList:
    """A list that its own chain of roots vouches for; UntrustedError when anything of it is not so.

    Whether the chain is this site's own is asked with `follows` and `extends`.
    """
    roots, targets = _parse_metadata(data)
    verify_roots(roots)
    _verify_signatures("targets", targets, roots[-1:])
    if write_list(roots, targets) != data:
        raise tampered_error()
    if targets.signed.unrecognized_fields.get("root_version") != roots[-1].signed.version:
        raise UntrustedError(
            "machines.mixed",
            "This list of machines and the root beside it are of different versions.",
            "Take the list again from where it was signed.",
        )
    return SignedList(roots, targets, data)


def _parse_metadata(data: bytes) -> tuple[tuple[Metadata[Root], ...], Metadata[Targets]]:
    if len(data) > MAX_BYTES:
        raise tampered_error()
    try:
        document = json.loads(data)
        if document["format"] != FORMAT or not 1 <= len(document["roots"]) <= MAX_ROOTS:
            raise tampered_error()
        roots = tuple(Metadata[Root].from_dict(root) for root in document["roots"])
        targets = Metadata[Targets].from_dict(document["list"])
        whole = all(type(root.signed) is Root for root in roots)
        whole &= type(targets.signed) is Targets and targets.signed.delegations is None
        numbers = [*(root.signed.version for root in roots), targets.signed.version]
        whole &= all(type(number) is int for number in numbers)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise tampered_error() from None
    if not whole:
        raise tampered_error()
    return roots, targets


def verify_roots(roots: tuple[Metadata[Root], ...]) -> None:
    """UntrustedError unless each root is signed by enough of its own keys and of those before it."""
    for number, root in enumerate(roots, 1):
        if root.signed.version != number:
            raise tampered_error()
        _verify_signatures("root", root, roots[max(0, number - 2) : number])


def _check_keys(root: Root) -> None:
    """A key counts once, under the one name that follows from it: a threshold of two is two keys."""
    for keyid, key in root.keys.items():
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.keyval["public"]))
        expected = SSlibKey.from_crypto(public)
        if keyid != expected.keyid or key != expected:
            raise tampered_error()


def _verify_signatures(
    role: str, metadata: Metadata[Any], by_roots: Iterable[Metadata[Root]]
) -> None:
    """Enough signatures for each of the roots, and none that does not hold."""
    try:
        payload, by_roots = metadata.signed_bytes, list(by_roots)
        for root in by_roots:
            _check_keys(root.signed)
        for root in by_roots:
            root.signed.verify_delegate(role, payload, metadata.signatures)
        for signature in metadata.signatures.values():
            _check_signature(role, signature, payload, by_roots)
    except UnsignedMetadataError:
        raise UntrustedError(
            "machines.signatures",
            "This list of machines is not signed by enough of the site's root keys.",
            "Let the keepers of the root sign it; tell security if nobody knows where it is from.",
        ) from None
    except (ValueError, TypeError, KeyError, FormatError, UnverifiedSignatureError):
        raise tampered_error() from None


def _check_signature(
    role: str, signature: Signature, payload: bytes, by_roots: Iterable[Metadata[Root]]
) -> None:
    keys = [
        root.signed.get_key(signature.keyid)
        for root in by_roots
        if signature.keyid in root.signed.get_delegated_role(role).keyids
    ]
    if not keys or signature.signature != signature.signature.lower():
        raise tampered_error()
    keys[-1].verify_signature(signature, payload)


def tampered_error() -> UntrustedError:
    """It is not what was signed."""
    return UntrustedError(
        "machines.tampered",
        "This list of machines is damaged, or was altered after it was signed.",
        "Take it again from where it was signed; tell security if that fails too.",
    )
