"""The site's root: which keys may sign the list of machines, and how that is changed.

A root is TUF Root metadata. A later version is signed by enough keepers of the version before and of
its own, so that whoever knows one version can follow to the next. Its public half lies on every stick.
"""

import json
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyrage
from tuf.api.metadata import Metadata, Role, Root

from downtime.clock import Clock
from downtime.errors import InputError, NotFoundError, UntrustedError
from downtime.fleet.site_keys import (
    SiteKey,
    check_passphrase,
    generate_site_key,
    write_site_key,
)
from downtime.settings import Settings
from downtime.vault import signed_list
from downtime.vault.files import write_atomic
from downtime.vault.slots import to_canonical_json

FORMAT = "downtime-site-roots/1"
FILE_NAME = "downtime-site-root.json"
_MAX_BYTES = 4_194_304

Roots = tuple[Metadata[Root], ...]
"""All versions of a site's root, the first one first."""


@dataclass(frozen=True, slots=True)
class NewStick:
    """Where a new key is written, and the passphrase that its keeper chose."""

    folder: Path
    passphrase: str


def create_root(
    site: str, sticks: Sequence[NewStick], threshold: int, settings: Settings, clock: Clock
) -> Roots:
    """Make a site's root: one key on each stick, `threshold` of which change the root later."""
    for stick in sticks:
        check_passphrase(stick.passphrase, settings.accounts)
    recovery = pyrage.x25519.Identity.generate()
    keys = [generate_site_key(number, recovery) for number in range(1, len(sticks) + 1)]
    roots = make_first_root(site, keys, threshold, _expiry(clock(), settings))
    for stick, key in zip(sticks, keys, strict=True):
        write_site_key(stick.folder, key, stick.passphrase, settings.accounts)
        write_roots(stick.folder / FILE_NAME, roots)
    return roots


def make_first_root(site: str, keys: Sequence[SiteKey], threshold: int, expires: datetime) -> Roots:
    """The first version of a root, signed by all of its keys, which share one recovery key."""
    if not 1 <= threshold <= len(keys):
        raise InputError(
            "root.threshold",
            f"Of {len(keys)} keys {threshold} cannot sign together.",
            "Make three keys of which two sign, unless you know better.",
        )
    recovery = str(keys[0].recovery.to_public())
    root = Root(expires=expires, consistent_snapshot=False)
    root.unrecognized_fields = {"site": site, "recovery": recovery, "sticks": {}}
    root.roles["root"] = Role([], threshold)
    for key in keys:
        _add_key(root, key)
    metadata = Metadata(root)
    for key in keys:
        metadata.sign(key.root_signer, append=True)
    return (metadata,)


def _expiry(now: datetime, settings: Settings) -> datetime:
    return now + timedelta(days=settings.fleet.root_valid_days)


def _add_key(root: Root, key: SiteKey) -> None:
    root.add_key(key.root_public, "root")
    root.add_key(key.list_public, "targets")
    names = [key.root_public.keyid, key.list_public.keyid]
    root.unrecognized_fields["sticks"][str(key.number)] = names


def remove_key(root: Root, number: int) -> None:
    """Take a stick's keys out of a root that is not signed yet; NotFoundError."""
    names = root.unrecognized_fields["sticks"].pop(str(number), None)
    if names is None:
        raise NotFoundError(
            "root.no-stick",
            f"The root knows no stick {number}.",
            f"It has {', '.join(list_sticks(root))}.",
        )
    root.revoke_key(names[0], "root")
    root.revoke_key(names[1], "targets")


def list_sticks(root: Root) -> list[str]:
    """The numbers on the labels of the sticks that a root knows."""
    return sorted(root.unrecognized_fields["sticks"], key=int)


