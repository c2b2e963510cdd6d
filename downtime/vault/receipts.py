"""Receipts: a machine that hears from another signs how far the other's audit chain had come.

So a chain cannot be written anew behind a point that somebody else has signed, whatever keys lie on
the machine itself. A receipt also shows the last marks that were seen of the machine (`mark_echo`).
"""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlite_utils
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.errors import InputError, UntrustedError, UserError
from downtime.vault import device, machines
from downtime.vault.mark_echo import apply_echo
from downtime.vault.marks import AuditMark, parse_marks
from downtime.vault.model import Actor, AuditAction
from downtime.vault.slots import to_canonical_json
from downtime.vault.store import audit_chain
from downtime.vault.store import receipts as receipt_rows
from downtime.vault.vault import Vault

FORMAT = "downtime-receipt/1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """`machine` signs that the chain of `device` had `head` as its entry `count`."""

    machine: str
    device: str
    count: int
    head: str
    at: str
    seen_marks: Sequence[Mapping[str, Any]] = ()
    """The last marks that it showed, as it signed them."""
    signature: str = ""

    @property
    def signed_bytes(self) -> bytes:
        """The exact bytes under the signature."""
        return to_canonical_json({k: v for k, v in self.to_json().items() if k != "signature"})

    def to_json(self) -> dict[str, Any]:
        """As it is carried."""
        return {"format": FORMAT, **asdict(self), "seen_marks": list(self.seen_marks)}


def make_receipt(vault: Vault, code: str, heard: AuditMark) -> Receipt:
    """Sign how far the chain of a machine had come when it was last heard of."""
    signer = device.load_device(vault)
    seen = [high_water.to_json() for high_water in receipt_rows.list_marks(vault.db, code)]
    unsigned = Receipt(signer.code, code, heard.entries, heard.head, vault.now(), seen)
    return replace(unsigned, signature=signer.sign(unsigned.signed_bytes))


def take_receipt(vault: Vault, document: Mapping[str, Any], actor: Actor) -> bool:
    """Keep what another machine signed of this one, and go on above what it saw; whether it was new.

    UntrustedError when it is not signed by a machine of the site, is for another one, or names an
    entry that is not in the chain here.
    """
    receipt = parse_receipt(document)
    check_receipt(vault, receipt)
    if receipt_rows.has_countersignature(vault.db, receipt.machine, receipt.count, receipt.head):
        return False
    with vault.change(actor, AuditAction.RECEIPT_TAKE, target=receipt.machine) as db:
        for seen in receipt.seen_marks:
            apply_echo(vault, db, parse_marks(seen))
        problem = find_receipt_problem(db, receipt)
        is_new = not problem and receipt_rows.save_countersignature(
            db, receipt.machine, receipt.count, receipt.head, receipt.at, receipt.to_json()
        )
    if problem:
        raise UntrustedError(
            "receipt.other-past",
            problem,
            "Tell security: this vault was put back from a backup, or its audit was written anew.",
        )
    return is_new


def parse_receipt(document: Mapping[str, Any]) -> Receipt:
    """InputError when it is none."""
    try:
        if document["format"] != FORMAT:
            raise ValueError
        names = ("machine", "device", "head", "at", "signature")
        texts = {name: str(document[name]) for name in names}
        seen = [dict(parse_marks(item).to_json()) for item in document["seen_marks"]]
        return Receipt(count=int(document["count"]), seen_marks=seen, **texts)
    except (KeyError, TypeError, ValueError):
        raise InputError(
            "receipt.form", "That is not a receipt.", "Give the file as the other machine wrote it."
        ) from None


def check_receipt(vault: Vault, receipt: Receipt) -> None:
    """UntrustedError unless a machine of the site signed it for this one."""
    if receipt.device != device.read_own_code(vault.home):
        raise UntrustedError(
            "receipt.device",
            f"This receipt is for machine {receipt.device}.",
            "Give this machine its own.",
        )
    if not _is_signed(vault, receipt):
        raise UntrustedError(
            "receipt.signature",
            "This receipt was not signed by a machine of the site.",
            "Fetch the newest list of machines, then take it again.",
        )


def find_receipt_problem(db: sqlite_utils.Database, receipt: Receipt) -> str:
    """What a receipt says against the chain here; empty when it runs through that entry."""
    entry_hash = audit_chain.find_hash(db, receipt.count)
    name = f"Machine {receipt.machine} signed entry {receipt.count} of this audit at {receipt.at}"
    if entry_hash is None:
        return f"{name}: it is missing here."
    return "" if entry_hash == receipt.head else f"{name}: another one stands here now."


def _is_signed(vault: Vault, receipt: Receipt) -> bool:
    own_code = device.read_own_code(vault.home)
    try:
        cards = [machine.card for machine in machines.list_machines(vault.home)]
    except UserError:
        return False
    keys = [c.public_key for c in cards if c.code == receipt.machine and c.code != own_code]
    return any(is_signed_by(receipt, key) for key in keys)


def is_signed_by(receipt: Receipt, key: Ed25519PublicKey) -> bool:
    """Whether a machine's key signed it."""
    try:
        key.verify(b64decode(receipt.signature), receipt.signed_bytes)
    except (InvalidSignature, ValueError):
        return False
    return True
