"""Open a laptop's bundle: nothing of it is decrypted before its signature and sender are checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from downtime.errors import InputError, NotFoundError, UntrustedError
from downtime.settings import Settings
from downtime.sync import bundle
from downtime.sync.bundle import BundleHeader, Row
from downtime.sync.export_bundle import AUDIT, CHECKPOINT
from downtime.vault import device, sealing
from downtime.vault.audit import GENESIS
from downtime.vault.device import DeviceCard
from downtime.vault.model import Checkpoint
from downtime.vault.sealing import SealedFile
from downtime.vault.vault import Vault


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


def read_bundle(path: Path, settings: Settings) -> bytes:
    """The bytes of a bundle's file; NotFoundError, InputError when it is too large."""
    limit = settings.sync.max_bundle_bytes
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError:
        raise NotFoundError(
            "bundle.missing", f"There is no bundle {path.name}.", "Check the name or the stick."
        ) from None
    if len(data) > limit:
        raise InputError(
            "bundle.too-large",
            f"{path.name} is larger than {limit} bytes, the most that a bundle may have.",
            "If it is a bundle of this hospital, raise sync.max_bundle_bytes.",
        )
    return data


def open_bundle(vault: Vault, settings: Settings, data: bytes) -> OpenedBundle:
    """The bundle in a file's bytes.

    UntrustedError when it was altered or cut short, comes from an unknown laptop or another
    hospital, or is for another station.
    """
    sealed = sealing.verify_seal(bundle.KIND, data, sealing.list_trusted_keys(vault.home))
    own_device, cards = device.load_device(vault), device.read_trusted_cards(vault.home)
    header = bundle.read_header(sealed)
    card = next((c for c in cards if sealing.key_id(c.public_key) == header.key), None)
    if card is None:
        raise UntrustedError(
            "sync.own", "This bundle was made by this machine.", "Take it to the station."
        )
    bundle.check_header(header, card, own_device.code, settings.site.code)
    chain: list[Any] = []
    point: Checkpoint | None = None
    rows: list[Row] = []
    for table, row in bundle.open_rows(sealed, own_device.age_identity):
        if table == AUDIT:
            chain.append(row["entry"])
        elif table == CHECKPOINT:
            point = Checkpoint(**row)
        else:
            rows.append((table, row))
    return OpenedBundle(sealed, header, card, chain, point, rows)
