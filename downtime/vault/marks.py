"""High-water marks: how far this machine had come, in a signed file beside the vault.

A vault that is put back from a backup has forgotten which numbers it gave out since. The file
`marks` has not: it is raised, and on the disk, before a number is given out. It names the machine
and the file system and the file's own number there (inode), so a copy of a whole home, the file
included, knows that it is one; the vault keeps when the file was last changed, which copying into
the same file cannot imitate.
"""

import hashlib
import json
import os
import sys
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.config import Home
from downtime.errors import UserError
from downtime.vault import device
from downtime.vault.audit import GENESIS
from downtime.vault.device import Device
from downtime.vault.files import replace_atomically
from downtime.vault.slots import to_canonical_json

FORMAT = "downtime-marks/1"
_MACHINE_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


class MarkName(StrEnum):
    """What is counted, and never counted twice."""

    SERIAL = "serial"
    DOWNTIME_NUMBER = "downtime-number"
    SNAPSHOT = "snapshot"
    AUDIT = "audit"


class SnapshotNumber(NamedTuple):
    """Of a publisher's snapshots; the higher one is newer."""

    epoch: int
    sequence: int


class AuditMark(NamedTuple):
    """How many entries the audit chain had, and the hash of the last."""

    entries: int
    head: str


class NumberBlock(NamedTuple):
    """The block from which numbers are given out, and how many of it are used.

    A machine's first block has no name; a home that was copied or put back takes one at random.
    """

    block: str
    used: int


class SeenSnapshot(NamedTuple):
    """The highest number taken from a publisher, with the hash of that bundle."""

    epoch: int
    sequence: int
    sha256: str


@dataclass(frozen=True, slots=True)
class MarkBinding:
    """What tells a file from its copies."""

    machine: str
    file_system: str
    inode: int


NO_BINDING = MarkBinding("", "", 0)
"""Of marks that lie in no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HighWaterMarks:
    """What the file says. `generation` counts how often it was written."""

    device: str
    generation: int
    binding: MarkBinding
    audit: AuditMark = AuditMark(0, GENESIS)
    numbers: Mapping[str, NumberBlock] = field(default_factory=dict)
    snapshot: SnapshotNumber = SnapshotNumber(1, 0)
    seen: Mapping[str, SeenSnapshot] = field(default_factory=dict)
    """By the id of the publisher's key."""
    machines: tuple[int, int] = (0, 0)
    """Versions of the root and of the list of machines that were believed here."""
    signature: str = ""

    @property
    def signed_bytes(self) -> bytes:
        """The exact bytes under the signature."""
        return to_canonical_json({k: v for k, v in self.to_json().items() if k != "signature"})

    def to_json(self) -> dict[str, Any]:
        """As it stands in the file, and as it is shown to other machines."""
        fields = asdict(self)
        del fields["machines"]
        return {
            "format": FORMAT,
            **fields,
            "audit": list(self.audit),
            "numbers": {str(name): list(block) for name, block in self.numbers.items()},
            "snapshot": list(self.snapshot),
            "seen": {key: list(number) for key, number in self.seen.items()},
            # Left out as in files of before, whose signatures hold.
            **({"machines": list(self.machines)} if any(self.machines) else {}),
        }

    def is_signed(self, key: Ed25519PublicKey) -> bool:
        """Whether a machine's key signed it."""
        try:
            key.verify(b64decode(self.signature), self.signed_bytes)
        except (InvalidSignature, ValueError):
            return False
        return True


def parse_marks(document: Mapping[str, Any]) -> HighWaterMarks:
    """Marks as another machine shows them; ValueError when they are none. The signature is not checked."""
    try:
        if document["format"] != FORMAT:
            raise ValueError("another format")
        return HighWaterMarks(
            device=str(document["device"]),
            generation=int(document["generation"]),
            binding=MarkBinding(**document["binding"]),
            audit=AuditMark(*document["audit"]),
            numbers={name: NumberBlock(*row) for name, row in document["numbers"].items()},
            snapshot=SnapshotNumber(*document["snapshot"]),
            seen={key: SeenSnapshot(*row) for key, row in document["seen"].items()},
            machines=_parse_rank(document.get("machines", (0, 0))),
            signature=str(document["signature"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not the marks of a machine") from error


def _parse_rank(values: Any) -> tuple[int, int]:
    root, version = map(int, values)
    return root, version


def read_marks(home: Home) -> HighWaterMarks | None:
    """What the file says, also while the vault is locked; None when it is missing or not this machine's."""
    try:
        high_water = parse_marks(json.loads(home.marks_file.read_bytes()))
        card = device.read_own_card(home)
        is_own = high_water.is_signed(card.public_key) and high_water.device == card.code
    except (OSError, ValueError, UserError):  # of a lost card nothing but its code may be known
        return None
    return high_water if is_own else None


def write_marks(home: Home, signer: Device, values: Mapping[str, Any]) -> HighWaterMarks:
    """Replace the file, on the disk before this returns; its binding is that of the new file."""
    with replace_atomically(home.marks_file) as file:
        binding = _find_binding(home, os.fstat(file.fileno()).st_ino)
        unsigned = HighWaterMarks(device=signer.code, binding=binding, **values)
        high_water = HighWaterMarks(
            **_fields(unsigned) | {"signature": signer.sign(unsigned.signed_bytes)}
        )
        file.write(json.dumps(high_water.to_json(), indent=1).encode())
    return high_water


def is_own_file(home: Home, high_water: HighWaterMarks) -> bool:
    """Whether the file is the one that was written, and no copy of it."""
    try:
        return high_water.binding == _find_binding(home, home.marks_file.stat().st_ino)
    except OSError:
        return False


def read_change_time(home: Home) -> int:
    """When the file was last changed in any way, in nanoseconds; copying a file cannot set it."""
    return home.marks_file.stat().st_ctime_ns


def _find_binding(home: Home, inode: int) -> MarkBinding:
    return MarkBinding(_find_machine(), _find_file_system(home.path), inode)


def _find_machine(files: tuple[Path, ...] = _MACHINE_FILES) -> str:
    """A name for this installation of the system, hashed as machine-id(5) asks for; empty without one."""
    for file in files:
        try:
            text = file.read_text().strip()
        except OSError:
            continue
        if text:
            return hashlib.sha256(b"downtime:" + text.encode()).hexdigest()[:32]
    return ""


def _find_file_system(folder: Path) -> str:
    """Of ext4 and btrfs made from their UUID: device numbers may change when a machine starts."""
    if sys.platform != "win32" and (identifier := os.statvfs(folder).f_fsid):
        return f"{identifier:x}"
    return f"device {folder.stat().st_dev:x}"


def _fields(high_water: HighWaterMarks) -> dict[str, Any]:
    return {name: getattr(high_water, name) for name in HighWaterMarks.__dataclass_fields__}