def propose_root(
    roots: Roots,
    keys: Sequence[SiteKey],
    settings: Settings,
    clock: Clock,
    *,
    remove: Iterable[int] = (),
    add: Sequence[NewStick] = (),
    threshold: int | None = None,
) -> Roots:
    """The next version of a root, signed by the sticks at hand and the new ones.

    InputError when it could not be signed by enough of its own keys.
    """
    root = deepcopy(roots[-1].signed)
    root.version += 1
    root.expires = _expiry(clock(), settings)
    for number in remove:
        remove_key(root, number)
    numbers = [int(number) for root in roots for number in list_sticks(root.signed)]
    new_keys = [
        generate_site_key(max(numbers) + place, _require_recovery(keys))
        for place in range(1, len(add) + 1)
    ]
    for key in new_keys:
        _add_key(root, key)
    root.roles["root"].threshold = threshold or root.roles["root"].threshold
    if not 1 <= root.roles["root"].threshold <= len(root.roles["root"].keyids):
        raise InputError(
            "root.threshold",
            f"The new root would have {len(root.roles['root'].keyids)} keys, of which"
            f" {root.roles['root'].threshold} have to sign.",
            "Add a stick with --to, or lower --threshold.",
        )
    proposed = sign_root((*roots, Metadata(root)), [*keys, *new_keys])
    for stick, key in zip(add, new_keys, strict=True):
        write_site_key(stick.folder, key, stick.passphrase, settings.accounts)
        write_roots(stick.folder / FILE_NAME, proposed)
    return proposed


def _require_recovery(keys: Sequence[SiteKey]) -> pyrage.x25519.Identity:
    if not keys:
        raise InputError(
            "root.no-key", "No stick of the root is at hand.", "Name at least one with --stick."
        )
    return keys[0].recovery


def sign_root(roots: Roots, keys: Iterable[SiteKey]) -> Roots:
    """The chain with the newest version also signed by these keys; UntrustedError for a strange key."""
    proposed = deepcopy(roots[-1])
    known = {keyid for root in roots[-2:] for keyid in root.signed.roles["root"].keyids}
    for key in keys:
        if key.root_public.keyid not in known:
            raise UntrustedError(
                "root.other-site",
                f"Stick {key.number} is not one of this root's, or no longer.",
                "Take a stick of this site.",
            )
        proposed.sign(key.root_signer, append=True)
    return (*roots[:-1], proposed)


def count_missing(roots: Roots) -> int:
    """How many more keys have to sign the newest version; 0 when it is complete."""
    proposed, previous = roots[-1], roots[-2].signed if len(roots) > 1 else None
    verified = proposed.signed.get_root_verification_result(
        previous, proposed.signed_bytes, proposed.signatures
    )
    return max(verified.first.missing, verified.second.missing)


def write_roots(path: Path, roots: Roots) -> None:
    """The public half of a root, as it lies on its sticks."""
    document = {"format": FORMAT, "roots": [root.to_dict() for root in roots]}
    write_atomic(path, to_canonical_json(document))


def read_roots(path: Path) -> Roots:
    """The root that lies on a stick or in a file; its newest version may lack signatures.

    UntrustedError when a version before it does not follow from the one before.
    """
    path = path / FILE_NAME if path.is_dir() else path
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(
            "root.missing",
            f"There is no site's root at {path.parent.name}/{path.name}.",
            "Name a stick that 'downtime root create' wrote.",
        ) from None
    except OSError:
        raise _damaged_error(path.name) from None
    return parse_roots(content, path.name)


def parse_roots(content: bytes, name: str) -> Roots:
    """The same of a file's content."""
    try:
        document = json.loads(content[:_MAX_BYTES])
        if document["format"] != FORMAT:
            raise ValueError(FORMAT)
        roots = tuple(Metadata[Root].from_dict(root) for root in document["roots"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _damaged_error(name) from None
    signed_list.verify_roots(roots[:-1] if count_missing(roots) else roots)
    return roots


def _damaged_error(name: str) -> InputError:
    return InputError("root.damaged", f"{name} is no site's root.", "Take another of the sticks.")
