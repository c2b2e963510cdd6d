"""The statement as a file that a stranger can check: what it counts, the audit chain, a signature.

docs/statement-format.md describes it, and scripts/verify_statement.py reads it without this program.
The file is canonical JSON (sorted names, no spaces, whole numbers only), signed by this machine's key,
whose fingerprint stands on the printed statement.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from downtime.entry.model import EntryState
from downtime.entry.store import entries as entry_store
from downtime.entry.store import scans
from downtime.paper import ledger
from downtime.paper.model import FormState
from downtime.reconcile.store import items as items_store
from downtime.returns.statement import outage_forms
from downtime.returns.statement.completeness_statement import Statement, find_outage
from downtime.returns.store import outbox_messages
from downtime.vault import checkpoint, device
from downtime.vault.slots import to_canonical_json
from downtime.vault.store import audit_chain, checkpoints
from downtime.vault.vault import Vault

FORMAT = "downtime/statement-3"


def export_statement(vault: Vault, statement: Statement) -> bytes:
    """The signed file; the audit chain is signed as it is now, and goes with it."""
    signer = device.load_device(vault)
    checkpoint.make_checkpoint(vault)
    chain = [list(entry) for entry in audit_chain.read_chain(vault.db)]
    own_points = (p for p in checkpoints.list_checkpoints(vault.db) if p.device == signer.code)
    document: dict[str, Any] = {
        "statement": FORMAT,
        "verdict": statement.verdict,
        "made": statement.made_at,
        "facts": statement.facts,
        "facts_sha256": statement.digest,
        "audit": {**statement.audit, "entries": len(chain), "head": chain[-1][-1]},
        "signatures": statement.list_signatures(),
        "closings": [asdict(closing) for closing in statement.closings],
        "papers": list(_list_papers(vault, statement)),
        "compared": [
            [row.key, row.serial, row.state, row.decision, row.digest]
            for row in items_store.fetch_digests(vault.db, statement.outage)
        ],
        "messages": list(_list_messages(vault, statement)),
        "chain": chain,
        "checkpoints": [point.as_json() for point in own_points],
        "machine": {"code": signer.code, "name": signer.name},
        "key": signer.card.verify_key,
    }
    document["signature"] = signer.sign(to_canonical_json(check_exact(document)))
    return to_canonical_json(document) + b"\n"


def _list_papers(vault: Vault, statement: Statement) -> Iterator[list[Any]]:
    """Each form: serial, ward, form, state, whether an entry stands for it, whether a picture is kept."""
    outage = find_outage(vault, statement.outage)
    entered = {
        s for s, state in entry_store.fetch_states(vault.db).items() if state != EntryState.DRAFT
    }
    scanned = scans.fetch_serials(vault.db)
    forms = [
        *ledger.list_in_states(vault, outage.id, *FormState),
        *outage_forms.list_used_ahead(vault, outage),
    ]
    for form in sorted(forms, key=lambda form: form.serial):
        has_entry, has_scan = form.serial in entered, form.serial in scanned
        yield [form.serial, form.ward, form.form, str(form.state), has_entry, has_scan]


def _list_messages(vault: Vault, statement: Statement) -> Iterator[list[Any]]:
    """Each message: control ID, system, channel, kind, state, SHA-256, and what it carries."""
    for message in outbox_messages.list_messages(vault.db, statement.outage):
        yield [
            message.control_id,
            message.system,
            str(message.channel),
            message.kind,
            str(message.state),
            message.sha256,
            sorted(message.items),
        ]


def check_exact(value: Any) -> Any:
    """The value; TypeError for a number with a fraction, which two programs may write differently."""
    if isinstance(value, float):
        raise TypeError("a statement holds whole numbers only")
    if isinstance(value, dict):
        for part in value.values():
            check_exact(part)
    elif isinstance(value, list | tuple):
        for part in value:
            check_exact(part)
    return value
