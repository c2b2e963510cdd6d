"""The sealed file by which a laptop sends what it holds: one JSON text a line, table by table.

A `.sync` file is a sealed file (see `vault.sealing`): age for the records station, signed by
the laptop. Its number is the length of the laptop's audit chain, so a later one has a higher one.
"""

import gzip
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain, count
from pathlib import Path
from typing import IO, Any

import orjson
import pyrage

from downtime.errors import UntrustedError
from downtime.settings import Settings
from downtime.transport.folder import check_file
from downtime.vault import device, machines, sealing
from downtime.vault.audit import GENESIS
from downtime.vault.device import Device, DeviceCard
from downtime.vault.marks import HighWaterMarks, parse_marks
from downtime.vault.model import Checkpoint, MachineRole
from downtime.vault.sealing import SealedFile, SealedFileKind, Source
from downtime.vault.vault import Vault

SCHEMA = 1
"""The version of the rows inside; a program merges no bundle of a later one."""
KIND = SealedFileKind(
    "downtime-handover/1",
    SCHEMA,
    {"hospital": str, "device": str, "station": str, "sequence": int, "created": str},
)
SUFFIX = ".sync"
AUDIT, CHECKPOINT, HIGH_WATER, PERSON = "audit", "checkpoint", "marks", "person"
"""Rows beside those of the rooms: the laptop's audit chain, its last signed point, its high-water
marks, its accounts."""
_LEVEL = 6
_GZIP = 31
"""As `wbits` of zlib."""
_BYTES = "$bytes"

Row = tuple[str, dict[str, Any]]
"""The name of a table, and one row of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleHeader:
    """What the signed manifest shows to anybody; the same stands inside."""

    hospital: str
    device: str
    """Code of the laptop that sends it."""
    station: str
    """Code of the machine that it is sealed to."""
    sequence: int
    created: str
    """UTC text."""
    key: str
    """Id of the laptop's signing key."""
    schema: int = SCHEMA

    def name(self, sha256: str) -> str:
        """The file's name: hospital, laptop, number, and the beginning of the hash."""
        hospital = "".join(c if c.isalnum() and c.isascii() else "-" for c in self.hospital)
        return f"{hospital}-{self.device}-{self.sequence:08}-{sha256[:12]}{SUFFIX}"


def read_header(sealed: SealedFile) -> BundleHeader:
    """The header of a file whose signature holds."""
    return BundleHeader(
        **{name: sealed.manifest[name] for name in BundleHeader.__dataclass_fields__}
    )


def check_header(header: BundleHeader, card: DeviceCard, station: str, hospital: str) -> None:
    """UntrustedError unless it is of the laptop that signed it, of this hospital, and for us."""
    if card.code != header.device:
        raise UntrustedError(
            "sync.device",
            f"{card.name} ({card.code}) signed this bundle in the name of {header.device}.",
            "Tell security: a laptop never does that by itself.",
        )
    if header.hospital != hospital:
        raise UntrustedError(
            "sync.other-hospital",
            f"This bundle is of {header.hospital}, and this machine serves {hospital}.",
            "Take it to the records station of that hospital.",
        )
    if header.station != station:
        raise UntrustedError(
            "sync.other-station",
            f"This bundle is sealed for machine {header.station}, and this one is {station}.",
            f"Take it there, or let the laptop seal another one for {station}.",
        )


def seal_rows(
    header: BundleHeader, rows: Iterable[Row], recipient: str, by: Device, out: IO[bytes]
) -> tuple[SealedFile, int]:
    """Encrypt rows for one age recipient and sign them with the laptop's key, into an empty file.

    Returns how many they were, too.
    """
    counter = count()
    lines = (_json_line(row) for row, _ in zip(rows, counter, strict=False))
    parts = _compress(chain([_json_line(asdict(header))], lines))
    sealed = sealing.seal(KIND, asdict(header), parts, [recipient], by.sign, out)
    return sealed, next(counter)


def _compress(lines: Iterable[bytes]) -> Iterator[bytes]:
    """As a gzip file without a time."""
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    for line in lines:
        if part := packer.compress(line):
            yield part
    yield packer.flush()


