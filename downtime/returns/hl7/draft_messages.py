"""HL7 v2 messages to be: which items go into which, and how each is written."""

from collections.abc import Callable, Sequence

from downtime.clinical.record_types import DOCUMENT
from downtime.entry import scans
from downtime.reconcile.identity.model import Merge
from downtime.reconcile.model import StoredItem
from downtime.returns.hl7 import messages
from downtime.returns.message_drafts import (
    MessageContext,
    MessageDraft,
    make_draft,
    make_merge_draft,
)

RECORD_TYPES = frozenset(messages.WRITERS) | {DOCUMENT}
_WHOLE_FORM = ("Observation", DOCUMENT)
"""Types of which a form's items go out in one message."""


def draft_items(context: MessageContext, items: Sequence[StoredItem]) -> list[MessageDraft]:
    """One message an item, all values of one form in one, and a form's scan as a document."""
    return [
        _draft_message(context, group)
        for group in _group_items(items)
        if _has_content(context, group)
    ]


def draft_merges(context: MessageContext, merges: Sequence[Merge]) -> list[MessageDraft]:
    """ADT^A40 or A47, as the target wants, for each downtime number that was linked."""

    def writer(merge: Merge) -> Callable[[str], bytes]:
        return lambda control_id: messages.write_merge(
            merge.survivor,
            merge.downtime,
            merge.decided,
            control_id,
            context.settings,
            context.target,
        )

    kind, system = f"ADT^{context.target.merge}", context.target.system
    return [make_merge_draft(kind, merge, system, writer(merge)) for merge in merges]


def _draft_message(context: MessageContext, group: tuple[StoredItem, ...]) -> MessageDraft:
    fact = group[0].item.fact
    if fact.type == DOCUMENT:
        return make_draft("MDM^T02", group, _document_writer(context, group[0]))
    kind = messages.message_type(fact, context.settings, context.target)
    return make_draft(kind, group, _message_writer(context, group))


def _has_content(context: MessageContext, group: tuple[StoredItem, ...]) -> bool:
    fact = group[0].item.fact
    return fact.type != DOCUMENT or scans.find_scan(context.vault, fact.serial) is not None


def _group_items(items: Sequence[StoredItem]) -> list[tuple[StoredItem, ...]]:
    groups: dict[tuple[str, ...], list[StoredItem]] = {}
    for stored in sorted(items, key=lambda stored: stored.key):
        fact = stored.item.fact
        single = fact.type if fact.type in _WHOLE_FORM else stored.key
        groups.setdefault((fact.serial, stored.item.patient, single), []).append(stored)
    return [tuple(group) for group in groups.values()]


def _message_writer(
    context: MessageContext, group: tuple[StoredItem, ...]
) -> Callable[[str], bytes]:
    facts = tuple(stored.item.fact for stored in group)
    decided = max(stored.decided.decided for stored in group)

    def write(control_id: str) -> bytes:
        returned = messages.ReturnedFacts(facts, group[0].item.person, decided, control_id)
        return messages.write_message(returned, context.settings, context.target)

    return write


def _document_writer(context: MessageContext, stored: StoredItem) -> Callable[[str], bytes]:
    fact, person = stored.item.fact, stored.item.person

    def write(control_id: str) -> bytes:
        scan = scans.get_scan_file(context.vault, fact.serial)
        if scan is None:
            raise ValueError("a document without a scan is never drafted")
        file = (scan.info.media_type, scan.content)
        return messages.write_document(
            fact, person, file, control_id, context.settings, context.target
        )

    return write
