"""HL7 v2 messages to be: which items go into which, and how each is written."""

from collections.abc import Sequence
from dataclasses import replace

from downtime.clinical.record_types import DOCUMENT
from downtime.entry import scans
from downtime.entry.facts import Fact
from downtime.reconcile.identity.model import Merge
from downtime.reconcile.model import StoredItem
from downtime.returns.form_documents import (
    find_document_address,
    has_document,
    read_form_answers,
)
from downtime.returns.hl7 import messages, orders
from downtime.returns.hl7.segment_writer import SegmentWriter
from downtime.returns.matched_stays import find_stays
from downtime.returns.message_drafts import (
    MessageContext,
    MessageDraft,
    make_draft,
    make_merge_draft,
)

RECORD_TYPES = frozenset(messages.WRITERS) | {DOCUMENT}
_WHOLE_FORM = ("Observation", DOCUMENT)
"""Types of which a form's items go out in one message."""


def can_say(fact: Fact) -> bool:
    """Whether HL7 v2 has words for it; a unit of blood whose fate is open it would call given."""
    return orders.is_settled(fact)


def draft_items(context: MessageContext, items: Sequence[StoredItem]) -> list[MessageDraft]:
    """One message an item, all values of one form in one, and a filed form as a document."""
    plain_writer = messages.make_segment_writer(context.settings, context.target)
    writer = replace(plain_writer, stays=find_stays(context.vault, items))
    groups: dict[tuple[str, ...], list[StoredItem]] = {}
    for stored in sorted(items, key=lambda stored: stored.key):
        fact = stored.item.fact
        single = fact.type if fact.type in _WHOLE_FORM else stored.key
        groups.setdefault((fact.serial, stored.item.patient, single), []).append(stored)
    drafts = (_draft_message(context, tuple(group), writer) for group in groups.values())
    return [draft for draft in drafts if draft]


def draft_merges(context: MessageContext, merges: Sequence[Merge]) -> list[MessageDraft]:
    """ADT^A40 or A47, as the target wants, for each downtime number that was linked."""
    return [_draft_merge(context, merge) for merge in merges]


def _draft_merge(context: MessageContext, merge: Merge) -> MessageDraft:
    writer = messages.make_segment_writer(context.settings, context.target)
    kind, system = f"ADT^{context.target.merge}", context.target.system
    return make_merge_draft(
        kind, merge, system, lambda control_id: messages.write_merge(merge, control_id, writer)
    )


def _draft_message(
    context: MessageContext, group: tuple[StoredItem, ...], writer: SegmentWriter
) -> MessageDraft | None:
    """The message of these items; None for a document of which nothing is kept but the paper."""
    facts, person = tuple(stored.item.fact for stored in group), group[0].item.person
    decided = max(stored.decided.decided for stored in group)
    if facts[0].type == DOCUMENT:
        return _draft_document(context, group, writer)
    kind = messages.WRITERS[facts[0].type].message_type(facts[0], writer)
    return make_draft(
        kind,
        group,
        lambda control_id: messages.write_facts(facts, person, decided, control_id, writer),
    )


def _draft_document(
    context: MessageContext, group: tuple[StoredItem, ...], writer: SegmentWriter
) -> MessageDraft | None:
    """The scan, else the answers that were keyed; None where there is neither."""
    fact, person = group[0].item.fact, group[0].item.person

    def write(control_id: str) -> bytes:
        scan = scans.get_scan_file(context.vault, context.settings, fact.serial)
        if scan is None:
            answers = read_form_answers(context.vault, fact.serial)
            return messages.write_answers(fact, person, answers, control_id, writer)
        if address := find_document_address(context.target, fact.serial):
            return messages.write_reference(fact, person, address, control_id, writer)
        file = (scan.info.media_type, scan.content)
        return messages.write_document(fact, person, file, control_id, writer)

    return make_draft("MDM^T02", group, write) if has_document(context.vault, fact.serial) else None
