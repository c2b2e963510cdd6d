"""Signed marks of how far the audit chain had come, so that a chain cut short can be noticed.

A chain cannot tell by itself that its last entries were taken away. A checkpoint (count, head,
time, device, Ed25519 signature of this machine) that was printed or copied elsewhere can.
"""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.clock import from_text
from downtime.errors import InputError
from downtime.settings import Settings
from downtime.vault import audit, device
from downtime.vault.database import transaction
from downtime.vault.model import CHECKPOINT_FORMAT, Checkpoint
from downtime.vault.raise_marks import raise_audit_mark
from downtime.vault.receipts import find_receipt_problem, parse_receipt
from downtime.vault.store import audit_chain, checkpoints
from downtime.vault.store import receipts as receipt_rows
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class ChainReport:
    """`first_bad` is the number of the first entry that does not hold, or None."""

    entries: int
    head: str
    first_bad: int | None
    checkpoints: int
    problems: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether the chain and every checkpoint hold."""
        return not self.problems


def make_checkpoint(vault: Vault) -> Checkpoint | None:
    """Sign the chain as it is now; the last one when nothing was added since, None when empty."""
    signer = device.load_device(vault)
    with transaction(vault.db) as db:
        head = audit_chain.fetch_head(db)
        last = checkpoints.fetch_latest(db)
        if head is None or (last and last.count == head[0]):
            return last
        unsigned = Checkpoint(*head, vault.now(), signer.code, "")
        checkpoint = replace(unsigned, signature=signer.sign(unsigned.signed_bytes))
        checkpoints.insert_checkpoint(db, checkpoint)
        raise_audit_mark(vault, db)
    return checkpoint


def make_checkpoint_if_due(vault: Vault, settings: Settings) -> Checkpoint | None:
    """As `make`, when enough entries or minutes have passed since the last; None when not."""
    last = read_latest(vault)
    new = audit_chain.count_entries(vault.db) - (last.count if last else 0)
    if new == 0:
        return None
    age = vault.clock() - from_text(last.at) if last else timedelta.max
    limit = timedelta(minutes=settings.vault.checkpoint_minutes)
    if new < settings.vault.checkpoint_entries and abs(age) < limit:
        return None
    return make_checkpoint(vault)


def read_latest(vault: Vault) -> Checkpoint | None:
    """The newest one."""
    return checkpoints.fetch_latest(vault.db)


def verify_checkpoints(vault: Vault, elsewhere: Iterable[Checkpoint] = ()) -> ChainReport:
    """Check the chain, this machine's checkpoints, and those of it that were kept elsewhere."""
    report = verify_chain_alone(vault, elsewhere)
    changed = tuple(content.sentence for content in audit.find_changed_content(vault.db))
    return replace(report, problems=(*report.problems, *changed))


def verify_chain_alone(vault: Vault, elsewhere: Iterable[Checkpoint] = ()) -> ChainReport:
    """The same without looking at the rows that people wrote."""
    chain = audit.verify_chain(vault.db)
    problems = []
    if chain.first_bad is not None:
        problems.append(f"Audit entry {chain.first_bad} was changed, taken away or put in.")
    problems += audit.find_binding_problems(vault.db)
    key = device.read_own_card(vault.home).public_key
    checked = [*checkpoints.list_checkpoints(vault.db), *elsewhere]
    for point in checked:
        problems += _find_problems(vault, point, key)
    for document in receipt_rows.list_countersignatures(vault.db):
        problems += filter(None, [find_receipt_problem(vault.db, parse_receipt(document))])
    return ChainReport(chain.entries, chain.head, chain.first_bad, len(checked), tuple(problems))


def parse_checkpoint(document: Mapping[str, Any]) -> Checkpoint:
    """A checkpoint as it comes from another machine; its signature is checked by `verify`."""
    try:
        if document["downtime"] != CHECKPOINT_FORMAT:
            raise ValueError
        return Checkpoint(
            int(document["count"]),
            *(str(document[k]) for k in ("head", "at", "device", "signature")),
        )
    except (KeyError, TypeError, ValueError):
        raise InputError(
            "checkpoint.form", "That is not an audit checkpoint.", "Give the file as it was saved."
        ) from None


def is_signed(point: Checkpoint, key: Ed25519PublicKey) -> bool:
    """Whether a machine's key signed it."""
    try:
        key.verify(b64decode(point.signature), point.signed_bytes)
    except (InvalidSignature, ValueError):
        return False
    return True


def _find_problems(vault: Vault, point: Checkpoint, key: Ed25519PublicKey) -> list[str]:
    name = f"The checkpoint of {point.at} at entry {point.count}"
    if not is_signed(point, key):
        return [f"{name} is not signed by this machine."]
    entry_hash = audit_chain.find_hash(vault.db, point.count)
    if entry_hash is None:
        return [f"{name} is beyond the end of the chain: its last entries are missing."]
    return [] if entry_hash == point.head else [f"{name} names another entry than is there now."]
