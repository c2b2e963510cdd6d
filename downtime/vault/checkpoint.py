"""Signed marks of how far the audit chain had come, so that a chain cut short can be noticed.

A chain cannot tell by itself that its last entries were taken away. A checkpoint (count, head,
time, device, Ed25519 signature of this machine) that was printed or copied elsewhere can.
"""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass
from datetime import timedelta
from typing import Any

import sqlite_utils
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.clock import from_text
from downtime.errors import InputError
from downtime.settings import Settings
from downtime.vault import audit, device
from downtime.vault.database import transaction
from downtime.vault.slots import to_canonical_json
from downtime.vault.vault import Vault

FORMAT = "audit-checkpoint/1"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`head` is the hash of entry `count`; `at` stored text, `device` the code of the machine."""

    count: int
    head: str
    at: str
    device: str
    signature: str

    @property
    def signed_bytes(self) -> bytes:
        """The exact bytes under the signature."""
        body = {k: v for k, v in asdict(self).items() if k != "signature"}
        return to_canonical_json({"downtime": FORMAT, **body})

    @property
    def short_text(self) -> str:
        """For the foot of a handover sheet: enough to compare by eye."""
        return f"{self.device} audit {self.count} {self.head[:16]} {self.at}"

    def as_json(self) -> dict[str, Any]:
        """As it is copied to another machine."""
        return {"downtime": FORMAT, **asdict(self)}


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
        row = db.conn.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        last = read_latest(vault)
        if row is None or (last and last.count == row["seq"]):
            return last
        plain = Checkpoint(row["seq"], row["hash"], vault.now(), signer.read_own_code, "")
        made = Checkpoint(
            plain.count, plain.head, plain.at, plain.device, signer.sign(plain.signed_bytes)
        )
        db.conn.execute("INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)", astuple(made))
    return made


def make_checkpoint_if_due(vault: Vault, settings: Settings) -> Checkpoint | None:
    """As `make`, when enough entries or minutes have passed since the last; None when not."""
    last = read_latest(vault)
    count = vault.db.conn.execute("SELECT coalesce(max(seq), 0) FROM audit").fetchone()[0]
    new = count - (last.count if last else 0)
    if new == 0:
        return None
    age = vault.clock() - from_text(last.at) if last else timedelta.max
    limit = timedelta(minutes=settings.vault.checkpoint_minutes)
    if new < settings.vault.checkpoint_entries and abs(age) < limit:
        return None
    return make_checkpoint(vault)


def read_latest(vault: Vault) -> Checkpoint | None:
    """The newest one."""
    return fetch_latest(vault.db)


def fetch_latest(db: sqlite_utils.Database) -> Checkpoint | None:
    """As `latest`, inside the caller's transaction."""
    rows = db.query("SELECT * FROM checkpoint ORDER BY count DESC LIMIT 1")
    return next((Checkpoint(**row) for row in rows), None)


def verify_checkpoints(vault: Vault, elsewhere: Iterable[Checkpoint] = ()) -> ChainReport:
    """Check the chain, this machine's checkpoints, and those of it that were kept elsewhere."""
    chain = audit.verify_chain(vault.db)
    problems = []
    if chain.first_bad is not None:
        problems.append(f"Audit entry {chain.first_bad} was changed, taken away or put in.")
    own = [Checkpoint(**row) for row in vault.db.query("SELECT * FROM checkpoint ORDER BY count")]
    key = device.read_own_card(vault.home).public_key
    checked = [*own, *elsewhere]
    for point in checked:
        problems += _problems(vault, point, key)
    return ChainReport(chain.entries, chain.head, chain.first_bad, len(checked), tuple(problems))


def parse_checkpoint(document: Mapping[str, Any]) -> Checkpoint:
    """A checkpoint as it comes from another machine; its signature is checked by `verify`."""
    try:
        if document["downtime"] != FORMAT:
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


def _problems(vault: Vault, point: Checkpoint, key: Ed25519PublicKey) -> list[str]:
    name = f"The checkpoint of {point.at} at entry {point.count}"
    if not is_signed(point, key):
        return [f"{name} is not signed by this machine."]
    row = vault.db.conn.execute("SELECT hash FROM audit WHERE seq = ?", (point.count,)).fetchone()
    if row is None:
        return [f"{name} is beyond the end of the chain: its last entries are missing."]
    return [] if row["hash"] == point.head else [f"{name} names another entry than is there now."]