def _json_line(value: object) -> bytes:
    return orjson.dumps(value, default=_encode_bytes) + b"\n"


def _encode_bytes(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {_BYTES: b64encode(value).decode()}
    raise TypeError(type(value).__name__)


@contextmanager
def open_rows(sealed: SealedFile, identity: pyrage.x25519.Identity) -> Iterator[Iterator[Row]]:
    """Decrypt piece by piece: the rows in the order in which they were sealed.

    UntrustedError when it is not for this key, or is not what its manifest says.
    """
    with sealed.decrypt(identity) as clear:
        lines = iter(gzip.GzipFile(fileobj=clear))
        try:
            inside = orjson.loads(next(lines, b""))
        except (OSError, EOFError, zlib.error, ValueError):
            raise sealing.incomplete_error() from None
        if inside != asdict(read_header(sealed)):
            raise sealing.tampered_error()
        yield _read_rows(lines)


def _read_rows(lines: Iterator[bytes]) -> Iterator[Row]:
    try:
        for line in lines:
            table, row = orjson.loads(line)
            yield table, {name: _decode_value(value) for name, value in row.items()}
    except (OSError, EOFError, zlib.error, AttributeError, TypeError, ValueError):
        raise sealing.incomplete_error() from None


def _decode_value(value: Any) -> Any:
    if isinstance(value, Mapping) and value.keys() == {_BYTES}:
        return b64decode(value[_BYTES])
    return value


@dataclass(frozen=True, slots=True)
class OpenedBundle:
    """A bundle of a trusted laptop of this hospital for this station, and what it holds."""

    sealed: SealedFile
    header: BundleHeader
    card: DeviceCard
    chain: Sequence[Any]
    """The laptop's audit chain."""
    point: Checkpoint | None
    """Its last signed point."""
    high_water: HighWaterMarks | None
    """How far it had come, as it signed that itself."""
    rows: Sequence[Row]
    """All other rows."""

    @property
    def head(self) -> str:
        """The hash of the last audit entry."""
        return str(self.chain[-1][-1]) if self.chain else GENESIS

    @property
    def audit_target(self) -> str:
        """How the audit names it."""
        header = self.header
        return f"{header.device} {header.sequence} {self.sealed.sha256} head {self.head}"


def open_bundle(vault: Vault, settings: Settings, source: Source) -> OpenedBundle:
    """The bundle in a file; NotFoundError, InputError when it is too large.

    UntrustedError when it was altered or cut short, comes from an unknown or revoked machine, one
    that is no ward laptop, or another hospital, or is for another station.
    """
    if isinstance(source, Path):
        check_file(source, settings.sync.max_bundle_bytes, "sync.max_bundle_bytes")
    own_device = device.load_device(vault)
    key = sealing.read_key_id(KIND, source)
    if key == sealing.key_id(own_device.card.public_key):
        raise UntrustedError(
            "sync.own", "This bundle was made by this machine.", "Take it to the station."
        )
    sealed = machines.verify_signed_by(vault.home, KIND, source, MachineRole.WARD_LAPTOP)
    card, header = machines.find_machine(vault.home, key).card, read_header(sealed)
    check_header(header, card, own_device.code, settings.site.code)
    audit_chain: list[Any] = []
    point: Checkpoint | None = None
    high_water: HighWaterMarks | None = None
    rows: list[Row] = []
    with open_rows(sealed, own_device.age_identity) as sealed_rows:
        for table, row in sealed_rows:
            if table == AUDIT:
                audit_chain.append(row["entry"])
            elif table == CHECKPOINT:
                point = Checkpoint(**row)
            elif table == HIGH_WATER:
                high_water = _read_marks(row, card)
            else:
                rows.append((table, row))
    return OpenedBundle(sealed, header, card, audit_chain, point, high_water, rows)


def _read_marks(row: Mapping[str, Any], card: DeviceCard) -> HighWaterMarks:
    try:
        high_water = parse_marks(row)
    except ValueError:
        raise sealing.incomplete_error() from None
    if high_water.device != card.code or not high_water.is_signed(card.public_key):
        raise sealing.tampered_error()
    return high_water
