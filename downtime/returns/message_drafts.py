"""What a message will carry, before it has its control ID: what all channels have in common.

A channel groups a system's items into messages as its format wants; `write` makes the bytes of one
once its control ID is known, and makes the same bytes whenever it is called.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from downtime.clinical.record_types import list_in_return_order
from downtime.entry.facts import PaperPerson
from downtime.reconcile.identity.model import Merge
from downtime.reconcile.model import StoredItem
from downtime.returns.model import LINK_PREFIX
from downtime.returns.profiles import Target
from downtime.settings import Settings
from downtime.vault.vault import Vault

_RANK_BY_TYPE = {name: rank for rank, name in enumerate(list_in_return_order())}
"""Admissions before requests before results: a receiver must know the patient first. What is not
named here comes last."""
_MERGES_FIRST = -1
Rank = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class MessageDraft:
    """One message to be: its kind, the items (key, digest) it carries, whom it is about.

    `write(control_id)` gives its bytes; InputError when a value cannot be carried.
    """

    kind: str
    items: tuple[tuple[str, str], ...]
    order_key: str
    rank: Rank
    write: Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class MessageContext:
    """For whom messages are written, and the vault that holds forms, entries and scans."""

    vault: Vault
    settings: Settings
    target: Target


ItemDrafter = Callable[[MessageContext, Sequence[StoredItem]], list[MessageDraft]]
"""Groups items of one system, in any order, into messages."""
MergeDrafter = Callable[[MessageContext, Sequence[Merge]], list[MessageDraft]]
"""Makes the messages that say what became of downtime numbers."""


def make_control_id(items: Sequence[tuple[str, str]], generation: int = 0) -> str:
    """20 characters that name items (key, digest) and what they say: a replay has the same.

    `generation` counts how often the same items had to be written anew.
    """
    text = "\n".join(f"{key}\n{digest}" for key, digest in sorted(items))
    text += f"\n{generation}" if generation else ""
    digest = hashlib.sha256(text.encode()).digest()
    return "DT" + base64.b32encode(digest).decode()[:18]


def make_draft(
    kind: str, rows: Sequence[StoredItem], write: Callable[[str], bytes]
) -> MessageDraft:
    """A message that carries these items."""
    items = tuple((row.key, row.digest) for row in rows)
    return MessageDraft(kind, items, find_order_key(rows[0]), sending_rank(rows[0]), write)


def make_merge_draft(
    kind: str, merge: Merge, system: str, write: Callable[[str], bytes]
) -> MessageDraft:
    """A message that reports one merge; it goes before everything else about that patient."""
    items = ((make_merge_key(merge, system), ""),)
    rank = (_MERGES_FIRST, merge.decided, merge.id)
    return MessageDraft(kind, items, _best_number(merge.survivor), rank, write)


def make_merge_key(merge: Merge, system: str) -> str:
    """How the outbox names a merge of which one system hears; never the key of a compared item."""
    return f"{LINK_PREFIX}{merge.id}:{merge.state}:{system}"


def find_order_key(row: StoredItem) -> str:
    """Whom an item is about: within this, order is kept."""
    return row.item.patient or _best_number(row.item.person)


def sending_rank(row: StoredItem) -> Rank:
    """Where an item stands in the order of sending."""
    fact = row.item.fact
    return (_RANK_BY_TYPE[fact.type], fact.event, row.key)


def _best_number(person: PaperPerson) -> str:
    return person.id or person.mrn or person.nhs_number or person.downtime_number
