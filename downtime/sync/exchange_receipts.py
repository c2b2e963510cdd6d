"""Receipts beside bundles: the station leaves one for each laptop, and the laptop takes it when it comes back."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import orjson

from downtime.errors import UserError
from downtime.sync.bundle import BundleHeader
from downtime.sync.model import AuditAction
from downtime.vault import device
from downtime.vault.files import write_atomic
from downtime.vault.marks import AuditMark
from downtime.vault.model import Actor
from downtime.vault.receipts import Receipt, make_receipt, parse_receipt, take_receipt
from downtime.vault.store import audit_chain
from downtime.vault.vault import Vault

SUFFIX = ".receipt"
_MAX_BYTES = 1_048_576


def leave_receipt(vault: Vault, folder: Path, header: BundleHeader, head: str) -> Path | None:
    """Sign what a laptop showed, beside its bundle; None where the folder cannot be written."""
    receipt = make_receipt(vault, header.device, AuditMark(header.sequence, head))
    path = folder / f"{header.device}-{receipt.machine}{SUFFIX}"
    try:
        write_atomic(path, orjson.dumps(receipt.to_json(), option=orjson.OPT_INDENT_2))
    except OSError:
        return None
    return path


def take_receipts(vault: Vault, folder: Path, actor: Actor) -> list[str]:
    """Take what stations left for this laptop; a sentence for each that is not as it should be."""
    return list(_take_each(vault, folder, actor))


def _take_each(vault: Vault, folder: Path, actor: Actor) -> Iterator[str]:
    code = device.read_own_code(vault.home)
    for path in sorted(folder.glob(f"{code}-*{SUFFIX}")):
        with suppress(OSError, orjson.JSONDecodeError):
            with path.open("rb") as file:
                document = orjson.loads(file.read(_MAX_BYTES))
            try:
                take_receipt(vault, document, actor)
                _note_merged(vault, parse_receipt(document), actor)
            except UserError as error:
                yield f"{path.name}: {error.sentence} {error.next_step}"


def _note_merged(vault: Vault, receipt: Receipt, actor: Actor) -> None:
    """Such a receipt lies beside a bundle only once that was merged; those at places tell of heartbeats."""
    target = f"{receipt.machine} {receipt.count}"
    noted = audit_chain.find_entries_of(vault.db, [AuditAction.HANDOVER_MERGED])
    if target not in {entry.target for entry in noted}:
        with vault.change(actor, AuditAction.HANDOVER_MERGED, target=target):
            pass
