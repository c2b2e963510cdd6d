"""What a system hears of links between downtime numbers and patients, and what people are asked.

A system never hears of a link that was undone before. Once it has heard of one, FHIR takes it back
by itself; HL7 v2 has no message that receivers act upon to separate two patients, so people do
that, from a line of the worklist.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlite_utils import Database

from downtime.reconcile.identity.model import Merge, MergeState
from downtime.returns import outbox
from downtime.returns.channels import CHANNELS
from downtime.returns.message_drafts import make_merge_key
from downtime.returns.message_reasons import MessageReason, encode_reason
from downtime.returns.model import Channel, Message
from downtime.returns.policies import had_no_effect
from downtime.returns.store import outbox_messages
from downtime.returns.store.outbox_messages import Carrier


class LinkReports(NamedTuple):
    """What one system is still to hear of, and messages that need not go out any more."""

    messages: list[Merge]
    lines: list[Merge]
    needless: list[Message]


def find_unreported_links(
    db: Database, system: str, channel: Channel, merges: Sequence[Merge]
) -> LinkReports:
    """Sort what became of downtime numbers by how this system hears of it."""
    reports = LinkReports([], [], [])
    keys = [make_merge_key(merge, system) for merge in merges]
    known = outbox_messages.find_carriers(db, keys, settled=True)
    undone_ids = {merge.id for merge in merges if merge.state != MergeState.LINKED}
    for merge, key in zip(merges, keys, strict=True):
        if key in known:
            continue
        if merge.state == MergeState.LINKED:
            if merge.id not in undone_ids:
                reports.messages.append(merge)
            continue
        link_messages = _link_messages(db, known, merge, system)
        if unsent := [message for message in link_messages if had_no_effect(message)]:
            reports.needless.extend(unsent)
        elif link_messages:
            by_hand = CHANNELS[channel].separates_by_hand
            (reports.lines if by_hand else reports.messages).append(merge)
    return reports


def withdraw_messages(db: Database, needless: Sequence[Message], now: str) -> None:
    """Take messages of undone links out of the queue."""
    for message in needless:
        outbox.settle_message(db, message, encode_reason(MessageReason.LINK_UNDONE), now)


def _link_messages(
    db: Database, known: dict[str, list[Carrier]], undone: Merge, system: str
) -> list[Message]:
    """The messages by which this system heard of a link that was undone since."""
    key = make_merge_key(replace(undone, state=MergeState.LINKED), system)
    return [outbox.require_message(db, carrier.control_id) for carrier in known.get(key, ())]
